#include "tools/doorstep/errors.h"

#include <google/protobuf/descriptor.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "doorstep/v1/account_service.pb.h"
#include "doorstep/v1/admin_service.pb.h"
#include "doorstep/v1/attachment_service.pb.h"
#include "doorstep/v1/dispatch_service.pb.h"
#include "doorstep/v1/health_service.pb.h"
#include "doorstep/v1/import_service.pb.h"
#include "tools/doorstep/table_layout.h"
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

// What to do about "site S-2 belongs to account A-18, not A-17".
std::string WhereOwnOnesAre(absl::string_view message) {
  const size_t owner = message.rfind(", not ");
  const absl::string_view account = owner == absl::string_view::npos ? "ACCOUNT" : message.substr(owner + 6);
  return absl::StrCat("doorstep account show ", account, ", which lists its sites and assets");
}

void AddFields(const google::protobuf::Descriptor& type, std::set<std::string>& names) {
  for (int i = 0; i < type.field_count(); ++i) names.insert(type.field(i)->name());
  for (int i = 0; i < type.nested_type_count(); ++i) AddFields(*type.nested_type(i), names);
}

void AddFields(const google::protobuf::FileDescriptor& file, std::set<std::string>& names) {
  for (int i = 0; i < file.message_type_count(); ++i) AddFields(*file.message_type(i), names);
  for (int i = 0; i < file.dependency_count(); ++i) AddFields(*file.dependency(i), names);
}

// "work_order.site_id", and not "work_orders.csv".
bool IsField(absl::string_view text) {
  static const auto* const names = [] {
    auto* all = new std::set<std::string>();
    for (const google::protobuf::Descriptor* type :
         {v1::InviteDeviceRequest::descriptor(), v1::CreateWorkOrderRequest::descriptor(),
          v1::ImportRowsRequest::descriptor(), v1::GetAccountRequest::descriptor(),
          v1::ListAttachmentsRequest::descriptor(), v1::GetAccountHealthRequest::descriptor()}) {
      AddFields(*type->file(), *all);
    }
    return all;
  }();
  const std::vector<std::string> parts = absl::StrSplit(text, '.');
  return text.find_first_of("_.") != absl::string_view::npos &&
         std::all_of(parts.begin(), parts.end(), [](const std::string& part) { return names->count(part) > 0; });
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
      if (absl::StrContains(message, " belongs to account ")) return WhereOwnOnesAre(message);
      return "the same command with --help";
    case absl::StatusCode::kOutOfRange:
      return "the same command with --help";
    case absl::StatusCode::kResourceExhausted:
      return "the same command in a moment; the server is busy or its disk is full (doorstep server status)";
    case absl::StatusCode::kDataLoss:
      return "doorstep server rebuild, which says whether what is stored is damaged, and the server's log";
    case absl::StatusCode::kUnimplemented:
      return "doorstep version, to compare the versions of this tool and the server";
    default:
      return "doorstep server status, and the server's log";
  }
}

}  // namespace

std::string WithoutField(absl::string_view message) {
  const size_t end = message.find(": ");
  if (end == absl::string_view::npos || !IsField(message.substr(0, end))) return std::string(message);
  const absl::string_view field = message.substr(0, end);
  absl::string_view last = field.substr(field.rfind('.') + 1);
  for (const char* unit : {"_ids", "_id", "_time_us", "_us"}) {
    if (absl::ConsumeSuffix(&last, unit)) break;
  }
  const absl::string_view rest = message.substr(end + 2);
  const std::string words = absl::StrReplaceAll(last, {{"_", " "}});
  const bool says_itself = absl::StartsWith(rest, "no ") || absl::StartsWith(rest, absl::StrCat(words, " ")) ||
                           absl::StartsWith(rest, "technician ");
  return says_itself ? std::string(rest) : absl::StrCat(words, ": ", rest);
}

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
  std::string text = WithoutField(status.message());
  if (text.empty()) text = std::string(absl::StatusCodeToString(status.code()));
  std::fflush(stdout);
  const std::string next = advice.has_value() ? std::string(*advice) : AdviceFor(status.code(), text);
  const size_t width = TerminalWidth(STDERR_FILENO);
  std::fprintf(stderr, "%s\n", WrapProse(absl::StrCat("Error: ", Printable(text)), width).c_str());
  std::fprintf(stderr, "%s\n", WrapProse(absl::StrCat("Try: ", next), width).c_str());
  return status.GetPayload(kUsagePayload).has_value() ? kExitUsage : kExitFailed;
}

}  // namespace doorstep::cli
