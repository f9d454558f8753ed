#include "tools/phone/core.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "tools/phone/errors.h"

namespace doorstep::phone {
namespace {

using Result = std::unique_ptr<doorstep_result, decltype(&doorstep_result_free)>;

Result Own(doorstep_result* result) { return Result(result, &doorstep_result_free); }

// The codes of the header are the canonical ones, so a number is a number.
absl::Status StatusOf(const Result& result) {
  const doorstep_code code = doorstep_result_code(result.get());
  if (code == DOORSTEP_OK) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(code), doorstep_result_message(result.get()));
}

template <class Message>
absl::StatusOr<Message> Read(doorstep_result* raw) {
  const Result result = Own(raw);
  absl::Status status = StatusOf(result);
  if (!status.ok()) return status;
  size_t length = 0;
  const uint8_t* bytes = doorstep_result_bytes(result.get(), &length);
  Message message;
  if (!message.ParseFromArray(bytes, static_cast<int>(length))) {
    return absl::InternalError(absl::StrCat("the core's answer is no ", message.GetTypeName()));
  }
  return message;
}

const uint8_t* Bytes(const std::string& text) { return reinterpret_cast<const uint8_t*>(text.data()); }

// Calls `function` with the serialized request and reads the answer.
template <class Message, class Request>
absl::StatusOr<Message> Call(doorstep_result* (*function)(doorstep_core*, const uint8_t*, size_t), doorstep_core* core,
                             const Request& request) {
  const std::string bytes = request.SerializeAsString();
  return Read<Message>(function(core, Bytes(bytes), bytes.size()));
}

void PrintLogLine(void*, doorstep_log_level level, const char* line) {
  static constexpr const char* kNames[] = {"debug", "info", "warning", "error"};
  std::fprintf(stderr, "core %s: %s\n", kNames[level & 3], line);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Core>> Core::Open(const std::string& directory, const std::string& server,
                                                 PhoneClock& clock, bool verbose) {
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return WithTry(absl::FailedPreconditionError(absl::StrCat("--dir ", directory, ": ", std::strerror(errno))),
                   "a folder whose parent exists and is yours");
  }
  doorstep_options options{};
  options.size = sizeof(options);
  options.directory = directory.c_str();
  options.clock = clock.AsOption();
  options.log = verbose ? &PrintLogLine : nullptr;
  options.log_level = DOORSTEP_LOG_DEBUG;
  options.server_address = server.c_str();
  options.insecure_loopback = 1;
  doorstep_core* core = nullptr;
  absl::Status status = StatusOf(Own(doorstep_open(&options, &core)));
  if (!status.ok()) return WithTry(std::move(status), "doorstep-phone --help; or another folder: --dir FOLDER");
  return std::unique_ptr<Core>(new Core(core));
}

Core::~Core() { doorstep_close(core_); }

absl::Status Core::Enrol(const v1::EnrolmentRequest& request) {
  const std::string bytes = request.SerializeAsString();
  return StatusOf(Own(doorstep_enrol(core_, Bytes(bytes), bytes.size())));
}
absl::StatusOr<v1::SignInResult> Core::SignIn(const std::string& technician_id) {
  return Read<v1::SignInResult>(doorstep_sign_in(core_, technician_id.c_str()));
}
absl::StatusOr<v1::SignOutResult> Core::SignOut(const std::string& technician_id) {
  return Read<v1::SignOutResult>(doorstep_sign_out(core_, technician_id.c_str()));
}
absl::StatusOr<v1::AppendResponse> Core::Append(const v1::AppendRequest& request) {
  return Call<v1::AppendResponse>(&doorstep_append, core_, request);
}
absl::StatusOr<v1::EntryStatus> Core::EntryStatusOf(const v1::JournalPosition& position) {
  return Call<v1::EntryStatus>(&doorstep_entry_status, core_, position);
}
absl::StatusOr<v1::QueueListResponse> Core::QueueList(const v1::QueueListRequest& request) {
  return Call<v1::QueueListResponse>(&doorstep_queue_list, core_, request);
}
absl::StatusOr<v1::AttachmentAddResponse> Core::AttachmentAdd(const v1::AttachmentAddRequest& request) {
  return Call<v1::AttachmentAddResponse>(&doorstep_attachment_add, core_, request);
}
absl::StatusOr<v1::AttachmentsListResponse> Core::AttachmentsList(const v1::AttachmentsListRequest& request) {
  return Call<v1::AttachmentsListResponse>(&doorstep_attachments_list, core_, request);
}
absl::StatusOr<v1::AttachmentReadResponse> Core::AttachmentRead(const v1::AttachmentReadRequest& request) {
  return Call<v1::AttachmentReadResponse>(&doorstep_attachment_read, core_, request);
}
absl::StatusOr<v1::VisitsListResponse> Core::VisitsList(const v1::VisitsListRequest& request) {
  return Call<v1::VisitsListResponse>(&doorstep_visits_list, core_, request);
}
absl::StatusOr<v1::LocalVisit> Core::VisitGet(const std::string& visit_id) {
  return Read<v1::LocalVisit>(doorstep_visit_get(core_, visit_id.c_str()));
}
absl::StatusOr<v1::AccountBrief> Core::BriefGet(const std::string& account_id) {
  return Read<v1::AccountBrief>(doorstep_brief_get(core_, account_id.c_str()));
}
absl::StatusOr<v1::SyncReport> Core::SyncOnce(const v1::SyncBudget& budget) {
  return Call<v1::SyncReport>(&doorstep_sync_once, core_, budget);
}
absl::StatusOr<v1::Readiness> Core::PrepareOffline(const v1::ReadinessRequest& request) {
  return Call<v1::Readiness>(&doorstep_prepare_offline, core_, request);
}
absl::StatusOr<v1::QuiesceResult> Core::Quiesce(uint32_t deadline_ms) {
  return Read<v1::QuiesceResult>(doorstep_quiesce(core_, deadline_ms));
}
absl::Status Core::SyncStart() { return StatusOf(Own(doorstep_sync_start(core_))); }
absl::Status Core::SyncStop() { return StatusOf(Own(doorstep_sync_stop(core_))); }
absl::Status Core::Notify(v1::PhoneNotice notice) { return StatusOf(Own(doorstep_notify(core_, notice))); }
absl::Status Core::SetPushToken(const std::string& token) {
  return StatusOf(Own(doorstep_set_push_token(core_, token.c_str())));
}
absl::StatusOr<v1::EventsPollResponse> Core::EventsPoll(uint32_t max, uint32_t timeout_ms) {
  return Read<v1::EventsPollResponse>(doorstep_events_poll(core_, max, timeout_ms));
}
absl::StatusOr<v1::PhoneStatus> Core::Status() { return Read<v1::PhoneStatus>(doorstep_status(core_)); }
absl::StatusOr<v1::Bundle> Core::ExportBundle() { return Read<v1::Bundle>(doorstep_export_bundle(core_)); }
absl::StatusOr<v1::Explanation> Core::Explain(const v1::ExplainRequest& request) {
  return Call<v1::Explanation>(&doorstep_explain, core_, request);
}

}  // namespace doorstep::phone
