// Completion of commands and options for shells, as a pure function of the tree of commands.
#ifndef DOORSTEP_TOOLS_DOORSTEP_COMPLETION_H_
#define DOORSTEP_TOOLS_DOORSTEP_COMPLETION_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/doorstep/command.h"

namespace doorstep::cli {

// `shell` is "bash" or "zsh"; anything else is a usage error.
absl::StatusOr<std::string> CompletionScript(const std::string& shell, const std::vector<CompletionEntry>& entries);

}  // namespace doorstep::cli

#endif  // DOORSTEP_TOOLS_DOORSTEP_COMPLETION_H_
