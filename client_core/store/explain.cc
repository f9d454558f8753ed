#include "client_core/store/explain.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/status.h"
#include "client_core/rules/verdicts.h"
#include "client_core/store/entry_status.h"
#include "client_core/store/local_view.h"

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

absl::Status ExplainEntry(Journal& journal, Replica& replica, const v1::JournalPosition& position,
                          v1::Explanation& answer) {
  ASSIGN_OR_RETURN(v1::EntryStatus entry, StatusOfEntry(journal, replica, position));
  answer.add_lines(StageInWords(entry));
  if (!entry.judgement().message().empty()) answer.add_lines(entry.judgement().message());
  if (!entry.judgement().next().empty()) answer.add_lines(entry.judgement().next());
  if (entry.has_moved_to()) {
    answer.add_lines(
        absl::StrCat("The journal moved on to a new epoch; there it is entry ", FormatPosition(entry.moved_to()), "."));
  }
  answer.add_lines(absl::StrCat("Source: entry ", FormatPosition(position), ", ", entry.fact(), " by ", entry.author(),
                                entry.visit_id().empty() ? "" : absl::StrCat(" on visit ", entry.visit_id()), "."));
  *answer.mutable_entry() = std::move(entry);
  return absl::OkStatus();
}

uint64_t OwnEntries(const Journal& journal, absl::string_view visit_id) {
  uint64_t own = 0;
  for (const auto& [epoch, entries] : journal.PendingOf(visit_id)) own += entries.size();
  return own;
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
      answer.add_lines(
          absl::StrCat(visit->own_entries(), " of this phone's entries are shown above what the office has sent."));
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
  } else {
    answer.add_lines("The office has never sent this visit to this phone.");
    for (const FeedState& feed : replica.Feeds()) {
      if (feed.at_head && !feed.in_snapshot) continue;
      answer.add_lines("Not everything has been fetched yet; sync and look again.");
      break;
    }
  }
  const uint64_t own = OwnEntries(journal, id);
  if (own > 0) answer.add_lines(absl::StrCat(own, " entries recorded for it here are kept and will be sent."));
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
