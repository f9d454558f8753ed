// The office as a story needs it: one administrator who calls a server's services as any dispatch system would.
#ifndef DOORSTEP_TESTS_SPEC_OFFICE_H_
#define DOORSTEP_TESTS_SPEC_OFFICE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client_core/transport/transport.h"
#include "doorstep/v1/admin_service.pb.h"
#include "doorstep/v1/attachment_service.pb.h"
#include "doorstep/v1/dispatch_service.pb.h"
#include "doorstep/v1/enrollment_service.pb.h"
#include "doorstep/v1/health_service.pb.h"
#include "doorstep/v1/import_service.pb.h"

namespace doorstep::spec {

// Calls `method` ("DispatchService/GetVisit") and waits for the answer.
absl::Status CallAndWait(Transport& transport, const std::string& method, const std::string& token,
                         const google::protobuf::MessageLite& request, google::protobuf::MessageLite* response);

class Office {
 public:
  // Takes server and token from the file that a server writes for its administrator. Call again after a restart.
  absl::Status Connect(const std::string& connect_file);
  const std::string& address() const { return address_; }

  absl::Status Import(v1::ImportRow row);
  absl::Status ImportAccount(const std::string& id);  // With one site, ID-site.
  absl::Status ImportAsset(const std::string& id, const std::string& account, const std::string& serial = "");
  absl::Status ImportTechnician(const std::string& id);
  absl::StatusOr<std::string> Invite(const std::string& technician);
  absl::Status LetUse(const std::string& device, const std::string& technician, bool allowed);
  // A corrective work order of the same name, and its visit, UNSCHEDULED.
  absl::Status CreateVisit(const std::string& id, const std::string& account, const std::string& asset);
  absl::Status Schedule(const std::string& id, int64_t start_us, int64_t end_us, bool force = false);
  absl::Status Assign(const std::string& id, const std::string& technician);
  absl::Status Dispatch(const std::string& id);
  absl::Status Reassign(const std::string& id, const std::string& from, const std::string& to);
  absl::Status Cancel(const std::string& id, bool force = false);
  absl::Status RecordMiss(const std::string& id);
  absl::Status Close(const std::string& id);
  // "SEEN", "KEEP_A" ...; `new_visit` only for "NEW_VISIT".
  absl::Status ResolveAttention(const std::string& id, const std::string& resolution = "SEEN",
                                const std::string& new_visit = "");
  absl::Status ResolveMerge(const std::string& asset, const std::string& other, const std::string& kept);
  // 0: has not left after all.
  absl::Status RecordLeave(const std::string& technician, int64_t left_us);
  absl::Status Replay(const v1::JournalPosition& position);
  // The same entry, but for this visit.
  absl::Status Repair(const v1::JournalPosition& position, const std::string& visit);
  absl::Status Dismiss(const v1::JournalPosition& position);

  absl::StatusOr<v1::GetVisitResponse> Visit(const std::string& id);
  absl::StatusOr<v1::GetWorkOrderResponse> WorkOrder(const std::string& id);
  absl::StatusOr<v1::ExplainAccountHealthResponse> Health(const std::string& account);
  // All that was received of a device, copies of forks included.
  absl::StatusOr<std::vector<v1::ReceivedEntry>> Journal(const std::string& device);
  absl::StatusOr<v1::ReceivedEntry> Entry(const v1::JournalPosition& position);
  absl::StatusOr<std::vector<v1::AttentionCase>> Attention();
  absl::StatusOr<std::vector<v1::Visit>> FlaggedVisits();
  absl::StatusOr<std::vector<v1::VisitLogItem>> Log(const std::string& visit);
  absl::StatusOr<std::vector<v1::Attachment>> Attachments(const std::string& visit);
  // Its bytes, range by range.
  absl::StatusOr<std::string> ReadAttachment(const std::string& sha256);
  absl::StatusOr<v1::RebuildResponse> Rebuild();
  absl::StatusOr<v1::GetStatusResponse> Status();
  // Returns when it is made and verified.
  absl::Status Backup(const std::string& name);

 private:
  template <typename Response>
  absl::StatusOr<Response> Call(const std::string& method, const google::protobuf::MessageLite& request) {
    Response response;
    const absl::Status status = CallAndWait(*transport_, method, token_, request, &response);
    if (!status.ok()) return status;
    return response;
  }
  std::string NextRequestId();

  std::string address_;
  std::string token_;
  std::unique_ptr<Transport> transport_;
  int requests_ = 0;
};

}  // namespace doorstep::spec

#endif  // DOORSTEP_TESTS_SPEC_OFFICE_H_
