#include "server/apply/visit_effort.h"

#include <algorithm>
#include <string>
#include <utility>

#include "client_core/base/ids.h"
#include "client_core/base/status.h"
#include "client_core/rules/clock_correction.h"
#include "client_core/rules/visit_fold.h"
#include "server/apply/silence.h"
#include "server/apply/visit_projection.h"

namespace doorstep {
namespace {

bool IsFeedback(const v1::FoldFact& fact) { return fact.kind() == v1::LogEntry::kFeedbackCaptured; }

void DeriveAnswers(const GroupVisit& visit, std::vector<v1::Observation>& observations) {
  const auto concerns = [](const v1::FoldFact& fact) { return IsFeedback(fact) || IsFeedback(fact.replacement()); };
  const auto& own = visit.input.facts();
  const auto& credited = visit.input.credited();
  if (std::none_of(own.begin(), own.end(), concerns) && std::none_of(credited.begin(), credited.end(), concerns)) {
    return;
  }
  for (const v1::FoldFact* fact : EffectiveFacts(visit.input)) {
    if (!IsFeedback(*fact)) continue;
    const int32_t day = CivilDay(fact->time().time_us(), fact->time().utc_offset_s());
    std::vector<v1::Observation> answers =
        health::DeriveFeedback(FormatPosition(fact->position()), visit.id, day, fact->feedback());
    std::move(answers.begin(), answers.end(), std::back_inserter(observations));
  }
}

// Days on which the company moved a window it had promised, as far as the fold counts them.
std::vector<int32_t> DaysMovedByUs(const v1::FoldInput& input, const v1::Visit& visit) {
  std::vector<const v1::FoldCommand*> schedules;
  for (const v1::FoldCommand& command : input.commands()) {
    if (command.has_schedule()) schedules.push_back(&command);
  }
  std::sort(schedules.begin(), schedules.end(), [](const v1::FoldCommand* a, const v1::FoldCommand* b) {
    return std::make_pair(a->commit_us(), a->ordinal()) < std::make_pair(b->commit_us(), b->ordinal());
  });
  // The first one promised; of the others, the fold counted so many before facts overtook them.
  std::vector<int32_t> days;
  const int32_t offset_s = WindowOffsetSeconds(visit.promised());
  for (size_t i = 1; i < schedules.size() && days.size() < visit.rescheduled_count(); ++i) {
    days.push_back(CivilDay(schedules[i]->commit_us(), offset_s));
  }
  return days;
}

}  // namespace

absl::StatusOr<VisitEvidence> EvidenceOfVisit(Group& group, const GroupVisit& visit) {
  const v1::Visit& folded = visit.visit;
  VisitEvidence evidence;
  health::VisitEffort effort;
  effort.visit_id = visit.id;
  const v1::TimeWindow& promised = folded.promised();
  // Both days are the customer's: the phone may count in another zone than the window was promised in.
  const int32_t offset_s = promised.civil().empty() ? folded.utc_offset_s() : WindowOffsetSeconds(promised);
  if (promised.end_time_us() != 0 && folded.state() != v1::VISIT_STATE_CANCELED) {
    effort.promised = health::PromisedWindow{promised.start_time_us(), promised.end_time_us(),
                                             // A window until midnight belongs to the day before it.
                                             CivilDay(promised.end_time_us() - 1, offset_s)};
  }
  if (folded.arrived_time_us() != 0) {
    effort.arrival = health::Arrival{folded.arrived_time_us(), CivilDay(folded.arrived_time_us(), offset_s),
                                     folded.arrived_quality() == v1::CLOCK_QUALITY_SUSPECT};
  }
  if (effort.promised.has_value() && !effort.arrival.has_value() && !folded.miss_recorded()) {
    ASSIGN_OR_RETURN(effort.window_pending, IsSilent(group, folded, promised.end_time_us()));
    if (!effort.window_pending) {
      ASSIGN_OR_RETURN(const bool anybody, HasPhone(group, folded));
      effort.window_pending = !anybody;
    }
    if (effort.window_pending) evidence.pending_until_us = promised.end_time_us();
  } else {
    effort.window_pending = false;
  }
  effort.moved_by_us_days = DaysMovedByUs(visit.input, folded);
  evidence.observations = health::DeriveVisit(effort);
  DeriveAnswers(visit, evidence.observations);
  return evidence;
}

health::PromiseRecord PromiseOf(const CommitmentRow& row) {
  const v1::Commitment& commitment = row.commitment;
  health::PromiseRecord promise;
  promise.commitment_id = commitment.id();
  promise.size = commitment.size();
  promise.state = commitment.state();
  if (commitment.due_time_us() != 0) {
    promise.due_day = CivilDay(commitment.due_time_us(), commitment.utc_offset_s());
  }
  if (commitment.fulfilled_time_us() != 0) {
    promise.settled_day = CivilDay(commitment.fulfilled_time_us(), commitment.utc_offset_s());
  }
  promise.pending = row.pending_until_us != 0;
  return promise;
}

}  // namespace doorstep
