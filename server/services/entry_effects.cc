#include "server/services/entry_effects.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "client_core/base/ids.h"
#include "client_core/base/status.h"
#include "client_core/rules/entry_check.h"
#include "client_core/rules/verdicts.h"
#include "server/services/account_health.h"

namespace doorstep {
namespace {

// Which contributions a fact can stand behind: those with this source (or, when `related` is set, that name it
// second), in these signals.
struct Behind {
  std::string source_id;
  bool related = false;
  v1::Signal first = v1::SIGNAL_UNSPECIFIED;
  v1::Signal last = v1::SIGNAL_UNSPECIFIED;
};

// UNSPECIFIED signals: this kind of fact never moves health.
Behind WhatItMoves(const v1::LogEntry& entry, const v1::JournalPosition& position, absl::string_view visit_id) {
  const std::string visit(visit_id);
  switch (entry.fact_case()) {
    case v1::LogEntry::kOutcomeReported:
    case v1::LogEntry::kNoAccess:
      return {visit, true, v1::SIGNAL_OUTCOME_RESOLVED, v1::SIGNAL_REPEAT_VISIT_AGAIN};
    case v1::LogEntry::kArrived:
    case v1::LogEntry::kWorkStarted:
      return {visit, false, v1::SIGNAL_ARRIVAL_IN_WINDOW, v1::SIGNAL_ARRIVAL_MISSED};
    case v1::LogEntry::kFeedbackCaptured:
      return {FormatPosition(position), false, v1::SIGNAL_CES, v1::SIGNAL_PRAISE};
    case v1::LogEntry::kCommitmentMade:
      return {entry.commitment_made().commitment().id(), false, v1::SIGNAL_PROMISE_KEPT, v1::SIGNAL_PROMISE_OVERDUE};
    case v1::LogEntry::kCommitmentFulfilled:
      return {entry.commitment_fulfilled().commitment_id(), false, v1::SIGNAL_PROMISE_KEPT, v1::SIGNAL_PROMISE_OVERDUE};
    case v1::LogEntry::kCorrection:
      return WhatItMoves(entry.correction().replacement(), position, visit_id);
    default:
      return {};
  }
}

bool StandsBehind(const Behind& behind, const v1::Contribution& contribution) {
  if (contribution.signal() < behind.first || contribution.signal() > behind.last) return false;
  return contribution.source_id() == behind.source_id ||
         (behind.related && contribution.related_id() == behind.source_id);
}

// "-0.884": all three digits, as where the account's health is explained.
std::string SignedPoints(int64_t thousandths) {
  const int64_t size = thousandths < 0 ? -thousandths : thousandths;
  return absl::StrFormat("%s%d.%03d", thousandths < 0 ? "-" : "+", size / 1000, size % 1000);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> EffectsOfEntry(SqlSession& sql, const v1::ReceivedEntry& received,
                                                        const v1::Visit& visit, int32_t day) {
  std::vector<std::string> effects;
  const v1::Verdict verdict = received.judgement().verdict();
  if (!Counts(verdict)) {
    effects.push_back("It moves nothing: it does not count.");
    return effects;
  }
  // What the office recorded moves what the parked entry would have moved, in its place.
  const Behind behind =
      WhatItMoves(received.entry(), received.has_repairs() ? received.repairs() : received.position(), visit.id());
  if (behind.first == v1::SIGNAL_UNSPECIFIED) {
    const std::string fact = absl::StrReplaceAll(FactName(received.entry().fact_case()), {{"_", " "}});
    effects.push_back(absl::StrCat("It moves no health: \"", fact, "\" is kept with the visit and nothing more."));
    return effects;
  }
  ASSIGN_OR_RETURN(const health::Explanation explanation, ExplainHealth(sql, {visit.account_id(), day, 0}));
  for (const v1::Contribution& contribution : explanation.contributions) {
    if (!StandsBehind(behind, contribution)) continue;
    effects.push_back(absl::StrCat(contribution.text(), ": ", SignedPoints(contribution.points_thousandths()),
                                   " points for account ", visit.account_id()));
  }
  if (effects.empty()) effects.push_back("It has moved no health so far: nothing it says counts on this day.");
  return effects;
}

}  // namespace doorstep
