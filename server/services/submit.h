// How a mutation goes from a call to the writer and back. No thread waits: the writer's completion ends the call.
#ifndef DOORSTEP_SERVER_SERVICES_SUBMIT_H_
#define DOORSTEP_SERVER_SERVICES_SUBMIT_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/apply/transaction.h"
#include "server/apply/writer.h"
#include "server/services/answer.h"
#include "server/services/make_command.h"

namespace doorstep {

// Hands `command` to the writer; its answer becomes the call's response, after `finish` (a function of the response, OK
// to go on) has completed it.
template <typename Response, typename Finish>
void Submit(const ServerParts& parts, Command command, const Call<Response>& call, Finish finish) {
  RunInWriter<Response>(parts.writer, std::move(command), [call, finish](absl::StatusOr<Response> answer) {
    if (!answer.ok()) return call.Finish(answer.status());
    *call.response() = *std::move(answer);
    call.Finish(finish(*call.response()));
  });
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
