// doorstep attention list | show | resolve: everything that needs a person, parked entries, flagged visits and assets
// that were registered twice alike.
#include <limits>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "client_core/base/ids.h"
#include "client_core/base/status.h"
#include "client_core/rules/attention_decision.h"
#include "doorstep/v1/admin_service.pb.h"
#include "doorstep/v1/dispatch_service.pb.h"
#include "tools/doorstep/civil_time.h"
#include "tools/doorstep/commands.h"
#include "tools/doorstep/damaged_entries.h"
#include "tools/doorstep/entry_words.h"
#include "tools/doorstep/errors.h"
#include "tools/doorstep/output.h"
#include "tools/doorstep/text.h"
#include "tools/doorstep/visit_words.h"

namespace doorstep::cli {
namespace {

struct ResolveArgs {
  std::string id;
  std::vector<std::string> flags;
  std::string decision;
  std::string new_visit_id;
  std::string kept_asset_id;
  std::string reason;
  int64_t version = 0;
};

std::string NamesOf(const v1::AssetMerge& merge) {
  std::vector<std::string> names;
  for (const v1::Asset& asset : merge.assets()) names.push_back(asset.id());
  return absl::StrJoin(names, ", ");
}

std::string MergeWords(const v1::AssetMerge& merge) {
  return absl::StrCat("both have the serial number ", merge.serial(), ": probably one thing, registered twice");
}

std::vector<std::string> OpenWords(const v1::Visit& visit) {
  std::vector<std::string> words;
  for (const int flag : visit.attention()) words.push_back(AttentionWords(static_cast<v1::AttentionFlag>(flag)));
  return words;
}

absl::Status List(int64_t limit, const Tools& tools) {
  v1::ListAttentionRequest request;
  v1::ListAttentionResponse response;
  ASSIGN_OR_RETURN(const bool more, tools.connection->CallPages(&request, &response, limit));
  std::vector<v1::JournalPosition> damaged;
  for (const v1::AttentionCase& item : response.cases()) {
    if (item.has_entry() && IsDamaged(item.entry())) damaged.push_back(item.entry().judgement().position());
  }
  if (tools.globals->json) {
    RETURN_IF_ERROR(PrintJson(response));
    return DamageError(std::move(damaged));
  }
  Table table({{"What"}, {"Account"}, {"State"}, {"Why", false, true}});
  for (const v1::AttentionCase& item : response.cases()) {
    if (item.has_entry()) {
      const v1::Judgement& judgement = item.entry().judgement();
      table.Row(
          {FormatPosition(judgement.position()), "", Words(judgement.verdict()), WithoutField(judgement.message())});
    } else if (item.has_asset_merge()) {
      const v1::AssetMerge& merge = item.asset_merge();
      table.Row({NamesOf(merge), merge.account_id(), "assets", MergeWords(merge)});
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
  return DamageError(std::move(damaged));
}

absl::Status ShowEntry(const v1::JournalPosition& position, const Tools& tools) {
  v1::GetQuarantinedRequest request;
  *request.mutable_position() = position;
  v1::GetQuarantinedResponse response;
  RETURN_IF_ERROR(tools.connection->Call(&request, &response));
  std::vector<v1::JournalPosition> damaged;
  if (IsDamaged(response.entry())) damaged.push_back(position);
  if (tools.globals->json) {
    RETURN_IF_ERROR(PrintJson(response));
    return DamageError(std::move(damaged));
  }
  const std::string id = FormatPosition(position);
  const std::string& author = response.entry().envelope().author();
  Say(Printable(absl::StrCat("Entry ", id, author.empty() ? "" : " of ", author, " is ",
                             JudgementWords(response.entry().judgement()), ".")));
  Say(Printable(response.entry().judgement().next()));
  Say();
  Say(absl::StrCat("To decide: doorstep quarantine replay ", id, ", repair ", id, " or dismiss ", id, "."));
  return DamageError(std::move(damaged));
}

// "T-ana: began 2026-11-23 08:10, reported resolved"; "the office (admin:a1): 2026-11-23 08:20".
std::string SideWords(const v1::AttentionSide& side, const absl::TimeZone& zone) {
  const std::string time = side.time_us() == 0 ? "" : ShowTime(side.time_us(), zone);
  if (side.technician_id().empty()) return absl::StrCat("the office (", side.principal(), "): ", time);
  return absl::StrCat(side.technician_id(), ": ", time.empty() ? "has not begun" : absl::StrCat("began ", time),
                      side.outcome() == v1::OUTCOME_CODE_UNSPECIFIED
                          ? ", no outcome"
                          : absl::StrCat(", reported ", Words(side.outcome())));
}

std::string LookedWords(const v1::RaisedAttention& raised, const absl::TimeZone& zone) {
  if (!raised.resolved()) return "not yet";
  const bool decided = raised.resolution() > v1::ATTENTION_RESOLUTION_SEEN;
  return absl::StrCat(decided ? absl::StrCat(Words(raised.resolution()), raised.new_visit_id().empty() ? "" : " ",
                                             raised.new_visit_id(), ", ")
                              : "",
                      ShowTime(raised.resolved_time_us(), zone), " by ", raised.resolved_by(), ": ", raised.reason());
}

// What may be decided about the flags that are open, in the words of the command line.
void SayWhatFits(const v1::Visit& visit) {
  std::set<v1::AttentionResolution> fitting;
  for (const v1::RaisedAttention& raised : visit.raised()) {
    if (raised.resolved()) continue;
    const std::vector<v1::AttentionResolution> fit = FittingResolutions(raised);
    fitting.insert(fit.begin(), fit.end());
  }
  std::vector<std::string> names;
  for (const v1::AttentionResolution resolution : fitting) {
    names.push_back(absl::StrReplaceAll(Words(resolution), {{" ", "-"}}));
  }
  Say(Printable(absl::StrCat("When somebody has looked: doorstep attention resolve ", visit.id(),
                             fitting.size() > 1 ? absl::StrCat(" --as ", absl::StrJoin(names, "|")) : "",
                             " --reason \"...\"")));
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
  Table reasons({{"Why", false, true},
                 {"Side A", false, true},
                 {"Side B", false, true},
                 {"Entries", false, true},
                 {"Decided", false, true}});
  for (const v1::RaisedAttention& raised : visit.raised()) {
    std::vector<std::string> entries;
    for (const v1::JournalPosition& entry : raised.entries()) entries.push_back(FormatPosition(entry));
    reasons.Row({AttentionWords(raised.flag()), raised.has_side_a() ? SideWords(raised.side_a(), zone) : "",
                 raised.has_side_b() ? SideWords(raised.side_b(), zone) : "", absl::StrJoin(entries, ", "),
                 LookedWords(raised, zone)},
                raised.resolved() ? Colour::kFaint : Colour::kWarning);
  }
  reasons.Print();
  Say();
  v1::GetVisitLogRequest log_request;
  log_request.set_id(id);
  v1::GetVisitLogResponse log;
  RETURN_IF_ERROR(tools.connection->CallPages(&log_request, &log, std::numeric_limits<int64_t>::max()).status());
  PrintVisitLog(log, visit);
  if (!visit.attention().empty()) {
    Say();
    SayWhatFits(visit);
  }
  return DamageError(log);
}

// The merge that is proposed for this asset; absent: none is.
absl::StatusOr<std::optional<v1::AssetMerge>> FindMerge(const std::string& asset_id, const Tools& tools) {
  v1::ListAttentionRequest request;
  v1::ListAttentionResponse response;
  RETURN_IF_ERROR(tools.connection->CallPages(&request, &response, std::numeric_limits<int64_t>::max()).status());
  for (const v1::AttentionCase& item : response.cases()) {
    for (const v1::Asset& asset : item.asset_merge().assets()) {
      if (asset.id() == asset_id) return item.asset_merge();
    }
  }
  return std::nullopt;
}

absl::Status ShowMerge(const std::string& id, const absl::Status& not_a_visit, const Tools& tools) {
  ASSIGN_OR_RETURN(const std::optional<v1::AssetMerge> merge, FindMerge(id, tools));
  if (!merge.has_value()) return not_a_visit;
  if (tools.globals->json) return PrintJson(*merge);
  Say(Printable(
      absl::StrCat("Assets ", NamesOf(*merge), " of account ", merge->account_id(), ": ", MergeWords(*merge), ".")));
  Say();
  Table table({{"Asset"}, {"Model", false, true}, {"Serial"}, {"Site"}, {"Status"}});
  for (const v1::Asset& asset : merge->assets()) {
    table.Row({asset.id(), asset.model(), asset.serial(), asset.site_id(), Words(asset.status())});
  }
  table.Print();
  Say();
  Say(Printable(absl::StrCat("They are one thing: doorstep attention resolve ", id, " --keep ", merge->assets(0).id(),
                             " --reason \"...\"; they are not: the same without --keep")));
  return absl::OkStatus();
}

absl::Status Show(const std::string& id, const Tools& tools) {
  if (const absl::StatusOr<v1::JournalPosition> position = ParsePosition(id); position.ok()) {
    const absl::Status status = ShowEntry(*position, tools);
    if (!absl::IsNotFound(status)) return status;
  }
  const absl::Status status = ShowVisit(id, tools);
  return absl::IsNotFound(status) ? ShowMerge(id, status, tools) : status;
}

absl::Status ResolveMerge(const ResolveArgs& args, const v1::AssetMerge& merge, const Tools& tools) {
  v1::ResolveAssetMergeRequest request;
  for (const v1::Asset& asset : merge.assets()) request.add_asset_ids(asset.id());
  request.set_kept_asset_id(args.kept_asset_id);
  request.set_reason(args.reason);
  v1::ResolveAssetMergeResponse response;
  RETURN_IF_ERROR(tools.connection->Call(&request, &response));
  if (tools.globals->json) return PrintJson(response);
  if (args.kept_asset_id.empty()) {
    Say(Printable(absl::StrCat(NamesOf(merge), " are different things; nothing was changed.")));
    return absl::OkStatus();
  }
  for (const v1::Asset& asset : response.assets()) {
    if (asset.merged_into_id().empty()) continue;
    Say(Printable(absl::StrCat("Asset ", asset.id(), " is retired: ", asset.merged_into_id(), " is the one to use.")));
  }
  return absl::OkStatus();
}

absl::Status ResolveVisit(const ResolveArgs& args, const Tools& tools) {
  v1::ResolveAttentionRequest request;
  request.set_id(args.id);
  if (!args.decision.empty()) {
    const int resolution = ParseEnum(*v1::AttentionResolution_descriptor(), args.decision);
    if (resolution < 0) {
      return UsageError(
          absl::StrCat("--as \"", args.decision, "\" is none of ",
                       absl::StrReplaceAll(EnumChoices(*v1::AttentionResolution_descriptor()), {{"_", "-"}})),
          "--as keep-a");
    }
    request.set_resolution(static_cast<v1::AttentionResolution>(resolution));
  }
  request.set_new_visit_id(args.new_visit_id);
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
  if (response.has_new_visit()) PrintVisitLine(response.new_visit());
  return absl::OkStatus();
}

absl::Status Resolve(const ResolveArgs& args, const Tools& tools) {
  if (ParsePosition(args.id).ok()) {
    return UsageError(absl::StrCat(args.id, " is an entry, and an entry is decided about"),
                      absl::StrCat("doorstep quarantine repair ", args.id, ", replay or dismiss"));
  }
  if (args.kept_asset_id.empty()) {
    const absl::Status status = ResolveVisit(args, tools);
    if (!absl::IsNotFound(status)) return status;
    ASSIGN_OR_RETURN(const std::optional<v1::AssetMerge> merge, FindMerge(args.id, tools));
    return merge.has_value() ? ResolveMerge(args, *merge, tools) : status;
  }
  ASSIGN_OR_RETURN(const std::optional<v1::AssetMerge> merge, FindMerge(args.id, tools));
  if (merge.has_value()) return ResolveMerge(args, *merge, tools);
  return WithTry(absl::NotFoundError(absl::StrCat("no merge is proposed for an asset ", args.id)),
                 "doorstep attention list");
}

}  // namespace

void RegisterAttention(Command root, const Tools& tools) {
  Command attention = root.Group("attention", "What needs a person: parked entries, flagged visits, doubled assets");
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
    show.Positional("ID", id.get(), "Of a visit, a parked entry or an asset");
    show.Does([id, tools] { return Show(*id, tools); });
  }
  {
    auto args = std::make_shared<ResolveArgs>();
    Command resolve = attention.Leaf(
        "resolve", "Decide about a flagged visit or assets; it stays in the history and leaves the list",
        {"doorstep attention resolve V-501 --reason \"the customer had called Ana\"",
         "doorstep attention resolve V-501 --as keep-a --reason \"Ana had been there first\"",
         "doorstep attention resolve V-501 --flag after_cancel --as new-visit --reason \"will be charged\"",
         "doorstep attention resolve BOILER-7 --keep BOILER-7 --reason \"registered twice\""});
    resolve.Positional("ID", &args->id, "Of a visit or an asset");
    resolve.RepeatedOption("flag", "FLAG", &args->flags, "Only this one; not set: all that are open and it fits");
    resolve.Option("as", "DECISION", &args->decision,
                   "seen, keep-a, keep-b, credit-both or new-visit (doorstep attention show names the sides); not set: "
                   "seen");
    resolve.Option("new-visit-id", "ID", &args->new_visit_id,
                   "Your own id for the visit of new-visit; not set: the server makes one");
    resolve.Option("keep", "ASSET", &args->kept_asset_id, "The assets are one thing, and this one is to be used");
    resolve.RequiredOption("reason", "TEXT", &args->reason, "What came of it; technicians see it");
    resolve.NumberOption("version", "N", &args->version, 0, std::numeric_limits<int64_t>::max(),
                         "Only if the visit is still at this version");
    resolve.Does([args, tools] { return Resolve(*args, tools); });
  }
}

}  // namespace doorstep::cli
