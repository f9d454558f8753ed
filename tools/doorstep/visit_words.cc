#include "tools/doorstep/visit_words.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "client_core/base/ids.h"
#include "tools/doorstep/civil_time.h"
#include "tools/doorstep/damaged_entries.h"
#include "tools/doorstep/entry_words.h"
#include "tools/doorstep/errors.h"
#include "tools/doorstep/output.h"
#include "tools/doorstep/text.h"

namespace doorstep::cli {
namespace {

// Early is early from here on (health counts it so).
constexpr int64_t kGraceMicros = int64_t{15} * 60 * 1000000;

std::string WhenText(const v1::Visit& visit) {
  const absl::TimeZone zone = VisitZone(visit);
  if (visit.ended_time_us() != 0) return ShowTime(visit.ended_time_us(), zone);
  return ShowWindow(visit.planned(), zone);
}

// "quarantined: visit_id: no visit V-9": the field is for programs.
std::string PlainJudgement(const std::string& judgement) {
  for (const absl::string_view verdict : {"quarantined: ", "dismissed: ", "counted, with attention: "}) {
    absl::string_view message = judgement;
    if (absl::ConsumePrefix(&message, verdict)) return absl::StrCat(verdict, WithoutField(message));
  }
  return judgement;
}

Colour VisitColour(const v1::Visit& visit) { return visit.attention().empty() ? Colour::kPlain : Colour::kWarning; }

std::string AttentionText(const v1::Visit& visit) {
  std::vector<std::string> words;
  for (const int flag : visit.attention()) words.push_back(Words(static_cast<v1::AttentionFlag>(flag)));
  return absl::StrJoin(words, ", ");
}

void PrintAssignments(const v1::Visit& visit) {
  if (visit.assignments().empty()) return;
  const absl::TimeZone zone = VisitZone(visit);
  Say();
  Table table({{"Technician"},
               {"Role"},
               {"State", false, true},
               {"Assigned", false, true},
               {"Arrived", false, true},
               {"Ended", false, true},
               {"Outcome", false, true}});
  for (const v1::Assignment& assignment : visit.assignments()) {
    std::string state = Words(assignment.state());
    if (assignment.revoked()) {
      absl::StrAppend(&state, ", revoked", assignment.revoked_by().empty() ? "" : " by ", assignment.revoked_by(),
                      assignment.revoked_reason().empty() ? "" : ": ", assignment.revoked_reason());
    }
    table.Row(
        {assignment.technician_id(), Words(assignment.role()), state, ShowTime(assignment.assigned_time_us(), zone),
         ShowTime(assignment.arrived_time_us(), zone), ShowTime(assignment.ended_time_us(), zone),
         assignment.has_outcome() ? OutcomeWords(assignment.outcome()) : ""},
        assignment.revoked() ? Colour::kFaint : Colour::kPlain);
  }
  table.Print();
}

std::string RequirementWords(const v1::Requirements& requirements) {
  std::vector<std::string> words;
  if (requirements.signature()) words.push_back("signature");
  if (requirements.feedback()) words.push_back("feedback");
  for (const std::string& form : requirements.forms()) words.push_back("form " + form);
  return absl::StrJoin(words, ", ");
}

std::string WindowOrNothing(const v1::TimeWindow& window, const absl::TimeZone& zone) {
  return window.end_time_us() == 0 ? "" : ShowWindow(window, zone);
}

std::string TimeOrNothing(int64_t time_us, const absl::TimeZone& zone) {
  return time_us == 0 ? "" : ShowTime(time_us, zone);
}

}  // namespace

absl::TimeZone VisitZone(const v1::Visit& visit, absl::TimeZone otherwise) {
  for (const v1::TimeWindow* window : {&visit.promised(), &visit.planned(), &visit.constraint()}) {
    const absl::StatusOr<absl::TimeZone> zone = FindZone(window->zone());
    if (zone.ok()) return *zone;
  }
  const bool seen = visit.utc_offset_s() != 0 || visit.arrived_time_us() != 0 || visit.ended_time_us() != 0;
  return seen ? absl::FixedTimeZone(visit.utc_offset_s()) : otherwise;
}

std::string Assigned(const v1::Visit& visit) {
  std::vector<std::string> names;
  for (const v1::Assignment& assignment : visit.assignments()) {
    if (assignment.revoked()) continue;
    const bool leads = assignment.role() == v1::ASSIGNMENT_ROLE_LEAD;
    names.insert(leads ? names.begin() : names.end(), assignment.technician_id());
  }
  return absl::StrJoin(names, ", ");
}

std::string PunctualityWords(const v1::Visit& visit) {
  const v1::TimeWindow& promised = visit.promised();
  if (promised.end_time_us() == 0 || visit.arrived_time_us() == 0) return "";
  if (visit.arrived_time_us() < promised.start_time_us() - kGraceMicros) {
    return absl::StrCat("arrived ", ShowDuration(promised.start_time_us() - visit.arrived_time_us()),
                        " before the promised window");
  }
  if (visit.arrived_time_us() >= promised.end_time_us()) {
    return absl::StrCat("arrived ", ShowDuration(visit.arrived_time_us() - promised.end_time_us()),
                        " after the promised window");
  }
  return "arrived as promised";
}

void PrintVisitTable(const Visits& visits) {
  Table table({{"Visit"},
               {"State"},
               {"When", false, true},
               {"Account"},
               {"Technicians", false, true},
               {"Outcome", false, true},
               {"Attention", false, true}});
  for (const v1::Visit& visit : visits) {
    table.Row({visit.id(), Words(visit.state()), WhenText(visit), visit.account_id(), Assigned(visit),
               Words(visit.outcome().code()), AttentionText(visit)},
              VisitColour(visit));
  }
  table.Print();
}

void PrintVisit(const v1::Visit& visit) {
  const absl::TimeZone zone = VisitZone(visit);
  Details details;
  details.Add("Visit", visit.id());
  details.Add("State", Words(visit.state()));
  details.Add("Kind", Words(visit.kind()));
  details.Add("Account", visit.account_id());
  details.Add("Site", visit.site_id());
  details.Add("Assets", absl::StrJoin(visit.asset_ids(), ", "));
  details.Add("Work order", visit.work_order_id());
  details.Add("Times in", ShowZone(zone));
  details.Add("Possible", WindowOrNothing(visit.constraint(), zone));
  details.Add("Planned", WindowOrNothing(visit.planned(), zone));
  details.Add("Promised", WindowOrNothing(visit.promised(), zone));
  details.Add("Set out", TimeOrNothing(visit.travel_started_time_us(), zone));
  if (visit.arrived_time_us() != 0) {
    const std::string punctuality = PunctualityWords(visit);
    details.Add("Arrived",
                absl::StrCat(ShowTime(visit.arrived_time_us(), zone), punctuality.empty() ? "" : ": ", punctuality));
  }
  details.Add("Ended", TimeOrNothing(visit.ended_time_us(), zone));
  if (visit.has_outcome()) details.Add("Outcome", OutcomeWords(visit.outcome()));
  details.Add("Feedback", Words(visit.feedback()));
  details.Add("Instructions", visit.instructions());
  details.Add("Wanted", RequirementWords(visit.requirements()));
  if (visit.labour_min() > 0) details.Add("Labour", ShowDuration(int64_t{visit.labour_min()} * 60 * 1000000));
  if (visit.rescheduled_count() > 0) {
    details.Add("Moved", Count(visit.rescheduled_count(), "time after it was promised", "times after it was promised"));
  }
  details.Add("Cancelled because", visit.cancel_reason());
  if (visit.miss_recorded()) details.Add("Missed", "the office recorded that nobody came", Colour::kBad);
  details.Add("Facts", Grouped(visit.facts()));
  details.Add("Version", absl::StrCat(visit.version()));
  for (const int flag : visit.attention()) {
    details.Add("Attention", AttentionWords(static_cast<v1::AttentionFlag>(flag)), Colour::kWarning);
  }
  details.Print();
  PrintAssignments(visit);
}

void PrintVisitLine(const v1::Visit& visit) {
  std::string line = absl::StrCat("Visit ", Printable(visit.id()), " is ", Words(visit.state()));
  if (visit.planned().end_time_us() != 0) absl::StrAppend(&line, ": ", WhenText(visit));
  const std::string assigned = Assigned(visit);
  if (!assigned.empty()) absl::StrAppend(&line, ", ", Printable(assigned));
  Say(absl::StrCat(line, ". Version ", visit.version(), "."));
}

void PrintVisitLog(const v1::GetVisitLogResponse& log, const v1::Visit& visit) {
  const absl::TimeZone zone = log.items().empty()
                                  ? VisitZone(visit)
                                  : VisitZone(visit, absl::FixedTimeZone(log.items(0).time().utc_offset_s()));
  Table table({{"Entry"}, {"Time", false, true}, {"Clock"}, {"By"}, {"What", false, true}, {"Judgement", false, true}});
  for (const v1::VisitLogItem& item : log.items()) {
    table.Row({FormatPosition(item.position()), ShowTime(item.time().time_us(), zone), Words(item.time().quality()),
               item.author(), IsDamaged(item) ? "" : EntryWords(item.entry(), zone), PlainJudgement(item.judgement())},
              absl::StartsWith(item.judgement(), "counted") ? Colour::kPlain : Colour::kWarning);
  }
  if (table.empty()) {
    Note("Nothing was recorded for this visit yet.");
  } else {
    Say(absl::StrCat("Times in ", ShowZone(zone), "."));
    table.Print();
  }
}

}  // namespace doorstep::cli
