// How a mutation goes from a call to the writer and back. No thread waits: the writer's completion ends the call.
#ifndef DOORSTEP_SERVER_SERVICES_SUBMIT_H_
#define DOORSTEP_SERVER_SERVICES_SUBMIT_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "server/apply/commands/secrets.h"
#include "server/apply/transaction.h"
#include "server/apply/writer.h"
#include "server/services/answer.h"

namespace doorstep {

inline absl::Status TooBusy() {
  return absl::ResourceExhaustedError("the server has too much to write; call again in a second");
}

// Makes a Command of `run`, whose answer is a message. With `request_id`, `request` names the body that repeats must
// have.
template <typename Request, typename Run>
Command MakeCommand(std::string principal, absl::string_view method, std::string request_id, const Request& request,
                    Run run) {
  Command command;
  command.principal = std::move(principal);
  command.request_id = std::move(request_id);
  command.body_hash = HashSecret(absl::StrCat(method, "|", request.SerializeAsString()));
  command.run = [run = std::move(run)](Transaction& tx) -> absl::StatusOr<std::string> {
    auto answer = run(tx);
    if (!answer.ok()) return answer.status();
    return answer->SerializeAsString();
  };
  return command;
}

// Hands `command` to the writer; its answer becomes the call's response, after `finish` (a function of the response, OK
// to go on) has completed it.
template <typename Response, typename Finish>
void Submit(const ServerParts& parts, Command command, const Call<Response>& call, Finish finish) {
  const bool taken = parts.writer.SubmitCommand(std::move(command), [call, finish](absl::StatusOr<std::string> answer) {
    if (!answer.ok()) return call.Finish(answer.status());
    if (!call.response()->ParseFromString(*answer)) {
      return call.Finish(absl::InternalError("an answer that cannot be parsed"));
    }
    call.Finish(finish(*call.response()));
  });
  if (!taken) call.Finish(TooBusy());
}

// A mutation of the office: CheckFields(request), then RunCommand(request, tx) in the writer. The request lives until
// the call is finished, so the writer may read it where it is.
template <typename Request, typename Response, typename Run>
grpc::ServerUnaryReactor* AnswerByCommand(const ServerParts& parts, absl::string_view method,
                                          grpc::CallbackServerContext* context, const Request* request,
                                          Response* response, bool keep_answer, Run run) {
  return AnswerLater(parts, method, context, response, [&](const Scope& scope, const Call<Response>& call) {
    const absl::Status fields = CheckFields(*request);
    if (!fields.ok()) return call.Finish(fields);
    Submit(parts,
           MakeCommand(scope.principal(), method, keep_answer ? request->request_id() : std::string(), *request,
                       [request, run](Transaction& tx) { return run(*request, tx); }),
           call, [](const Response&) { return absl::OkStatus(); });
  });
}

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_SERVICES_SUBMIT_H_
