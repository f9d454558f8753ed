// How every handler begins and ends: authenticate, do the one thing, answer with a status. Only files that implement a
// gRPC service include this.
// Invariant: no handler's body runs before the Authenticator has let the caller pass, every call has a deadline, and
// every call is finished once.
#ifndef DOORSTEP_SERVER_SERVICES_ANSWER_H_
#define DOORSTEP_SERVER_SERVICES_ANSWER_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "client_core/base/log.h"
#include "client_core/base/status.h"
#include "server/feeds/scope.h"
#include "server/services/authenticator.h"
#include "server/services/parts.h"

namespace doorstep {

namespace answer_internal {

inline bool IsOurFault(const absl::Status& status) {
  return absl::IsInternal(status) || absl::IsUnknown(status) || absl::IsDataLoss(status);
}

// The codes of absl and gRPC have the same numbers. INTERNAL, UNKNOWN and DATA_LOSS lose their text: what went wrong
// inside is for the server's log, not for callers.
inline grpc::Status ToRpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const auto code = static_cast<grpc::StatusCode>(status.code());
  if (IsOurFault(status)) return grpc::Status(code, "the server could not do this; its log says why");
  return grpc::Status(code, std::string(status.message()));
}

inline void LogRefusal(const ServerParts& parts, absl::string_view method, const absl::Status& status) {
  // A caller's mistake may quote the caller's text, which has no place in a log.
  const absl::string_view detail = IsOurFault(status) ? status.message() : absl::string_view();
  Log(parts.log, IsOurFault(status) ? LogLevel::kError : LogLevel::kDebug,
      absl::StrCat(method, ": ", absl::StatusCodeToString(status.code()), detail.empty() ? "" : ": ", detail));
}

}  // namespace answer_internal

// One call on its way to its answer. A copyable handle: whoever calls Finish ends the call, from any thread, once.
template <typename Response>
class Call {
 public:
  Call(const ServerParts& parts, absl::string_view method, grpc::ServerUnaryReactor* reactor, Response* response)
      : parts_(&parts), method_(method), reactor_(reactor), response_(response) {}

  // The answer to be. It and the request live until Finish.
  Response* response() const { return response_; }

  void Finish(const absl::Status& status) const {
    if (!status.ok()) answer_internal::LogRefusal(*parts_, method_, status);
    reactor_->Finish(answer_internal::ToRpcStatus(status));
  }

 private:
  const ServerParts* parts_;
  absl::string_view method_;  // A literal: the call outlives the handler.
  grpc::ServerUnaryReactor* reactor_;
  Response* response_;
};

// What ends `call` with an answer, or with the reason why there is none.
template <typename Response>
std::function<void(absl::StatusOr<Response>)> FinishWith(const Call<Response>& call) {
  return [call](absl::StatusOr<Response> answer) {
    if (answer.ok()) *call.response() = *std::move(answer);
    call.Finish(answer.status());
  };
}

namespace answer_internal {

// A call that waits for ever would hold its stream and its memory for ever when something is stuck.
inline absl::Status CheckDeadline(const grpc::CallbackServerContext& context) {
  if (context.deadline() != std::chrono::system_clock::time_point::max()) return absl::OkStatus();
  // Not INVALID_ARGUMENT: a phone would look for what is wrong with its frame.
  return absl::FailedPreconditionError("deadline: must be set; the client gives up after it, for instance 30 s");
}

inline absl::StatusOr<Scope> ScopeOf(const ServerParts& parts, absl::string_view method,
                                     const grpc::CallbackServerContext& context) {
  RETURN_IF_ERROR(CheckDeadline(context));
  absl::string_view authorization;
  const auto found = context.client_metadata().find("authorization");
  if (found != context.client_metadata().end()) {
    authorization = absl::string_view(found->second.data(), found->second.size());
  }
  return parts.authenticator.Authenticate(method, authorization);
}

}  // namespace answer_internal

// For handlers that end later, on another thread: `body` gets the scope and the Call, and sees to it that Finish is
// called.
template <typename Response, typename Body>
grpc::ServerUnaryReactor* AnswerLater(const ServerParts& parts, absl::string_view method,
                                      grpc::CallbackServerContext* context, Response* response, Body body) {
  // Asked for once: each call of DefaultReactor makes another.
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const Call<Response> call(parts, method, reactor, response);
  absl::StatusOr<Scope> scope = answer_internal::ScopeOf(parts, method, *context);
  if (scope.ok()) {
    body(*std::move(scope), call);
  } else {
    call.Finish(scope.status());
  }
  return reactor;
}

// For handlers that answer at once: `body` gets the scope, fills the response and returns the status.
template <typename Response, typename Body>
grpc::ServerUnaryReactor* Answer(const ServerParts& parts, absl::string_view method,
                                 grpc::CallbackServerContext* context, Response* response, Body body) {
  return AnswerLater(parts, method, context, response,
                     [&](const Scope& scope, const Call<Response>& call) { call.Finish(body(scope)); });
}

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_SERVICES_ANSWER_H_
