#include "client_core/store/explain.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "client_core/base/ids.h"
#include "client_core/base/status.h"
#include "client_core/rules/verdicts.h"
#include "client_core/store/entry_status.h"
#include "client_core/store/local_view.h"
#include "client_core/store/own_decisions.h"

namespace doorstep {
namespace {

std::string StageInWords(const v1::EntryStatus& entry) {
  switch (entry.stage()) {
    case v1::ENTRY_STAGE_SAVED_HERE:
      return "It is saved on this phone and waits to be sent.";
    case v1::ENTRY_STAGE_SAFE_AT_OFFICE:
      return "It is safe at the office; this phone has not heard yet whether it counts.";
    case v1::ENTRY_STAGE_COUNTED:
      return "It counts.";
    case v1::ENTRY_STAGE_NEEDS_ATTENTION:
      return Counts(entry.judgement().verdict())
                 ? "It counts, and somebody in the office will look at it."
                 : "It is safe at the office but does not count yet: somebody has to look at it.";
    case v1::ENTRY_STAGE_REPAIRED:
      return absl::StrCat("It was repaired: entry ", FormatPosition(entry.judgement().repaired_by()),
                          " of the office stands in for it.");
    case v1::ENTRY_STAGE_DISMISSED:
      return "The office has looked at it: it is kept, and does not count.";
    default:
      return "Its stage is not known.";
  }
}

std::string Count(uint64_t number, absl::string_view one, absl::string_view many) {
  return absl::StrCat(number, " ", number == 1 ? one : many);
}

// What keeps this phone from sending or hearing more, as far as it knows.
void AddConnection(const Journal& journal, Replica& replica, v1::Explanation& answer) {
  if (replica.not_known()) {
    answer.add_lines(
        "The office does not know this phone any more: enrol it again, in place, with a new code from the office. "
        "Nothing recorded is lost, and all of it is sent then.");
  } else if (!journal.identity().has_value()) {
    answer.add_lines("This phone has not been enrolled with the office yet.");
  } else if (replica.last_contact_us() == 0) {
    answer.add_lines("This phone has never reached the office.");
  } else {
    answer.add_lines(absl::StrCat(
        "The office was last reached on ",
        absl::FormatTime("%Y-%m-%d at %H:%M UTC", absl::FromUnixMicros(replica.last_contact_us()), absl::UTCTimeZone()),
        "."));
  }
}

// What the office says about this phone as a whole.
absl::Status AddLane(Replica& replica, v1::Explanation& answer) {
  ASSIGN_OR_RETURN(const std::optional<v1::DeviceState> device, replica.Device());
  if (!device.has_value()) return absl::OkStatus();
  if (device->lane() == v1::LANE_DRAIN_ONLY) {
    answer.add_lines("The office lets this phone send what it has recorded, and sends it nothing new.");
  } else if (device->lane() == v1::LANE_BLOCKED) {
    answer.add_lines("The office has blocked this phone.");
  }
  return absl::OkStatus();
}

// The entry of this phone that corrects or retracts `entry`; "": none.
absl::StatusOr<std::string> SupersededWords(Journal& journal, const Replica& replica, const v1::EntryStatus& entry) {
  const v1::JournalPosition& from = entry.has_moved_to() ? entry.moved_to() : entry.position();
  ASSIGN_OR_RETURN(const OwnDecisions decisions, OwnDecisions::Read(journal, replica, from.epoch(), from.seq()));
  const OwnDecisions::Decision* decision = decisions.About(entry);
  if (decision == nullptr) return std::string();
  if (!decision->sure) {
    return absl::StrCat("Entry ", FormatPosition(decision->by), " of this phone ",
                        decision->retracts ? "takes it back" : "corrects it",
                        ", unless what the office has recorded anew says something else.");
  }
  return absl::StrCat("Entry ", FormatPosition(decision->by), " of this phone ",
                      decision->retracts ? "takes it back: what it says does not count any more."
                                         : "corrects it: what that says counts instead.");
}

// The journal has deleted it; the replica may still have the exception about it.
void ExplainRetired(const Replica& replica, const v1::JournalPosition& position, v1::Explanation& answer) {
  answer.add_lines(
      "It was recorded on this phone, and is no longer kept here: the office has judged it and has it in a backup, and "
      "a "
      "phone keeps such entries for a week.");
  const v1::Judgement* judgement = replica.JudgementOf(position.epoch(), position.seq());
  if (judgement != nullptr) {
    v1::EntryStatus last;
    *last.mutable_judgement() = *judgement;
    last.set_stage(StageOfVerdict(judgement->verdict()));
    answer.add_lines(StageInWords(last));
    if (!judgement->message().empty()) answer.add_lines(judgement->message());
  }
  answer.add_lines(absl::StrCat("Source: entry ", FormatPosition(position), "."));
}

absl::Status ExplainEntry(Journal& journal, Replica& replica, const v1::JournalPosition& position,
                          v1::Explanation& answer) {
  if (journal.IsRetired(position)) {
    ExplainRetired(replica, position, answer);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(v1::EntryStatus entry, StatusOfEntry(journal, replica, position));
  ASSIGN_OR_RETURN(const std::string superseded, SupersededWords(journal, replica, entry));
  if (!superseded.empty()) answer.add_lines(superseded);
  // Received and judged it is all the same.
  const bool counts = entry.stage() == v1::ENTRY_STAGE_COUNTED;
  // An office that has forgotten the phone may have forgotten this too.
  const bool doubtful = replica.not_known() && entry.stage() != v1::ENTRY_STAGE_SAVED_HERE;
  answer.add_lines(
      absl::StrCat(doubtful ? "The office may have lost it. Before, this was known: " : "",
                   counts && !superseded.empty() ? "The office has received and judged it." : StageInWords(entry)));
  if (doubtful || entry.stage() == v1::ENTRY_STAGE_SAVED_HERE || entry.stage() == v1::ENTRY_STAGE_SAFE_AT_OFFICE) {
    AddConnection(journal, replica, answer);
  }
  // Of one that counts it is said above what corrects it.
  const bool said = counts && !superseded.empty();
  if (!said && !entry.judgement().message().empty()) answer.add_lines(entry.judgement().message());
  if (!entry.judgement().next().empty()) answer.add_lines(entry.judgement().next());
  if (entry.has_moved_to()) {
    answer.add_lines(
        absl::StrCat("The journal moved on to a new epoch; there it is entry ", FormatPosition(entry.moved_to()), "."));
  }
  ASSIGN_OR_RETURN(const std::optional<LeftVisit> left, replica.Left(entry.visit_id()));
  if (left.has_value() && !left->reason.empty()) {
    answer.add_lines(absl::StrCat("Its visit is no longer on this phone: ", left->reason, "."));
  }
  answer.add_lines(absl::StrCat("Source: entry ", FormatPosition(position), ", ", entry.fact(), " by ", entry.author(),
                                entry.visit_id().empty() ? "" : absl::StrCat(" on visit ", entry.visit_id()), "."));
  *answer.mutable_entry() = std::move(entry);
  return absl::OkStatus();
}

// What became of this phone's entries for a visit that is not here.
void AddOwnEntries(const Journal& journal, const Replica& replica, absl::string_view visit_id,
                   v1::Explanation& answer) {
  uint64_t here = 0;
  uint64_t safe = 0;
  for (const auto& [epoch, entries] : journal.PendingOf(visit_id)) {
    const auto marks = journal.epochs().find(epoch);
    const uint64_t received = marks != journal.epochs().end() ? marks->second.received_through : 0;
    for (const PendingEntry* entry : entries) (entry->info.seq > received ? here : safe) += 1;
  }
  uint64_t parked = 0;
  for (const auto& [position, judgement] : replica.judgements()) {
    parked += absl::string_view(judgement.visit_id()) == visit_id && judgement.verdict() == v1::VERDICT_QUARANTINED;
  }
  if (here > 0) {
    answer.add_lines(Count(here, "entry recorded for it is kept here and will be sent.",
                           "entries recorded for it are kept here and will be sent."));
  }
  if (safe > parked) {
    answer.add_lines(Count(safe - parked, "entry recorded for it here is safe at the office.",
                           "entries recorded for it here are safe at the office."));
  }
  if (parked > 0) {
    answer.add_lines(Count(parked, "entry recorded for it here waits at the office for somebody to look.",
                           "entries recorded for it here wait at the office for somebody to look."));
  }
}

// The office does not show it to this phone, and has not said why.
void ExplainNotHere(const Journal& journal, Replica& replica, v1::Explanation& answer) {
  std::vector<absl::string_view> signed_out;
  if (journal.identity().has_value()) {
    for (const v1::EnrolledTechnician& one : journal.identity()->signed_out()) signed_out.push_back(one.id());
  }
  answer.add_lines(signed_out.empty() ? "The office has never sent this visit to this phone."
                                      : "This visit is not on this phone.");
  if (!signed_out.empty()) {
    answer.add_lines(
        absl::StrCat("What was fetched for those who have signed out (", absl::StrJoin(signed_out, ", "),
                     ") was removed then, and it may have been among that: it comes back when they sign in "
                     "again."));
  }
  for (const FeedState& feed : replica.Feeds()) {
    if (feed.at_head && !feed.in_snapshot) continue;
    answer.add_lines("Not everything has been fetched yet; sync and look again.");
    return;
  }
  answer.add_lines(
      "Either nobody who is signed in here was given it, or it lies outside the days that a phone keeps (a week back "
      "and two weeks ahead), or there is no visit of this id.");
}

absl::Status ExplainVisit(Journal& journal, Replica& replica, absl::string_view id, v1::Explanation& answer) {
  std::optional<ShownVisit> shown;
  absl::StatusOr<v1::LocalVisit> visit = LocalView(journal, replica, shown).Visit(id);
  if (!visit.ok() && !absl::IsNotFound(visit.status())) return visit.status();
  if (visit.ok()) {
    ASSIGN_OR_RETURN(const std::optional<std::string> row, replica.Entity(v1::ENTITY_KIND_VISIT, id));
    answer.add_lines(row.has_value() ? "The visit is on this phone."
                                     : "The visit was opened on this phone; the office does not show it yet.");
    if (visit->own_entries() > 0) {
      answer.add_lines(absl::StrCat(visit->own_entries(), " of this phone's entries ",
                                    visit->own_entries() == 1 ? "is" : "are",
                                    " shown above what the office has sent."));
    }
    *answer.mutable_visit() = *std::move(visit);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::optional<LeftVisit> left, replica.Left(id));
  if (left.has_value()) {
    answer.add_lines(absl::StrCat(
        "The visit is no longer on this phone: ", left->reason.empty() ? "it left your scope" : left->reason, "."));
    if (!left->successor.empty()) answer.add_lines(absl::StrCat("It is now with ", left->successor, "."));
  } else if (replica.Feeds().empty()) {
    answer.add_lines("Nothing has been fetched from the office yet, so this phone cannot know the visit.");
    AddConnection(journal, replica, answer);
  } else {
    ExplainNotHere(journal, replica, answer);
  }
  RETURN_IF_ERROR(AddLane(replica, answer));
  AddOwnEntries(journal, replica, id, answer);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::Explanation> Explain(Journal& journal, Replica& replica, const v1::ExplainRequest& request) {
  v1::Explanation answer;
  switch (request.subject_case()) {
    case v1::ExplainRequest::kEntry:
      RETURN_IF_ERROR(ExplainEntry(journal, replica, request.entry(), answer));
      return answer;
    case v1::ExplainRequest::kVisitId:
      RETURN_IF_ERROR(ExplainVisit(journal, replica, request.visit_id(), answer));
      return answer;
    default:
      return absl::InvalidArgumentError("subject: name an entry or a visit_id");
  }
}

}  // namespace doorstep
