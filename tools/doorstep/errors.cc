#include "tools/doorstep/errors.h"

#include <cstdio>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tools/doorstep/text.h"

namespace doorstep::cli {
namespace {

constexpr char kTryPayload[] = "doorstep/try";
constexpr char kUsagePayload[] = "doorstep/usage";

// Where the ids of what was not found are listed; the message says "no visit V-9".
const char* WhereIdsAre(absl::string_view message) {
  const struct {
    const char* missing;
    const char* advice;
  } kPlaces[] = {
      {"no account ", "doorstep account list"},
      {"no visit ", "doorstep visit list"},
      {"no work order ", "doorstep work-order list"},
      {"no technician ", "doorstep technician list"},
      {"no device ", "doorstep device list"},
      {"no quarantined entry ", "doorstep quarantine list"},
      {"no site ", "doorstep account show ACCOUNT, which lists its sites"},
      {"no asset ", "doorstep account show ACCOUNT, which lists its assets"},
      {"entry ", "doorstep journal show DEVICE"},
  };
  for (const auto& place : kPlaces) {
    if (absl::StrContains(message, place.missing)) return place.advice;
  }
  return "the list command of this kind, for instance `doorstep visit list`";
}

// The id in a message that begins "visit V-9 ..."; VISIT when it is none.
std::string VisitIn(absl::string_view message) {
  if (!absl::ConsumePrefix(&message, "visit ")) return "VISIT";
  return std::string(message.substr(0, message.find(' ')));
}

// How to see what is there under the id of "visit V-9 exists".
std::string WhatIsThere(absl::string_view message) {
  if (!absl::EndsWith(message, " exists")) return "the show command, to see what is there under this id";
  if (absl::ConsumePrefix(&message, "visit ")) {
    return absl::StrCat("doorstep visit show ", message.substr(0, message.find(' ')), ", or another id");
  }
  if (absl::ConsumePrefix(&message, "work order ")) {
    return absl::StrCat("doorstep work-order show ", message.substr(0, message.find(' ')), ", or another id");
  }
  return "the show command, to see what is there under this id";
}

// What to do when the command itself had nothing better to say: the code tells.
std::string AdviceFor(absl::StatusCode code, absl::string_view message) {
  switch (code) {
    case absl::StatusCode::kUnavailable:
      return "doorstep server status, once doorstepd is running; `doorstep connect FILE` changes the address";
    case absl::StatusCode::kDeadlineExceeded:
      return "the same command again; a change that already took place is not made twice by the server's checks";
    case absl::StatusCode::kUnauthenticated:
      return "doorstep connect FILE, with the file admin.connect of the server";
    case absl::StatusCode::kPermissionDenied:
      return "another --profile, with the rights for this";
    case absl::StatusCode::kNotFound:
      return WhereIdsAre(message);
    case absl::StatusCode::kAlreadyExists:
      return WhatIsThere(message);
    case absl::StatusCode::kAborted:
      return "the show command, to see what changed meanwhile, then this command again";
    case absl::StatusCode::kFailedPrecondition:
      if (absl::StrContains(message, " has nobody assigned")) {
        return absl::StrCat("doorstep visit assign ", VisitIn(message), " TECHNICIAN");
      }
      if (absl::StrContains(message, " is unscheduled: it can be dispatched")) {
        return absl::StrCat("doorstep visit schedule ", VisitIn(message), " 2026-11-23T08:00/10:00");
      }
      if (!absl::StartsWith(message, "visit ")) return "doorstep why ID, to see how it came to this state";
      return absl::StrCat("doorstep visit show ", VisitIn(message), ", to see the state it is in");
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return "the same command with --help";
    case absl::StatusCode::kResourceExhausted:
      return "the same command in a moment; the server is busy or its disk is full (doorstep server status)";
    case absl::StatusCode::kUnimplemented:
      return "doorstep version, to compare the versions of this tool and the server";
    default:
      return "doorstep server status, and the server's log";
  }
}

}  // namespace

absl::Status WithTry(absl::Status status, absl::string_view advice) {
  if (!status.ok()) status.SetPayload(kTryPayload, absl::Cord(advice));
  return status;
}

bool HasTry(const absl::Status& status) { return status.GetPayload(kTryPayload).has_value(); }

absl::Status UsageError(absl::string_view message, absl::string_view advice) {
  absl::Status status = WithTry(absl::InvalidArgumentError(message), advice);
  status.SetPayload(kUsagePayload, absl::Cord("1"));
  return status;
}

int ReportError(const absl::Status& status) {
  if (status.ok()) return kExitDone;
  const auto advice = status.GetPayload(kTryPayload);
  std::string text(status.message());
  if (text.empty()) text = std::string(absl::StatusCodeToString(status.code()));
  std::fflush(stdout);
  std::fprintf(stderr, "Error: %s\n", Printable(text).c_str());
  std::fprintf(stderr, "Try: %s\n",
               advice.has_value() ? std::string(*advice).c_str() : AdviceFor(status.code(), text).c_str());
  return status.GetPayload(kUsagePayload).has_value() ? kExitUsage : kExitFailed;
}

}  // namespace doorstep::cli
