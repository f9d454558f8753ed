// How a command fails: one sentence after `Error:` and one thing to do after `Try:`.
#ifndef DOORSTEP_TOOLS_PHONE_ERRORS_H_
#define DOORSTEP_TOOLS_PHONE_ERRORS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace doorstep::phone {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

// `status` with what to try. An OK status and advice that is already there stay as they are.
absl::Status WithTry(absl::Status status, absl::string_view advice);
// INVALID_ARGUMENT with advice: the line cannot be understood.
absl::Status UsageError(absl::string_view message, absl::string_view advice);

// The advice attached to `status`, else one that fits its code.
std::string AdviceOf(const absl::Status& status);
// Prints "Error: ..." and "Try: ..." to standard error.
void PrintError(const absl::Status& status);

}  // namespace doorstep::phone

#endif  // DOORSTEP_TOOLS_PHONE_ERRORS_H_
