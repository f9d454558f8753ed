#include "tools/phone/errors.h"

#include <unistd.h>

#include <cstdio>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "tools/phone/words.h"

namespace doorstep::phone {
namespace {

constexpr char kTryPayload[] = "doorstep/try";

const char* AdviceFor(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return "go on recording; `sync` again when the server can be reached";
    case absl::StatusCode::kInvalidArgument:
      return "help COMMAND";
    case absl::StatusCode::kNotFound:
      return "visits, queue --all, or explain VISIT";
    case absl::StatusCode::kResourceExhausted:
      return "free some disk space; what is recorded stays";
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return "a new invitation from the office: doorstep device invite TECHNICIAN";
    default:
      return "status";
  }
}

}  // namespace

absl::Status WithTry(absl::Status status, absl::string_view advice) {
  if (!status.ok() && !status.GetPayload(kTryPayload).has_value()) status.SetPayload(kTryPayload, absl::Cord(advice));
  return status;
}

absl::Status UsageError(absl::string_view message, absl::string_view advice) {
  return WithTry(absl::InvalidArgumentError(message), advice);
}

std::string AdviceOf(const absl::Status& status) {
  const auto advice = status.GetPayload(kTryPayload);
  return advice.has_value() ? std::string(*advice) : AdviceFor(status.code());
}

void PrintError(const absl::Status& status) {
  std::fflush(stdout);
  const std::string message(status.message().empty() ? absl::string_view("it failed without a reason")
                                                     : status.message());
  const size_t width = TerminalWidth(STDERR_FILENO);
  std::fprintf(stderr, "%s\n%s\n", Wrapped(absl::StrCat("Error: ", Printable(message)), width).c_str(),
               Wrapped(absl::StrCat("Try: ", AdviceOf(status)), width).c_str());
}

}  // namespace doorstep::phone
