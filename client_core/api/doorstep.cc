// The C header's functions: check, copy, ask the session, copy back. No decisions.
#include <doorstep/doorstep.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/api/options.h"
#include "client_core/api/result.h"
#include "client_core/base/kill_point.h"
#include "client_core/base/limits.h"
#include "client_core/base/metric.h"
#include "client_core/base/mutex.h"
#include "client_core/session/answer.h"

namespace doorstep {
namespace {

// Counts the calls inside a core, so that closing it waits for them.
class Gate {
 public:
  // False: closing; the caller must not come in.
  bool Enter() {
    MutexLock lock(&mutex_);
    if (closing_) return false;
    ++inside_;
    return true;
  }
  void Leave() {
    MutexLock lock(&mutex_);
    if (--inside_ == 0) empty_.NotifyAll();
  }
  void Shut() {
    MutexLock lock(&mutex_);
    closing_ = true;
  }
  void WaitUntilEmpty() {
    MutexLock lock(&mutex_);
    while (inside_ > 0) empty_.Wait(&mutex_);
  }

 private:
  Mutex mutex_;
  CondVar empty_;
  int inside_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace
}  // namespace doorstep

struct doorstep_core {
  doorstep::HostTransport* host_transport = nullptr;
  std::unique_ptr<doorstep::Session> session;
  doorstep::Gate gate;
};

namespace doorstep {
namespace {

// A host written in C may pass any number, and C++ may not even read one that its enum does not have.
uint32_t NumberOf(const doorstep_code& code) {
  uint32_t number = 0;
  static_assert(sizeof(number) == sizeof(code));
  std::memcpy(&number, &code, sizeof(number));
  return number;
}

class Visit {
 public:
  explicit Visit(doorstep_core* core) : core_(core), inside_(core->gate.Enter()) {}
  ~Visit() {
    if (inside_) core_->gate.Leave();
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;
  bool inside() const { return inside_; }

 private:
  doorstep_core* const core_;
  const bool inside_;
};

// Runs `body(session)` inside the fence and the gate.
template <typename Body>
doorstep_result* With(doorstep_core* core, const Body& body) noexcept {
  return Fenced([core, &body]() -> doorstep_result* {
    if (core == nullptr) return MakeResult(absl::InvalidArgumentError("core: NULL"));
    const Visit visit(core);
    if (!visit.inside()) return MakeResult(absl::CancelledError("the core is being closed"));
    return MakeResult(body(*core->session));
  });
}

// The same with a message of the caller read first: `body(session, message)`.
template <typename Message, typename Body>
doorstep_result* WithInput(doorstep_core* core, const uint8_t* bytes, size_t length, const char* name,
                           const Body& body) noexcept {
  return Fenced([core, bytes, length, name, &body]() -> doorstep_result* {
    Message message;
    if (const absl::Status read = ParseInput(bytes, length, name, &message); !read.ok()) return MakeResult(read);
    return With(core, [&message, &body](Session& session) { return body(session, std::move(message)); });
  });
}

absl::StatusOr<std::string> ReadId(const char* id, const char* name) {
  if (id == nullptr) return absl::InvalidArgumentError(absl::StrCat(name, ": NULL"));
  const size_t length = strnlen(id, limits::kIdBytesMax + 1);
  if (length == 0 || length > limits::kIdBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": must be 1 to ", limits::kIdBytesMax, " bytes"));
  }
  return std::string(id, length);
}

}  // namespace
}  // namespace doorstep

using doorstep::Fenced;
using doorstep::MakeResult;
using doorstep::NumberOf;
using doorstep::Session;
using doorstep::With;
using doorstep::WithInput;
namespace v1 = doorstep::v1;

extern "C" {

uint32_t doorstep_abi_version(void) { return DOORSTEP_ABI_VERSION; }

const char* doorstep_version(void) { return "0.1.0"; }

const char* doorstep_code_name(doorstep_code code) {
  switch (NumberOf(code)) {
    case DOORSTEP_OK:
      return "OK";
    case DOORSTEP_CANCELLED:
      return "CANCELLED";
    case DOORSTEP_UNKNOWN:
      return "UNKNOWN";
    case DOORSTEP_INVALID_ARGUMENT:
      return "INVALID_ARGUMENT";
    case DOORSTEP_DEADLINE_EXCEEDED:
      return "DEADLINE_EXCEEDED";
    case DOORSTEP_NOT_FOUND:
      return "NOT_FOUND";
    case DOORSTEP_ALREADY_EXISTS:
      return "ALREADY_EXISTS";
    case DOORSTEP_PERMISSION_DENIED:
      return "PERMISSION_DENIED";
    case DOORSTEP_RESOURCE_EXHAUSTED:
      return "RESOURCE_EXHAUSTED";
    case DOORSTEP_FAILED_PRECONDITION:
      return "FAILED_PRECONDITION";
    case DOORSTEP_ABORTED:
      return "ABORTED";
    case DOORSTEP_OUT_OF_RANGE:
      return "OUT_OF_RANGE";
    case DOORSTEP_UNIMPLEMENTED:
      return "UNIMPLEMENTED";
    case DOORSTEP_INTERNAL:
      return "INTERNAL";
    case DOORSTEP_UNAVAILABLE:
      return "UNAVAILABLE";
    case DOORSTEP_DATA_LOSS:
      return "DATA_LOSS";
    case DOORSTEP_UNAUTHENTICATED:
      return "UNAUTHENTICATED";
  }
  return "UNKNOWN";
}

doorstep_result* doorstep_open(const doorstep_options* options, doorstep_core** core) {
  return Fenced([options, core]() -> doorstep_result* {
    if (core == nullptr) return MakeResult(absl::InvalidArgumentError("core: NULL"));
    *core = nullptr;
    const int64_t began_us = doorstep::SteadyMicros();
    absl::StatusOr<doorstep::OpenParts> parts = doorstep::ReadOptions(options);
    if (!parts.ok()) return MakeResult(parts.status());
    auto opened = std::make_unique<doorstep_core>();
    opened->host_transport = parts->host_transport;
    const doorstep::MetricSink metrics = parts->session.metrics;
    absl::StatusOr<std::unique_ptr<Session>> session = Session::Open(std::move(parts->session));
    doorstep::TellMetric(metrics, {"open", {}, session.status().code(), doorstep::SteadyMicros() - began_us});
    if (!session.ok()) return MakeResult(session.status());
    opened->session = *std::move(session);
    doorstep_result* result = MakeResult(absl::OkStatus());
    *core = opened.release();
    return result;
  });
}

void doorstep_close(doorstep_core* core) {
  if (core == nullptr || doorstep::Observer::IsCalling()) return;  // It would wait for its own caller.
  core->gate.Shut();
  core->session->Close();
  core->gate.WaitUntilEmpty();
  // Before the gate goes: cancelling what is under way may make the host complete it.
  core->session.reset();
  delete core;
}

doorstep_result* doorstep_enrol(doorstep_core* core, const uint8_t* request, size_t length) {
  return WithInput<v1::EnrolmentRequest>(
      core, request, length, "request",
      [](Session& session, const v1::EnrolmentRequest& r) { return session.Enrol(r); });
}

doorstep_result* doorstep_sign_in(doorstep_core* core, const char* technician_id) {
  return With(core, [technician_id](Session& session) -> absl::StatusOr<v1::SignInResult> {
    const absl::StatusOr<std::string> id = doorstep::ReadId(technician_id, "technician_id");
    return id.ok() ? session.SignIn(*id) : id.status();
  });
}

doorstep_result* doorstep_sign_out(doorstep_core* core, const char* technician_id) {
  return With(core, [technician_id](Session& session) -> absl::StatusOr<v1::SignOutResult> {
    const absl::StatusOr<std::string> id = doorstep::ReadId(technician_id, "technician_id");
    return id.ok() ? session.SignOut(*id) : id.status();
  });
}

doorstep_result* doorstep_append(doorstep_core* core, const uint8_t* request, size_t length) {
  return WithInput<v1::AppendRequest>(core, request, length, "request", [](Session& session, v1::AppendRequest r) {
    doorstep::KillPoint("tap");
    return session.Append(std::move(r));
  });
}

doorstep_result* doorstep_entry_status(doorstep_core* core, const uint8_t* position, size_t length) {
  return WithInput<v1::JournalPosition>(
      core, position, length, "position",
      [](Session& session, v1::JournalPosition p) { return session.EntryStatus(std::move(p)); });
}

doorstep_result* doorstep_queue_list(doorstep_core* core, const uint8_t* request, size_t length) {
  return WithInput<v1::QueueListRequest>(
      core, request, length, "request",
      [](Session& session, v1::QueueListRequest r) { return session.QueueList(std::move(r)); });
}

doorstep_result* doorstep_attachment_add(doorstep_core* core, const uint8_t* request, size_t length) {
  return WithInput<v1::AttachmentAddRequest>(
      core, request, length, "request",
      [](Session& session, v1::AttachmentAddRequest r) { return session.AttachmentAdd(std::move(r)); });
}

doorstep_result* doorstep_attachments_list(doorstep_core* core, const uint8_t* request, size_t length) {
  return WithInput<v1::AttachmentsListRequest>(
      core, request, length, "request",
      [](Session& session, v1::AttachmentsListRequest r) { return session.AttachmentsList(std::move(r)); });
}

doorstep_result* doorstep_attachment_read(doorstep_core* core, const uint8_t* request, size_t length) {
  return WithInput<v1::AttachmentReadRequest>(
      core, request, length, "request",
      [](Session& session, v1::AttachmentReadRequest r) { return session.AttachmentRead(std::move(r)); });
}

doorstep_result* doorstep_visits_list(doorstep_core* core, const uint8_t* request, size_t length) {
  return WithInput<v1::VisitsListRequest>(
      core, request, length, "request",
      [](Session& session, v1::VisitsListRequest r) { return session.VisitsList(std::move(r)); });
}

doorstep_result* doorstep_visit_get(doorstep_core* core, const char* visit_id) {
  return With(core, [visit_id](Session& session) -> absl::StatusOr<v1::LocalVisit> {
    const absl::StatusOr<std::string> id = doorstep::ReadId(visit_id, "visit_id");
    return id.ok() ? session.VisitGet(*id) : id.status();
  });
}

doorstep_result* doorstep_brief_get(doorstep_core* core, const char* account_id) {
  return With(core, [account_id](Session& session) -> absl::StatusOr<v1::AccountBrief> {
    const absl::StatusOr<std::string> id = doorstep::ReadId(account_id, "account_id");
    return id.ok() ? session.BriefGet(*id) : id.status();
  });
}

doorstep_result* doorstep_sync_once(doorstep_core* core, const uint8_t* budget, size_t length) {
  return WithInput<v1::SyncBudget>(core, budget, length, "budget",
                                   [](Session& session, v1::SyncBudget b) { return session.SyncOnce(std::move(b)); });
}

doorstep_result* doorstep_sync_start(doorstep_core* core) {
  return With(core, [](Session& session) { return session.SyncStart(); });
}

doorstep_result* doorstep_sync_stop(doorstep_core* core) {
  return With(core, [](Session& session) { return session.SyncStop(); });
}

doorstep_result* doorstep_prepare_offline(doorstep_core* core, const uint8_t* request, size_t length) {
  return WithInput<v1::ReadinessRequest>(
      core, request, length, "request",
      [](Session& session, v1::ReadinessRequest r) { return session.PrepareOffline(std::move(r)); });
}

doorstep_result* doorstep_quiesce(doorstep_core* core, uint32_t deadline_ms) {
  return With(core, [deadline_ms](Session& session) { return session.Quiesce(deadline_ms); });
}

doorstep_result* doorstep_notify(doorstep_core* core, int notice) {
  return With(core, [notice](Session& session) { return session.Notify(static_cast<v1::PhoneNotice>(notice)); });
}

doorstep_result* doorstep_set_push_token(doorstep_core* core, const char* token) {
  return With(core, [token](Session& session) {
    // One byte more than may be: the session says what is wrong with it.
    return session.SetPushToken(
        token == nullptr ? "" : std::string(token, strnlen(token, doorstep::limits::kPushTokenBytesMax + 1)));
  });
}

void doorstep_transport_complete(doorstep_core* core, uint64_t call_id, doorstep_code status, const uint8_t* response,
                                 size_t length) {
  if (core == nullptr || core->host_transport == nullptr) return;
  try {
    const doorstep::Visit visit(core);
    if (!visit.inside()) return;
    const std::string bytes(response == nullptr ? "" : reinterpret_cast<const char*>(response),
                            response == nullptr ? 0 : length);
    const uint32_t number = NumberOf(status);
    const bool known = number <= DOORSTEP_UNAUTHENTICATED;
    const auto code = known ? static_cast<absl::StatusCode>(number) : absl::StatusCode::kUnknown;
    if (code == absl::StatusCode::kOk) {
      core->host_transport->Complete(call_id, absl::OkStatus(), bytes);
    } else {
      core->host_transport->Complete(call_id, absl::Status(code, bytes), "");
    }
  } catch (const std::exception&) {
    // Out of memory: the answer is lost; the core gives the call up when its deadline has passed.
  }
}

doorstep_result* doorstep_events_poll(doorstep_core* core, uint32_t max, uint32_t timeout_ms) {
  return With(core, [max, timeout_ms](Session& session) { return session.EventsPoll(max, timeout_ms); });
}

doorstep_result* doorstep_observe(doorstep_core* core, doorstep_observer observer, void* context, uint32_t kinds) {
  return With(core, [observer, context, kinds](Session& session) -> absl::Status {
    if (observer == nullptr) {
      session.Observe(nullptr, 0);
      return absl::OkStatus();
    }
    if (kinds == 0) return absl::InvalidArgumentError("kinds: must name at least one kind");
    session.Observe([observer, context](uint32_t told) { observer(context, told); }, kinds);
    return absl::OkStatus();
  });
}

doorstep_result* doorstep_status(doorstep_core* core) {
  return With(core, [](Session& session) { return session.Status(); });
}

doorstep_result* doorstep_export_bundle(doorstep_core* core) {
  return With(core, [](Session& session) { return session.ExportBundle(); });
}

doorstep_result* doorstep_explain(doorstep_core* core, const uint8_t* request, size_t length) {
  return WithInput<v1::ExplainRequest>(core, request, length, "request", [](Session& session, v1::ExplainRequest r) {
    return session.Explain(std::move(r));
  });
}

}  // extern "C"
