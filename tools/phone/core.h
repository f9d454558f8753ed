// The phone core with messages in place of bytes: one method for each call of the C header that this program uses.
#ifndef DOORSTEP_TOOLS_PHONE_CORE_H_
#define DOORSTEP_TOOLS_PHONE_CORE_H_

#include <doorstep/doorstep.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "doorstep/v1/account.pb.h"
#include "doorstep/v1/client.pb.h"
#include "tools/phone/phone_clock.h"

namespace doorstep::phone {

// Owns the core; closing it is the destructor. Thread-safe, as the header is.
class Core {
 public:
  // Makes `directory` (mode 0700) when it is missing. `clock` must outlive the core. `verbose` prints the core's log
  // to standard error.
  static absl::StatusOr<std::unique_ptr<Core>> Open(const std::string& directory, const std::string& server,
                                                    PhoneClock& clock, bool verbose);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  absl::Status Enrol(const v1::EnrolmentRequest& request);
  absl::StatusOr<v1::SignInResult> SignIn(const std::string& technician_id);
  absl::StatusOr<v1::SignOutResult> SignOut(const std::string& technician_id);
  absl::StatusOr<v1::AppendResponse> Append(const v1::AppendRequest& request);
  absl::StatusOr<v1::EntryStatus> EntryStatusOf(const v1::JournalPosition& position);
  absl::StatusOr<v1::QueueListResponse> QueueList(const v1::QueueListRequest& request);
  absl::StatusOr<v1::AttachmentAddResponse> AttachmentAdd(const v1::AttachmentAddRequest& request);
  absl::StatusOr<v1::AttachmentsListResponse> AttachmentsList(const v1::AttachmentsListRequest& request);
  absl::StatusOr<v1::AttachmentReadResponse> AttachmentRead(const v1::AttachmentReadRequest& request);
  absl::StatusOr<v1::VisitsListResponse> VisitsList(const v1::VisitsListRequest& request);
  absl::StatusOr<v1::LocalVisit> VisitGet(const std::string& visit_id);
  absl::StatusOr<v1::AccountBrief> BriefGet(const std::string& account_id);
  absl::StatusOr<v1::SyncReport> SyncOnce(const v1::SyncBudget& budget);
  absl::StatusOr<v1::Readiness> PrepareOffline(const v1::ReadinessRequest& request);
  absl::StatusOr<v1::QuiesceResult> Quiesce(uint32_t deadline_ms);
  absl::Status SyncStart();
  absl::Status SyncStop();
  absl::Status Notify(v1::PhoneNotice notice);
  absl::Status SetPushToken(const std::string& token);
  absl::StatusOr<v1::EventsPollResponse> EventsPoll(uint32_t max, uint32_t timeout_ms);
  absl::StatusOr<v1::PhoneStatus> Status();
  absl::StatusOr<v1::Explanation> Explain(const v1::ExplainRequest& request);
  absl::StatusOr<v1::Bundle> ExportBundle();

 private:
  explicit Core(doorstep_core* core) : core_(core) {}
  doorstep_core* const core_;
};

}  // namespace doorstep::phone

#endif  // DOORSTEP_TOOLS_PHONE_CORE_H_
