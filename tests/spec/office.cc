#include "tests/spec/office.h"

#include <google/protobuf/text_format.h>

#include <chrono>
#include <fstream>
#include <future>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "client_core/transport/grpc_transport.h"
#include "doorstep/v1/connect.pb.h"

namespace doorstep::spec {
namespace {

constexpr uint32_t kDeadlineMs = 30000;
constexpr int kConnectS = 10;

}  // namespace

absl::Status CallAndWait(Transport& transport, const std::string& method, const std::string& token,
                         const google::protobuf::MessageLite& request, google::protobuf::MessageLite* response) {
  static std::atomic<uint64_t> calls{0};
  struct Answered {
    absl::Status status;
    std::string bytes;
  };
  auto answer = std::make_shared<std::promise<Answered>>();
  UnaryCall call;
  call.method = absl::StrCat("/doorstep.v1.", method);
  if (!token.empty()) call.authorization = absl::StrCat("Bearer ", token);
  call.request = request.SerializeAsString();
  call.deadline_ms = kDeadlineMs;
  transport.Start(++calls, std::move(call), [answer](absl::Status status, std::string bytes) {
    answer->set_value({std::move(status), std::move(bytes)});
  });
  const Answered answered = answer->get_future().get();
  RETURN_IF_ERROR(answered.status);
  return response->ParseFromString(answered.bytes) ? absl::OkStatus()
                                                   : absl::InternalError(absl::StrCat(method, ": unreadable answer"));
}

absl::Status Office::Connect(const std::string& connect_file) {
  std::ifstream file(connect_file);
  std::stringstream text;
  text << file.rdbuf();
  v1::ConnectFile connect;
  if (!file || !google::protobuf::TextFormat::ParseFromString(text.str(), &connect)) {
    return absl::NotFoundError(absl::StrCat(connect_file, ": cannot be read"));
  }
  address_ = connect.server();
  token_ = connect.token();
  ASSIGN_OR_RETURN(transport_, MakeGrpcTransport(address_, /*insecure_loopback=*/true));
  // gRPC 1.51 asks errno whether a connection is under way after calls that may have changed it (as absl's first look
  // at the processor's frequency, once a process, does), and then takes it for failed: it is tried again until it
  // stands.
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(kConnectS);
  while (true) {
    v1::GetStatusResponse status;
    const absl::Status asked =
        CallAndWait(*transport_, "AdminService/GetStatus", token_, v1::GetStatusRequest(), &status);
    if (!absl::IsUnavailable(asked) || std::chrono::steady_clock::now() > give_up) return asked;
  }
}

std::string Office::NextRequestId() { return absl::StrCat("story-request-", 100000 + ++requests_); }

absl::Status Office::Import(v1::ImportRow row) {
  row.set_system("spec");
  v1::ImportRowsRequest request;
  request.set_request_id(NextRequestId());
  *request.add_rows() = std::move(row);
  ASSIGN_OR_RETURN(const v1::ImportRowsResponse response,
                   Call<v1::ImportRowsResponse>("ImportService/ImportRows", request));
  const v1::ImportRowResult& result = response.results(0);
  if (result.result() == v1::IMPORT_RESULT_REJECTED) {
    return absl::InvalidArgumentError(absl::StrCat(result.field(), ": ", result.reason()));
  }
  return absl::OkStatus();
}

absl::Status Office::ImportAccount(const std::string& id) {
  v1::ImportRow account;
  account.mutable_account()->set_id(id);
  account.mutable_account()->set_name(absl::StrCat("Account ", id));
  RETURN_IF_ERROR(Import(account));
  v1::ImportRow site;
  site.mutable_site()->set_id(absl::StrCat(id, "-site"));
  site.mutable_site()->set_account_id(id);
  site.mutable_site()->set_name(absl::StrCat("Site of ", id));
  return Import(site);
}

absl::Status Office::ImportAsset(const std::string& id, const std::string& account, const std::string& serial) {
  v1::ImportRow row;
  row.mutable_asset()->set_id(id);
  row.mutable_asset()->set_account_id(account);
  row.mutable_asset()->set_site_id(absl::StrCat(account, "-site"));
  row.mutable_asset()->set_serial(serial);
  return Import(row);
}

absl::Status Office::ImportTechnician(const std::string& id) {
  v1::ImportRow row;
  row.mutable_technician()->set_id(id);
  row.mutable_technician()->set_name(absl::StrCat("Technician ", id));
  return Import(row);
}

absl::StatusOr<std::string> Office::Invite(const std::string& technician) {
  v1::InviteDeviceRequest request;
  request.set_request_id(NextRequestId());
  request.set_technician_id(technician);
  ASSIGN_OR_RETURN(const v1::InviteDeviceResponse response,
                   Call<v1::InviteDeviceResponse>("AdminService/InviteDevice", request));
  return response.invitation_code();
}

absl::Status Office::LetUse(const std::string& device, const std::string& technician, bool allowed) {
  v1::SetDeviceTechnicianRequest request;
  request.set_request_id(NextRequestId());
  request.set_device(device);
  request.set_technician_id(technician);
  request.set_allowed(allowed);
  return Call<v1::SetDeviceTechnicianResponse>("AdminService/SetDeviceTechnician", request).status();
}

absl::Status Office::CreateVisit(const std::string& id, const std::string& account, const std::string& asset) {
  v1::CreateWorkOrderRequest order;
  order.set_request_id(NextRequestId());
  order.mutable_work_order()->set_id(absl::StrCat("order-", id));
  order.mutable_work_order()->set_account_id(account);
  order.mutable_work_order()->set_site_id(absl::StrCat(account, "-site"));
  order.mutable_work_order()->set_kind(v1::WORK_ORDER_KIND_CORRECTIVE);
  order.mutable_work_order()->add_asset_ids(asset);
  RETURN_IF_ERROR(Call<v1::CreateWorkOrderResponse>("DispatchService/CreateWorkOrder", order).status());
  v1::CreateVisitRequest visit;
  visit.set_request_id(NextRequestId());
  visit.set_id(id);
  visit.set_work_order_id(order.work_order().id());
  return Call<v1::CreateVisitResponse>("DispatchService/CreateVisit", visit).status();
}

absl::Status Office::Schedule(const std::string& id, int64_t start_us, int64_t end_us, bool force) {
  v1::ScheduleVisitRequest request;
  request.set_request_id(NextRequestId());
  request.set_id(id);
  for (v1::TimeWindow* window : {request.mutable_planned(), request.mutable_promised()}) {
    window->set_start_time_us(start_us);
    window->set_end_time_us(end_us);
    window->set_zone("UTC");
  }
  request.set_force(force);
  return Call<v1::ScheduleVisitResponse>("DispatchService/ScheduleVisit", request).status();
}

absl::Status Office::Assign(const std::string& id, const std::string& technician) {
  v1::AssignVisitRequest request;
  request.set_request_id(NextRequestId());
  request.set_id(id);
  request.set_technician_id(technician);
  return Call<v1::AssignVisitResponse>("DispatchService/AssignVisit", request).status();
}

absl::Status Office::Dispatch(const std::string& id) {
  v1::DispatchVisitRequest request;
  request.set_request_id(NextRequestId());
  request.set_id(id);
  return Call<v1::DispatchVisitResponse>("DispatchService/DispatchVisit", request).status();
}

absl::Status Office::Reassign(const std::string& id, const std::string& from, const std::string& to) {
  v1::ReassignVisitRequest request;
  request.set_request_id(NextRequestId());
  request.set_id(id);
  request.set_from_technician_id(from);
  request.set_to_technician_id(to);
  request.set_reason("the office needed it so");
  return Call<v1::ReassignVisitResponse>("DispatchService/ReassignVisit", request).status();
}

absl::Status Office::Cancel(const std::string& id, bool force) {
  v1::CancelVisitRequest request;
  request.set_request_id(NextRequestId());
  request.set_id(id);
  request.set_reason("the customer called it off");
  request.set_force(force);
  return Call<v1::CancelVisitResponse>("DispatchService/CancelVisit", request).status();
}

absl::Status Office::RecordMiss(const std::string& id) {
  v1::RecordMissRequest request;
  request.set_request_id(NextRequestId());
  request.set_id(id);
  return Call<v1::RecordMissResponse>("DispatchService/RecordMiss", request).status();
}

absl::Status Office::Close(const std::string& id) {
  v1::CloseVisitRequest request;
  request.set_request_id(NextRequestId());
  request.set_id(id);
  return Call<v1::CloseVisitResponse>("DispatchService/CloseVisit", request).status();
}

absl::Status Office::RecordLeave(const std::string& technician, int64_t left_us) {
  v1::RecordLeaveRequest request;
  request.set_request_id(NextRequestId());
  request.set_technician_id(technician);
  request.set_left_time_us(left_us);
  return Call<v1::RecordLeaveResponse>("AdminService/RecordLeave", request).status();
}

absl::Status Office::ResolveMerge(const std::string& asset, const std::string& other, const std::string& kept) {
  v1::ResolveAssetMergeRequest request;
  request.set_request_id(NextRequestId());
  request.add_asset_ids(asset);
  request.add_asset_ids(other);
  request.set_kept_asset_id(kept);
  request.set_reason("somebody has been there");
  return Call<v1::ResolveAssetMergeResponse>("AdminService/ResolveAssetMerge", request).status();
}

absl::Status Office::ResolveAttention(const std::string& id, const std::string& resolution,
                                      const std::string& new_visit) {
  v1::ResolveAttentionRequest request;
  request.set_request_id(NextRequestId());
  request.set_id(id);
  request.set_reason("somebody has looked");
  v1::AttentionResolution value;
  if (!v1::AttentionResolution_Parse(absl::StrCat("ATTENTION_RESOLUTION_", resolution), &value)) {
    return absl::InvalidArgumentError(absl::StrCat("'", resolution, "' is no resolution"));
  }
  request.set_resolution(value);
  request.set_new_visit_id(new_visit);
  return Call<v1::ResolveAttentionResponse>("DispatchService/ResolveAttention", request).status();
}

absl::Status Office::Replay(const v1::JournalPosition& position) {
  v1::ReplayQuarantinedRequest request;
  request.set_request_id(NextRequestId());
  *request.add_positions() = position;
  return Call<v1::ReplayQuarantinedResponse>("AdminService/ReplayQuarantined", request).status();
}

absl::Status Office::Repair(const v1::JournalPosition& position, const std::string& visit) {
  v1::RepairQuarantinedRequest request;
  request.set_request_id(NextRequestId());
  *request.mutable_position() = position;
  request.set_visit_id(visit);
  request.set_reason(absl::StrCat("it belongs to ", visit));
  return Call<v1::RepairQuarantinedResponse>("AdminService/RepairQuarantined", request).status();
}

absl::Status Office::Dismiss(const v1::JournalPosition& position) {
  v1::DismissQuarantinedRequest request;
  request.set_request_id(NextRequestId());
  *request.mutable_position() = position;
  request.set_reason("it was only tried out");
  return Call<v1::DismissQuarantinedResponse>("AdminService/DismissQuarantined", request).status();
}

absl::StatusOr<v1::GetVisitResponse> Office::Visit(const std::string& id) {
  v1::GetVisitRequest request;
  request.set_id(id);
  return Call<v1::GetVisitResponse>("DispatchService/GetVisit", request);
}

absl::StatusOr<v1::GetWorkOrderResponse> Office::WorkOrder(const std::string& id) {
  v1::GetWorkOrderRequest request;
  request.set_id(id);
  return Call<v1::GetWorkOrderResponse>("DispatchService/GetWorkOrder", request);
}

absl::StatusOr<v1::ExplainAccountHealthResponse> Office::Health(const std::string& account) {
  v1::ExplainAccountHealthRequest request;
  request.set_account_id(account);
  return Call<v1::ExplainAccountHealthResponse>("HealthService/ExplainAccountHealth", request);
}

absl::StatusOr<std::vector<v1::ReceivedEntry>> Office::Journal(const std::string& device) {
  v1::GetJournalRequest request;
  request.set_device(device);
  request.set_limit(1000);
  std::vector<v1::ReceivedEntry> entries;
  while (true) {
    ASSIGN_OR_RETURN(const v1::GetJournalResponse response,
                     Call<v1::GetJournalResponse>("AdminService/GetJournal", request));
    entries.insert(entries.end(), response.entries().begin(), response.entries().end());
    if (!response.more()) return entries;
    if (response.entries().empty()) return absl::InternalError("GetJournal: an empty page says that there is more");
    *request.mutable_after() = entries.back().position();
  }
}

absl::StatusOr<v1::ReceivedEntry> Office::Entry(const v1::JournalPosition& position) {
  v1::GetEntryRequest request;
  *request.mutable_position() = position;
  ASSIGN_OR_RETURN(const v1::GetEntryResponse response, Call<v1::GetEntryResponse>("AdminService/GetEntry", request));
  return response.entry();
}

absl::StatusOr<std::vector<v1::AttentionCase>> Office::Attention() {
  v1::ListAttentionRequest request;
  request.set_page_size(1);  // Small pages, so that their seams are passed too.
  std::vector<v1::AttentionCase> cases;
  while (true) {
    ASSIGN_OR_RETURN(const auto response, Call<v1::ListAttentionResponse>("AdminService/ListAttention", request));
    cases.insert(cases.end(), response.cases().begin(), response.cases().end());
    if (response.next_page_token().empty()) return cases;
    request.set_page_token(response.next_page_token());
  }
}

absl::StatusOr<std::vector<v1::Visit>> Office::FlaggedVisits() {
  v1::ListVisitsRequest request;
  request.set_needs_attention(true);
  request.set_page_size(500);
  ASSIGN_OR_RETURN(const auto response, Call<v1::ListVisitsResponse>("DispatchService/ListVisits", request));
  return std::vector<v1::Visit>(response.visits().begin(), response.visits().end());
}

absl::StatusOr<std::vector<v1::VisitLogItem>> Office::Log(const std::string& visit) {
  v1::GetVisitLogRequest request;
  request.set_id(visit);
  request.set_page_size(500);
  ASSIGN_OR_RETURN(const auto response, Call<v1::GetVisitLogResponse>("DispatchService/GetVisitLog", request));
  return std::vector<v1::VisitLogItem>(response.items().begin(), response.items().end());
}

absl::StatusOr<std::vector<v1::Attachment>> Office::Attachments(const std::string& visit) {
  v1::ListAttachmentsRequest request;
  request.set_visit_id(visit);
  ASSIGN_OR_RETURN(const auto list, Call<v1::ListAttachmentsResponse>("AttachmentService/ListAttachments", request));
  return std::vector<v1::Attachment>(list.attachments().begin(), list.attachments().end());
}

absl::StatusOr<std::string> Office::ReadAttachment(const std::string& sha256) {
  std::string bytes;
  v1::ReadAttachmentRequest request;
  request.set_sha256(sha256);
  while (true) {
    request.set_offset(bytes.size());
    ASSIGN_OR_RETURN(const auto range, Call<v1::ReadAttachmentResponse>("AttachmentService/ReadAttachment", request));
    if (range.data().empty()) return bytes;
    bytes += range.data();
  }
}

absl::StatusOr<v1::RebuildResponse> Office::Rebuild() {
  return Call<v1::RebuildResponse>("AdminService/Rebuild", v1::RebuildRequest());
}

absl::StatusOr<v1::GetStatusResponse> Office::Status() {
  return Call<v1::GetStatusResponse>("AdminService/GetStatus", v1::GetStatusRequest());
}

absl::Status Office::Backup(const std::string& name) {
  v1::StartBackupRequest request;
  request.set_name(name);
  RETURN_IF_ERROR(Call<v1::StartBackupResponse>("AdminService/StartBackup", request).status());
  while (true) {
    ASSIGN_OR_RETURN(const v1::GetBackupResponse answer,
                     Call<v1::GetBackupResponse>("AdminService/GetBackup", v1::GetBackupRequest()));
    if (answer.backup().phase() == v1::BACKUP_PHASE_DONE) return absl::OkStatus();
    if (answer.backup().phase() == v1::BACKUP_PHASE_FAILED) return absl::DataLossError(answer.backup().error());
  }
}

}  // namespace doorstep::spec
