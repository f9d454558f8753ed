// Every command of the phone by name. A line is one command; what it prints depends only on Phone and the core.
#ifndef DOORSTEP_TOOLS_PHONE_COMMAND_H_
#define DOORSTEP_TOOLS_PHONE_COMMAND_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/phone/answer.h"
#include "tools/phone/line.h"
#include "tools/phone/phone.h"

namespace doorstep::phone {

struct Command {
  const char* name;
  const char* usage;
  const char* summary;
  // As Arguments::Parse() takes them.
  const char* options;
  size_t words_min;
  absl::StatusOr<Answer> (*run)(Phone& phone, const Arguments& words);
  // How many words it takes at most; `words_min` if that is more.
  size_t words_max = 1;
};

// Enrolment, networks, sync and the like; what happens to the phone between two visits; and what is on it.
const std::vector<Command>& LifeCommands();
const std::vector<Command>& PocketCommands();
const std::vector<Command>& ReadingCommands();
const std::vector<Command>& AttachmentCommands();

// Keeps the files of `attachment FILE ...` on the phone, before the entry that names them is recorded.
absl::Status KeepAttachment(Phone& phone, const Fact& fact, const std::vector<std::string>& words,
                            const v1::AttachmentAdded& named);

// Records the fact that `words` describe. FAILED_PRECONDITION when it needs a visit and none is open.
absl::StatusOr<Answer> RecordFact(Phone& phone, const Fact& fact, const std::vector<std::string>& words);

// The names of all commands and facts, for completion.
std::vector<std::string> CommandNames();
// All of them with what they do; or everything about `name`.
absl::StatusOr<Answer> Help(absl::string_view name);

// Runs one line; empty lines and comments answer nothing. `command` becomes the first word.
absl::StatusOr<Answer> RunLine(Phone& phone, absl::string_view line, std::string* command);
// Runs one line and prints what came of it: the answer to standard output, an error as `Error:` and `Try:` to standard
// error (with --json as an object to standard output).
absl::Status RunAndPrint(Phone& phone, absl::string_view line);

}  // namespace doorstep::phone

#endif  // DOORSTEP_TOOLS_PHONE_COMMAND_H_
