#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client_core/base/ids.h"
#include "client_core/base/status.h"
#include "doorstep/v1/account_service.pb.h"
#include "tests/spec/sentences.h"

namespace doorstep::spec {
namespace {

absl::Status Differs(const std::string& what, const std::string& is, const std::string& expected) {
  return absl::FailedPreconditionError(absl::StrCat(what, " is ", is, ", the story expects ", expected));
}

// ---- visits ----

std::vector<std::string> FlagsOf(const v1::Visit& visit) {
  std::vector<std::string> flags;
  for (const int flag : visit.attention()) {
    const std::string name = v1::AttentionFlag_Name(static_cast<v1::AttentionFlag>(flag));
    flags.push_back(name.substr(sizeof("ATTENTION_FLAG_") - 1));
  }
  return flags;
}

// "in progress", "completed flags REASSIGNED_WORKED", "completed flags none".
absl::Status CheckVisit(const v1::Visit& visit, const std::vector<std::string>& words) {
  const auto flags_at = std::find(words.begin(), words.end(), "flags");
  const std::string state = EnumName("VISIT_STATE_", {words.begin(), flags_at});
  if (v1::VisitState_Name(visit.state()) != state) {
    return Differs(absl::StrCat("visit ", visit.id()), v1::VisitState_Name(visit.state()), state);
  }
  if (flags_at == words.end()) return absl::OkStatus();
  std::vector<std::string> expected(flags_at + 1, words.end());
  if (expected == std::vector<std::string>{"none"}) expected.clear();
  const std::vector<std::string> flags = FlagsOf(visit);
  if (flags == expected) return absl::OkStatus();
  return Differs(absl::StrCat("attention of visit ", visit.id()), absl::StrJoin(flags, " "),
                 absl::StrJoin(expected, " "));
}

absl::Status ExpectVisit(World& world, const Words& w) {
  ASSIGN_OR_RETURN(const v1::GetVisitResponse answer, world.office().Visit(w["visit"]));
  return CheckVisit(answer.visit(), w.rest("words"));
}

absl::Status ExpectLead(World& world, const Words& w) {
  ASSIGN_OR_RETURN(const v1::GetVisitResponse answer, world.office().Visit(w["visit"]));
  for (const v1::Assignment& a : answer.visit().assignments()) {
    if (a.revoked() || a.role() != v1::ASSIGNMENT_ROLE_LEAD) continue;
    return a.technician_id() == w["who"] ? absl::OkStatus() : Differs("the lead", a.technician_id(), w["who"]);
  }
  return Differs("the lead", "nobody", w["who"]);
}

absl::Status ExpectPlanned(World& world, const Words& w) {
  ASSIGN_OR_RETURN(const v1::GetVisitResponse answer, world.office().Visit(w["visit"]));
  ASSIGN_OR_RETURN(const int64_t start, world.clock().Instant(w["day"], w["time"]));
  const int64_t planned = answer.visit().planned().start_time_us();
  return planned == start ? absl::OkStatus() : Differs("the planned start", absl::StrCat(planned), absl::StrCat(start));
}

absl::Status ExpectFeedback(World& world, const Words& w) {
  ASSIGN_OR_RETURN(const v1::GetVisitResponse answer, world.office().Visit(w["visit"]));
  const std::string is = v1::FeedbackState_Name(answer.visit().feedback());
  return is == "FEEDBACK_STATE_CAPTURED" ? absl::OkStatus() : Differs("feedback", is, "captured");
}

absl::Status ExpectPending(World& world, const Words& w, bool pending) {
  ASSIGN_OR_RETURN(const v1::GetVisitResponse answer, world.office().Visit(w["visit"]));
  const bool is = answer.silent_size() > 0;
  return is == pending ? absl::OkStatus()
                       : Differs("the window", is ? "pending" : "settled", pending ? "pending" : "settled");
}

absl::Status ExpectOnPhone(World& world, const Words& w) {
  ASSIGN_OR_RETURN(StoryPhone* const phone, world.Phone(w["who"]));
  ASSIGN_OR_RETURN(const v1::LocalVisit visit, phone->Visit(w["visit"]));
  return CheckVisit(visit.visit(), w.rest("words"));
}

absl::Status ExpectNotOnPhone(World& world, const Words& w) {
  ASSIGN_OR_RETURN(StoryPhone* const phone, world.Phone(w["who"]));
  const auto visit = phone->Visit(w["visit"]);
  if (absl::IsNotFound(visit.status())) return absl::OkStatus();
  return visit.ok() ? Differs(absl::StrCat("visit ", w["visit"]), "on the phone", "not there") : visit.status();
}

absl::Status ExpectWorkOrder(World& world, const Words& w) {
  ASSIGN_OR_RETURN(const auto answer, world.office().WorkOrder(absl::StrCat("order-", w["visit"])));
  const std::string is = v1::WorkOrderState_Name(answer.work_order().state());
  const std::string expected = EnumName("WORK_ORDER_STATE_", w.rest("words"));
  return is == expected ? absl::OkStatus() : Differs("the work order", is, expected);
}

// ---- entries ----

absl::Status CheckAtOffice(World& world, const v1::JournalPosition& position, v1::Verdict verdict,
                           const std::string& reason) {
  ASSIGN_OR_RETURN(const v1::ReceivedEntry entry, world.office().Entry(position));
  v1::Verdict is = entry.judgement().verdict();
  if (is == v1::VERDICT_UNSPECIFIED) is = v1::VERDICT_COUNTED;
  if (is != verdict) return Differs(FormatPosition(position), v1::Verdict_Name(is), v1::Verdict_Name(verdict));
  const std::string why = v1::QuarantineReason_Name(entry.judgement().reason());
  if (!reason.empty() && why != EnumName("QUARANTINE_REASON_", {reason})) {
    return Differs(FormatPosition(position), why, reason);
  }
  return absl::OkStatus();
}

absl::Status CheckFlagged(World& world, const v1::JournalPosition& position, v1::AttentionFlag flag) {
  RETURN_IF_ERROR(CheckAtOffice(world, position, v1::VERDICT_APPLIED_WITH_ATTENTION, ""));
  ASSIGN_OR_RETURN(const v1::ReceivedEntry entry, world.office().Entry(position));
  const auto& flags = entry.judgement().attention();
  if (std::count(flags.begin(), flags.end(), flag) > 0) return absl::OkStatus();
  return Differs(FormatPosition(position), entry.judgement().message(), v1::AttentionFlag_Name(flag));
}

// "saved here", "safe at the office", "counted", "needs attention UNKNOWN_VISIT", "needs attention AFTER_CANCEL",
// "repaired", "dismissed", "quarantined UNKNOWN_KIND" (as the office sees it; a phone may not know yet).
absl::Status ExpectEntry(World& world, const Words& w) {
  ASSIGN_OR_RETURN(const NotedEntry entry, world.Entry(w["entry"]));
  std::vector<std::string> words = w.rest("words");
  v1::JournalPosition position = entry.noted.position;
  if (entry.phone != nullptr && words[0] != "quarantined") {
    ASSIGN_OR_RETURN(const v1::EntryStatus status, entry.phone->EntryStatus(position));
    std::vector<std::string> stage = words;
    if (words[0] == "needs") stage.resize(2);
    const std::string is = v1::EntryStage_Name(status.stage());
    const std::string expected =
        EnumName("ENTRY_STAGE_", words[0] == "safe" ? std::vector<std::string>{"safe", "at", "office"} : stage);
    if (is != expected) return Differs(absl::StrCat("entry ", w["entry"], " on the phone"), is, expected);
    if (status.has_moved_to()) position = status.moved_to();
  }
  if (words[0] == "counted") return CheckAtOffice(world, position, v1::VERDICT_COUNTED, "");
  if (words[0] == "repaired") return CheckAtOffice(world, position, v1::VERDICT_REPAIRED, "");
  if (words[0] == "dismissed") return CheckAtOffice(world, position, v1::VERDICT_DISMISSED, "");
  if (v1::AttentionFlag flag; v1::AttentionFlag_Parse(EnumName("ATTENTION_FLAG_", {words.back()}), &flag)) {
    return CheckFlagged(world, position, flag);
  }
  if (words[0] == "needs" || words[0] == "quarantined") {
    return CheckAtOffice(world, position, v1::VERDICT_QUARANTINED, words.back());
  }
  return absl::OkStatus();
}

// "today 09:00 trusted": within a minute.
absl::Status ExpectHappened(World& world, const Words& w) {
  constexpr int64_t kMinuteUs = 60000000;
  ASSIGN_OR_RETURN(const NotedEntry entry, world.Entry(w["entry"]));
  ASSIGN_OR_RETURN(const v1::ReceivedEntry received, world.office().Entry(entry.noted.position));
  ASSIGN_OR_RETURN(const int64_t expected, world.clock().Instant(w["day"], w["time"]));
  const int64_t off = received.time().time_us() - expected;
  if (off < 0 || off > kMinuteUs) return Differs("the corrected time", absl::StrCat(off, " us off"), w["time"]);
  const std::string quality = v1::ClockQuality_Name(received.time().quality());
  const std::string wanted = EnumName("CLOCK_QUALITY_", {w["quality"]});
  return quality == wanted ? absl::OkStatus() : Differs("the quality", quality, wanted);
}

absl::Status ExpectQuality(World& world, const Words& w) {
  ASSIGN_OR_RETURN(const NotedEntry entry, world.Entry(w["entry"]));
  ASSIGN_OR_RETURN(const v1::ReceivedEntry received, world.office().Entry(entry.noted.position));
  const std::string quality = v1::ClockQuality_Name(received.time().quality());
  const std::string wanted = EnumName("CLOCK_QUALITY_", {w["quality"]});
  return quality == wanted ? absl::OkStatus() : Differs("the quality", quality, wanted);
}

// Parked entries by their names, visits, doubled assets: all that needs somebody, in the order of the list, or
// "nothing".
absl::Status ExpectAttention(World& world, const Words& w) {
  std::vector<std::string> expected = w.rest("what");
  if (expected == std::vector<std::string>{"nothing"}) expected.clear();
  for (std::string& name : expected) {
    if (name.find('#') == std::string::npos) continue;
    ASSIGN_OR_RETURN(const NotedEntry entry, world.Entry(name));
    name = FormatPosition(entry.noted.position);
  }
  ASSIGN_OR_RETURN(const std::vector<v1::AttentionCase> cases, world.office().Attention());
  ASSIGN_OR_RETURN(const std::vector<v1::Visit> flagged, world.office().FlaggedVisits());
  std::vector<std::string> is;
  size_t visits = 0;
  for (const v1::AttentionCase& item : cases) {
    visits += item.has_visit() ? 1 : 0;
    for (const v1::Asset& asset : item.asset_merge().assets()) is.push_back(asset.id());
    if (item.has_asset_merge()) continue;
    is.push_back(item.has_visit() ? item.visit().id() : FormatPosition(item.entry().judgement().position()));
  }
  if (visits != flagged.size()) return Differs("the list of flagged visits", absl::StrCat(flagged.size()), "the same");
  return is == expected ? absl::OkStatus()
                        : Differs("what needs attention", absl::StrJoin(is, " "), absl::StrJoin(expected, " "));
}

// The log tells of the entry and of what stands in for it.
absl::Status ExpectRepairInLog(World& world, const Words& w) {
  ASSIGN_OR_RETURN(const NotedEntry entry, world.Entry(w["entry"]));
  ASSIGN_OR_RETURN(const std::vector<v1::VisitLogItem> log, world.office().Log(w["visit"]));
  const auto is_old = [&](const v1::VisitLogItem& item) {
    return ComparePositions(item.position(), entry.noted.position) == 0 &&
           item.judgement().find("repaired by office.") != std::string::npos;
  };
  const auto is_new = [&](const v1::VisitLogItem& item) {
    return ComparePositions(item.repairs(), entry.noted.position) == 0 && item.position().device() == kOfficeDevice &&
           item.entry().fact_case() == entry.noted.fact;
  };
  const bool both =
      std::count_if(log.begin(), log.end(), is_old) == 1 && std::count_if(log.begin(), log.end(), is_new) == 1;
  return both ? absl::OkStatus() : Differs("the log", absl::StrCat(log.size(), " items"), "both entries");
}

absl::Status ExpectAtOffice(World& world, const Words& w, bool there) {
  ASSIGN_OR_RETURN(const NotedEntry entry, world.Entry(w["entry"]));
  const absl::Status found = world.office().Entry(entry.noted.position).status();
  if (!found.ok() && !absl::IsNotFound(found)) return found;
  return found.ok() == there ? absl::OkStatus() : Differs(w["entry"], found.ok() ? "there" : "not there", "otherwise");
}

// ---- health ----

absl::StatusOr<int32_t> Figure(const v1::AccountHealth& health, const std::string& name) {
  if (name == "score") return health.score_thousandths();
  v1::Dimension dimension;
  if (!v1::Dimension_Parse(EnumName("DIMENSION_", {name}), &dimension)) {
    return absl::InvalidArgumentError(absl::StrCat("'", name, "' is no dimension of health"));
  }
  for (const v1::DimensionHealth& d : health.dimensions()) {
    if (d.dimension() == dimension) return d.quality_millionths();
  }
  return absl::NotFoundError(absl::StrCat("the health has no ", name));
}

// Against what it was when the story last looked, which stays: several figures may be compared with one look.
absl::Status ExpectHealth(World& world, const Words& w) {
  const auto seen = world.seen_health().find(w["account"]);
  if (seen == world.seen_health().end()) return absl::InvalidArgumentError("nobody has looked at it before");
  ASSIGN_OR_RETURN(const auto answer, world.office().Health(w["account"]));
  ASSIGN_OR_RETURN(const int32_t before, Figure(seen->second, w["figure"]));
  ASSIGN_OR_RETURN(const int32_t now, Figure(answer.health(), w["figure"]));
  const std::string is = now < before ? "falls" : now > before ? "rises" : "stays";
  return is == w["how"] ? absl::OkStatus()
                        : Differs(w["figure"], absl::StrCat(is, " (", before, " to ", now, ")"), w["how"]);
}

// The values of the contributions of this signal, by their source.
absl::StatusOr<std::vector<std::string>> SourcesOf(World& world, const Words& w) {
  ASSIGN_OR_RETURN(const auto answer, world.office().Health(w["account"]));
  std::vector<std::string> sources;
  for (const v1::Contribution& c : answer.contributions()) {
    if (v1::Signal_Name(c.signal()) == absl::StrCat("SIGNAL_", w["signal"])) sources.push_back(c.source_id());
  }
  return sources;
}

absl::Status ExpectCounts(World& world, const Words& w) {
  ASSIGN_OR_RETURN(const std::vector<std::string> sources, SourcesOf(world, w));
  const int expected = w["times"] == "once" ? 1 : w["times"] == "twice" ? 2 : w["times"] == "never" ? 0 : -1;
  if (expected < 0) return absl::InvalidArgumentError("say never, once or twice");
  if (static_cast<int>(sources.size()) == expected) return absl::OkStatus();
  return Differs(w["signal"], absl::StrCat("counted for [", absl::StrJoin(sources, " "), "]"), w["times"]);
}

// ---- the whole ----

absl::Status ExpectRebuildEqual(World& world, const Words&) {
  ASSIGN_OR_RETURN(const v1::RebuildResponse answer, world.office().Rebuild());
  if (answer.equal()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("rebuilt differently: ", absl::StrJoin(answer.differences(), "; ")));
}

absl::Status ExpectRepair(World& world, const Words& w) {
  ASSIGN_OR_RETURN(StoryPhone* const phone, world.Phone(w["who"]));
  ASSIGN_OR_RETURN(const v1::PhoneStatus status, phone->Status());
  for (const std::string& repair : status.repairs()) {
    if (absl::StrContains(absl::string_view(repair.data(), repair.size()), w["text"])) return absl::OkStatus();
  }
  return Differs("what was repaired", absl::StrCat("[", absl::StrJoin(status.repairs(), "; "), "]"), w["text"]);
}

// A full disk is said, and its reserve is in use; else the reserve is kept.
absl::Status ExpectFullDisk(World& world, const Words& w, bool full) {
  ASSIGN_OR_RETURN(StoryPhone* const phone, world.Phone(w["who"]));
  ASSIGN_OR_RETURN(const v1::PhoneStatus status, phone->Status());
  if (status.disk_full().empty() != full && (status.reserve_bytes() == 0) == full) return absl::OkStatus();
  return Differs("the disk", absl::StrCat("[", status.disk_full(), "], reserve of ", status.reserve_bytes()),
                 full ? "full" : "not full");
}

absl::Status ExpectReady(World& world, const Words& w, bool ready) {
  ASSIGN_OR_RETURN(StoryPhone* const phone, world.Phone(w["who"]));
  ASSIGN_OR_RETURN(const v1::Readiness readiness, phone->PrepareOffline(w["day"]));
  if (readiness.ready() == ready) return absl::OkStatus();
  std::vector<std::string> missing(readiness.missing().begin(), readiness.missing().end());
  for (const v1::VisitReadiness& visit : readiness.visits()) {
    for (const v1::ReadinessItem& item : visit.items()) missing.push_back(item.why());
  }
  return Differs("the phone", absl::StrCat(ready ? "not ready: " : "ready ", absl::StrJoin(missing, "; ")),
                 "otherwise");
}

absl::Status ExpectEpoch(World& world, const Words& w) {
  ASSIGN_OR_RETURN(StoryPhone* const phone, world.Phone(w["who"]));
  ASSIGN_OR_RETURN(const v1::PhoneStatus status, phone->Status());
  const bool moved = !phone->noted().empty() && status.epoch() != phone->noted().front().position.epoch();
  return moved ? absl::OkStatus() : Differs("the journal", absl::StrCat("epoch ", status.epoch()), "a new epoch");
}

absl::Status ExpectExplained(World& world, const Words& w) {
  ASSIGN_OR_RETURN(const NotedEntry entry, world.Entry(w["entry"]));
  if (entry.phone == nullptr) return absl::InvalidArgumentError("a newer phone explains nothing here");
  ASSIGN_OR_RETURN(const v1::Explanation explanation, entry.phone->Explain(entry.noted.position));
  const std::string lines = absl::StrJoin(explanation.lines(), " / ");
  return lines.find(w["text"]) != std::string::npos ? absl::OkStatus() : Differs("the explanation", lines, w["text"]);
}

absl::Status ExpectVisitExplained(World& world, const Words& w) {
  ASSIGN_OR_RETURN(StoryPhone* const phone, world.Phone(w["who"]));
  ASSIGN_OR_RETURN(const v1::Explanation explanation, phone->ExplainVisit(w["visit"]));
  const std::string lines = absl::StrJoin(explanation.lines(), " / ");
  return lines.find(w["text"]) != std::string::npos ? absl::OkStatus() : Differs("the explanation", lines, w["text"]);
}

absl::Status ExpectRefused(World& world, const Words& w) {
  const absl::Status status = RunStep(world, w.rest("step"));
  if (absl::IsFailedPrecondition(status)) return absl::OkStatus();
  return status.ok() ? absl::InternalError("it was accepted, against what the story says") : status;
}

}  // namespace

const std::vector<Sentence>& ExpectSentences() {
  static const auto* const kSentences = new std::vector<Sentence>{
      {"expect visit {visit} led by {who}", ExpectLead},
      {"expect visit {visit} planned {day} {time}", ExpectPlanned},
      {"expect visit {visit} has feedback", ExpectFeedback},
      {"expect visit {visit} {words...}", ExpectVisit},
      {"expect window of {visit} pending", [](World& world, const Words& w) { return ExpectPending(world, w, true); }},
      {"expect window of {visit} settled", [](World& world, const Words& w) { return ExpectPending(world, w, false); }},
      {"expect {who}'s phone shows no visit {visit}", ExpectNotOnPhone},
      {"expect {who}'s phone shows visit {visit} {words...}", ExpectOnPhone},
      {"expect {who}'s phone reports {text}", ExpectRepair},
      {"expect {who}'s phone has a full disk",
       [](World& world, const Words& w) { return ExpectFullDisk(world, w, true); }},
      {"expect {who}'s phone has room", [](World& world, const Words& w) { return ExpectFullDisk(world, w, false); }},
      {"expect {who}'s phone ready for {day}",
       [](World& world, const Words& w) { return ExpectReady(world, w, true); }},
      {"expect {who}'s phone not ready for {day}",
       [](World& world, const Words& w) { return ExpectReady(world, w, false); }},
      {"expect {who}'s journal goes on in a new epoch", ExpectEpoch},
      {"expect work order of {visit} {words...}", ExpectWorkOrder},
      {"expect attention {what...}", ExpectAttention},
      {"expect log of {visit} shows {entry} and its repair", ExpectRepairInLog},
      {"expect office has entry {entry}",
       [](World& world, const Words& w) { return ExpectAtOffice(world, w, /*there=*/true); }},
      {"expect office has lost entry {entry}",
       [](World& world, const Words& w) { return ExpectAtOffice(world, w, /*there=*/false); }},
      {"expect entry {entry} is {quality}", ExpectQuality},
      {"expect entry {entry} happened {day} {time} {quality}", ExpectHappened},
      {"expect entry {entry} {words...}", ExpectEntry},
      {"expect health {account} counts {signal} {times}", ExpectCounts},
      {"expect health {account} {figure} {how}", ExpectHealth},
      {"expect nothing lost or doubled", [](World& world, const Words&) { return world.CheckNothingLostOrDoubled(); }},
      {"expect rebuild equal", ExpectRebuildEqual},
      {"expect explanation of {entry} says {text}", ExpectExplained},
      {"expect {who}'s phone explains {visit} with {text}", ExpectVisitExplained},
      {"expect refused {step...}", ExpectRefused},
  };
  return *kSentences;
}

}  // namespace doorstep::spec
