// doorstep attention list | show | resolve: everything that needs a person, parked entries and flagged visits alike.
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client_core/base/ids.h"
#include "client_core/base/status.h"
#include "doorstep/v1/admin_service.pb.h"
#include "doorstep/v1/dispatch_service.pb.h"
#include "tools/doorstep/civil_time.h"
#include "tools/doorstep/commands.h"
#include "tools/doorstep/entry_words.h"
#include "tools/doorstep/errors.h"
#include "tools/doorstep/output.h"
#include "tools/doorstep/text.h"
#include "tools/doorstep/visit_words.h"

namespace doorstep::cli {
namespace {

struct ResolveArgs {
  std::string visit;
  std::vector<std::string> flags;
  std::string reason;
  int64_t version = 0;
};

std::vector<std::string> OpenWords(const v1::Visit& visit) {
  std::vector<std::string> words;
  for (const int flag : visit.attention()) words.push_back(AttentionWords(static_cast<v1::AttentionFlag>(flag)));
  return words;
}

absl::Status List(int64_t limit, const Tools& tools) {
  v1::ListAttentionRequest request;
  v1::ListAttentionResponse response;
  ASSIGN_OR_RETURN(const bool more, tools.connection->CallPages(&request, &response, limit));
  if (tools.globals->json) return PrintJson(response);
  Table table({{"What"}, {"Account"}, {"State"}, {"Why", false, true}});
  for (const v1::AttentionCase& item : response.cases()) {
    if (item.has_entry()) {
      const v1::Judgement& judgement = item.entry().judgement();
      table.Row({FormatPosition(judgement.position()), "", Words(judgement.verdict()), judgement.message()});
    } else {
      const v1::Visit& visit = item.visit();
      table.Row({visit.id(), visit.account_id(), Words(visit.state()), absl::StrJoin(OpenWords(visit), "; ")});
    }
  }
  if (table.empty()) {
    Say("Nothing needs anybody.");
  } else {
    table.Print();
  }
  if (more) Note(absl::StrCat("There are more: --limit ", limit * 10));
  return absl::OkStatus();
}

absl::Status ShowEntry(const v1::JournalPosition& position, const Tools& tools) {
  v1::GetQuarantinedRequest request;
  *request.mutable_position() = position;
  v1::GetQuarantinedResponse response;
  RETURN_IF_ERROR(tools.connection->Call(&request, &response));
  if (tools.globals->json) return PrintJson(response);
  const std::string id = FormatPosition(position);
  Say(Printable(absl::StrCat("Entry ", id, " of ", response.entry().envelope().author(), " is ",
                             JudgementWords(response.entry().judgement()), ".")));
  Say(Printable(response.entry().judgement().next()));
  Say();
  Say(absl::StrCat("To decide: doorstep quarantine replay ", id, ", repair ", id, " or dismiss ", id, "."));
  return absl::OkStatus();
}

// Both sides: who did what on the visit, and what came of it.
absl::Status ShowVisit(const std::string& id, const Tools& tools) {
  v1::GetVisitRequest request;
  request.set_id(id);
  v1::GetVisitResponse response;
  RETURN_IF_ERROR(tools.connection->Call(&request, &response));
  if (tools.globals->json) return PrintJson(response);
  const v1::Visit& visit = response.visit();
  const absl::TimeZone zone = VisitZone(visit);
  if (visit.raised().empty()) {
    Say(Printable(absl::StrCat("Visit ", visit.id(), " never needed anybody.")));
    return absl::OkStatus();
  }
  Table reasons({{"Why", false, true}, {"Entries", false, true}, {"Looked at", false, true}});
  for (const v1::RaisedAttention& raised : visit.raised()) {
    std::vector<std::string> entries;
    for (const v1::JournalPosition& entry : raised.entries()) entries.push_back(FormatPosition(entry));
    const std::string looked = raised.resolved() ? absl::StrCat(ShowTime(raised.resolved_time_us(), zone), " by ",
                                                                raised.resolved_by(), ": ", raised.reason())
                                                 : "not yet";
    reasons.Row({AttentionWords(raised.flag()), absl::StrJoin(entries, ", "), looked},
                raised.resolved() ? Colour::kFaint : Colour::kWarning);
  }
  reasons.Print();
  Say();
  v1::GetVisitLogRequest log_request;
  log_request.set_id(id);
  v1::GetVisitLogResponse log;
  RETURN_IF_ERROR(tools.connection->CallPages(&log_request, &log, std::numeric_limits<int64_t>::max()).status());
  PrintVisitLog(log, visit);
  if (visit.attention().empty()) return absl::OkStatus();
  Say();
  Say(Printable(absl::StrCat("When somebody has looked: doorstep attention resolve ", id, " --reason \"...\"")));
  return absl::OkStatus();
}

absl::Status Show(const std::string& id, const Tools& tools) {
  if (const absl::StatusOr<v1::JournalPosition> position = ParsePosition(id); position.ok()) {
    const absl::Status status = ShowEntry(*position, tools);
    if (!absl::IsNotFound(status)) return status;
  }
  return ShowVisit(id, tools);
}

absl::Status Resolve(const ResolveArgs& args, const Tools& tools) {
  if (ParsePosition(args.visit).ok()) {
    return UsageError(absl::StrCat(args.visit, " is an entry, and an entry is decided about"),
                      absl::StrCat("doorstep quarantine repair ", args.visit, ", replay or dismiss"));
  }
  v1::ResolveAttentionRequest request;
  request.set_id(args.visit);
  request.set_expected_version(args.version);
  request.set_reason(args.reason);
  for (const std::string& name : args.flags) {
    const int flag = ParseEnum(*v1::AttentionFlag_descriptor(), name);
    if (flag < 0) {
      return UsageError(absl::StrCat("--flag \"", name, "\" is none of ", EnumChoices(*v1::AttentionFlag_descriptor())),
                        "--flag after_cancel");
    }
    request.add_flags(static_cast<v1::AttentionFlag>(flag));
  }
  v1::ResolveAttentionResponse response;
  RETURN_IF_ERROR(tools.connection->Call(&request, &response));
  if (tools.globals->json) return PrintJson(response);
  PrintVisitLine(response.visit());
  return absl::OkStatus();
}

}  // namespace

void RegisterAttention(Command root, const Tools& tools) {
  Command attention = root.Group("attention", "What needs a person: parked entries and flagged visits");
  {
    auto limit = std::make_shared<int64_t>(1000);
    Command list = attention.Leaf("list", "All of it", {"doorstep attention list"});
    list.NumberOption("limit", "N", limit.get(), 1, 1000000, "At most so many");
    list.Does([limit, tools] { return List(*limit, tools); });
  }
  {
    auto id = std::make_shared<std::string>();
    Command show = attention.Leaf("show", "One of them: what was recorded, by whom, and who has looked",
                                  {"doorstep attention show V-501", "doorstep attention show d7.2.418"});
    show.Positional("ID", id.get(), "Of a visit or a parked entry");
    show.Does([id, tools] { return Show(*id, tools); });
  }
  {
    auto args = std::make_shared<ResolveArgs>();
    Command resolve = attention.Leaf(
        "resolve", "Say that somebody has looked at a visit; it stays in the visit's history and leaves the list",
        {"doorstep attention resolve V-501 --reason \"the customer had called Ana\"",
         "doorstep attention resolve V-501 --flag after_cancel --reason \"will be charged\""});
    resolve.Positional("VISIT", &args->visit, "The visit's id");
    resolve.RepeatedOption("flag", "FLAG", &args->flags, "Only this one; not set: all that are open");
    resolve.RequiredOption("reason", "TEXT", &args->reason, "What came of it; technicians see it");
    resolve.NumberOption("version", "N", &args->version, 0, std::numeric_limits<int64_t>::max(),
                         "Only if the visit is still at this version");
    resolve.Does([args, tools] { return Resolve(*args, tools); });
  }
}

}  // namespace doorstep::cli
