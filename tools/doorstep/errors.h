// How a command fails: one sentence after `Error:`, one thing to do after `Try:`, and the exit status.
#ifndef DOORSTEP_TOOLS_DOORSTEP_ERRORS_H_
#define DOORSTEP_TOOLS_DOORSTEP_ERRORS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace doorstep::cli {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

// `status` with the advice that ReportError() prints after `Try:`. An OK status stays as it is.
absl::Status WithTry(absl::Status status, absl::string_view advice);
bool HasTry(const absl::Status& status);

// The command line cannot be understood: exit status 2.
absl::Status UsageError(absl::string_view message, absl::string_view advice);

// What the server says, without the field of the contract at its beginning, which is for programs: "no technician T-9"
// for "technician_id: no technician T-9", "description: must be ..." for "work_order.description: must be ...".
std::string WithoutField(absl::string_view message);

// Prints `status` to standard error, with advice of its own when none was attached, and returns the exit status.
int ReportError(const absl::Status& status);

}  // namespace doorstep::cli

#endif  // DOORSTEP_TOOLS_DOORSTEP_ERRORS_H_
