#include "tests/spec/story_phone.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "tests/spec/folder.h"

namespace doorstep::spec {
namespace {

constexpr int64_t kSecondUs = 1000000;
// Shorter than the shortest backoff: a call that fails ends the sync, and the story says when to try again.
constexpr uint32_t kSyncMs = 900;
constexpr int kSyncsMax = 8;

const uint8_t* Bytes(const std::string& text) { return reinterpret_cast<const uint8_t*>(text.data()); }

// The answer's bytes, and the result given back.
absl::StatusOr<std::string> Take(doorstep_result* result) {
  const auto code = static_cast<absl::StatusCode>(doorstep_result_code(result));
  size_t length = 0;
  const uint8_t* bytes = doorstep_result_bytes(result, &length);
  std::string answer = length == 0 ? "" : std::string(reinterpret_cast<const char*>(bytes), length);
  const absl::Status status(code, doorstep_result_message(result));
  doorstep_result_free(result);
  if (!status.ok()) return status;
  return answer;
}

template <typename Message>
absl::StatusOr<Message> TakeAs(doorstep_result* result) {
  ASSIGN_OR_RETURN(const std::string bytes, Take(result));
  Message message;
  if (!message.ParseFromString(bytes)) return absl::InternalError("the core's answer cannot be read");
  return message;
}

}  // namespace

StoryPhone::StoryPhone(std::string author, std::filesystem::path folder, StoryClock* clock)
    : author_(std::move(author)), folder_(std::move(folder)), clock_(clock), booted_us_(clock->now_us() - kSecondUs) {}

StoryPhone::~StoryPhone() { Close(); }

doorstep_clock_reading StoryPhone::Now() const {
  doorstep_clock_reading reading = {};
  reading.size = sizeof(reading);
  reading.wall_time_us = clock_->now_us() + clock_error_us_;
  reading.monotonic_us = clock_->now_us() - booted_us_;
  reading.utc_offset_s = utc_offset_s_;
  std::snprintf(reading.boot_id, sizeof(reading.boot_id), "boot-%d", boots_);
  return reading;
}

absl::Status StoryPhone::Open() {
  std::filesystem::create_directories(folder_);
  const std::string directory = folder_.string();
  const doorstep_transport transport = network_.AsTransport(&core_);
  doorstep_options options = {};
  options.size = sizeof(options);
  options.directory = directory.c_str();
  options.clock.size = sizeof(options.clock);
  options.clock.context = this;
  options.clock.now = [](void* context, doorstep_clock_reading* reading) {
    *reading = static_cast<const StoryPhone*>(context)->Now();
  };
  if (built_in_address_.empty()) {
    options.transport = &transport;
  } else {
    options.server_address = built_in_address_.c_str();
    options.insecure_loopback = 1;
  }
  return Take(doorstep_open(&options, &core_)).status();
}

void StoryPhone::Close() {
  network_.Disconnect();  // What the network still brings must not meet a core that is gone.
  doorstep_close(core_);
  core_ = nullptr;
}

absl::Status StoryPhone::Kill() {
  const std::filesystem::path remains = folder_.string() + ".killed";
  CopyAsIfKilled(folder_, remains);
  Close();
  std::filesystem::remove_all(folder_);
  std::filesystem::rename(remains, folder_);
  return Open();
}

void StoryPhone::Reboot() {
  ++boots_;
  booted_us_ = clock_->now_us();
}

absl::Status StoryPhone::Enrol(const std::string& invitation_code) {
  v1::EnrolmentRequest request;
  request.set_invitation_code(invitation_code);
  request.set_device_name(absl::StrCat("phone of ", author_));
  request.set_platform("story");
  const std::string bytes = request.SerializeAsString();
  return Take(doorstep_enrol(core_, Bytes(bytes), bytes.size())).status();
}

absl::StatusOr<v1::AppendResponse> StoryPhone::Append(v1::LogEntry entry) {
  clock_->Advance(kSecondUs);
  Noted noted{{}, author_, entry.visit_id(), entry.fact_case(), clock_->now_us() + clock_error_us_};
  v1::AppendRequest request;
  request.set_author(author_);
  *request.mutable_entry() = std::move(entry);
  const std::string bytes = request.SerializeAsString();
  ASSIGN_OR_RETURN(const v1::AppendResponse response,
                   TakeAs<v1::AppendResponse>(doorstep_append(core_, Bytes(bytes), bytes.size())));
  noted.position = response.position();
  noted_.push_back(noted);
  return response;
}

absl::Status StoryPhone::Notify(v1::PhoneNotice notice) { return Take(doorstep_notify(core_, notice)).status(); }

absl::StatusOr<std::string> StoryPhone::AddAttachment(const std::string& content, v1::AttachmentKind kind) {
  v1::AttachmentAddRequest request;
  request.set_content(content);
  request.set_kind(kind);
  const std::string bytes = request.SerializeAsString();
  ASSIGN_OR_RETURN(const v1::AttachmentAddResponse response,
                   TakeAs<v1::AttachmentAddResponse>(doorstep_attachment_add(core_, Bytes(bytes), bytes.size())));
  return response.sha256();
}

absl::StatusOr<v1::SyncReport> StoryPhone::TrySync() {
  v1::SyncBudget budget;
  budget.set_time_ms_max(kSyncMs);
  const std::string bytes = budget.SerializeAsString();
  return TakeAs<v1::SyncReport>(doorstep_sync_once(core_, Bytes(bytes), bytes.size()));
}

absl::Status StoryPhone::Sync() {
  std::string why;
  for (int i = 0; i < kSyncsMax; ++i) {
    ASSIGN_OR_RETURN(const v1::SyncReport report, TrySync());
    if (report.complete()) return absl::OkStatus();
    why = report.stopped_because();
  }
  return absl::DeadlineExceededError(absl::StrCat("still not done after ", kSyncsMax, " syncs: ", why));
}

absl::StatusOr<v1::SignInResult> StoryPhone::SignIn(const std::string& technician) {
  ASSIGN_OR_RETURN(v1::SignInResult result, TakeAs<v1::SignInResult>(doorstep_sign_in(core_, technician.c_str())));
  author_ = technician;
  return result;
}

absl::StatusOr<v1::SignOutResult> StoryPhone::SignOut(const std::string& technician) {
  return TakeAs<v1::SignOutResult>(doorstep_sign_out(core_, technician.c_str()));
}

absl::StatusOr<v1::Readiness> StoryPhone::PrepareOffline(const std::string& day) {
  v1::ReadinessRequest request;
  request.set_day(day);
  const std::string bytes = request.SerializeAsString();
  return TakeAs<v1::Readiness>(doorstep_prepare_offline(core_, Bytes(bytes), bytes.size()));
}

absl::StatusOr<v1::QuiesceResult> StoryPhone::Quiesce() {
  return TakeAs<v1::QuiesceResult>(doorstep_quiesce(core_, 0));
}

absl::StatusOr<v1::EntryStatus> StoryPhone::EntryStatus(const v1::JournalPosition& position) {
  const std::string bytes = position.SerializeAsString();
  return TakeAs<v1::EntryStatus>(doorstep_entry_status(core_, Bytes(bytes), bytes.size()));
}

absl::StatusOr<v1::LocalVisit> StoryPhone::Visit(const std::string& id) {
  return TakeAs<v1::LocalVisit>(doorstep_visit_get(core_, id.c_str()));
}

absl::StatusOr<v1::PhoneStatus> StoryPhone::Status() { return TakeAs<v1::PhoneStatus>(doorstep_status(core_)); }

absl::StatusOr<v1::Explanation> StoryPhone::ExplainVisit(const std::string& id) {
  v1::ExplainRequest request;
  request.set_visit_id(id);
  const std::string bytes = request.SerializeAsString();
  return TakeAs<v1::Explanation>(doorstep_explain(core_, Bytes(bytes), bytes.size()));
}

absl::StatusOr<v1::Explanation> StoryPhone::Explain(const v1::JournalPosition& position) {
  v1::ExplainRequest request;
  *request.mutable_entry() = position;
  const std::string bytes = request.SerializeAsString();
  return TakeAs<v1::Explanation>(doorstep_explain(core_, Bytes(bytes), bytes.size()));
}

}  // namespace doorstep::spec
