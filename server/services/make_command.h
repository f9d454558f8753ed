// A mutation of a service as the writer takes it.
#ifndef DOORSTEP_SERVER_SERVICES_MAKE_COMMAND_H_
#define DOORSTEP_SERVER_SERVICES_MAKE_COMMAND_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "server/apply/commands/secrets.h"
#include "server/apply/transaction.h"
#include "server/apply/writer.h"

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

// Hands `command` to the writer. `done` gets its answer, or the reason why there is none, on the writer's thread after
// the commit, or at once when the writer takes nothing.
template <typename Response>
void RunInWriter(Writer& writer, Command command, std::function<void(absl::StatusOr<Response>)> done) {
  const bool taken = writer.SubmitCommand(std::move(command), [done](const absl::StatusOr<std::string>& answer) {
    if (!answer.ok()) return done(answer.status());
    Response response;
    if (!response.ParseFromString(*answer)) return done(absl::InternalError("an answer that cannot be parsed"));
    done(std::move(response));
  });
  if (!taken) done(TooBusy());
}

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_SERVICES_MAKE_COMMAND_H_
