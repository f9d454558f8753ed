// What a technician's facts do to a visit.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/rules/visit_folder.h"

namespace doorstep {

using Fact = v1::LogEntry;

void VisitFolder::StepsImplied(const v1::FoldFact& fact, const v1::Assignment& a) {
  Raise(v1::ATTENTION_FLAG_STEPS_IMPLIED, WithTrip(fact.author(), a.trips()), {&fact.position()});
}

v1::Assignment& VisitFolder::Author(const v1::FoldFact& fact) {
  for (v1::Assignment& a : *visit_.mutable_assignments()) {
    if (a.technician_id() == fact.author()) return a;
  }
  // Somebody worked whom the office had not sent: it happened, so it counts, and the office should look.
  Raise(v1::ATTENTION_FLAG_NOT_ASSIGNED, fact.author(), {&fact.position()});
  return Expect(fact.author(), FindLead(visit_) == nullptr ? v1::ASSIGNMENT_ROLE_LEAD : v1::ASSIGNMENT_ROLE_MEMBER, 0);
}

void VisitFolder::NoteInstant(int64_t& instant_us, const v1::FoldFact& fact, v1::Assignment& a) {
  if (instant_us != 0) return;
  instant_us = fact.time().time_us();
  a.set_time_quality(std::max(a.time_quality(), fact.time().quality()));
}

// Whoever comes after having left comes again: what is flagged then is another matter, which nobody has looked at.
void VisitFolder::NoteTrip(const v1::FoldFact& fact, v1::Assignment& a) {
  const bool comes =
      fact.kind() == Fact::kArrived || fact.kind() == Fact::kWorkStarted || fact.kind() == Fact::kResumed;
  const bool again = comes && gone_.erase(fact.author()) > 0;
  if (a.trips() > 0 && !again) return;
  a.set_trips(a.trips() + 1);
  first_on_site_.erase(fact.author());
  work_began_.erase(fact.author());
  after_cancel_.erase(fact.author());
}

void VisitFolder::Amend(const v1::FoldFact& fact) {
  if (!closed_) return;
  Raise(v1::ATTENTION_FLAG_AMENDED, absl::StrCat(fact.author(), " from ", FormatPosition(fact.position())),
        {&fact.position()});
}

void VisitFolder::NoteLeaving(const v1::FoldFact& fact) { gone_.insert(fact.author()); }

void VisitFolder::NoteOnSite(const v1::FoldFact& fact, v1::Assignment& a) {
  NoteTrip(fact, a);
  on_site_.insert(fact.author());
  first_on_site_.try_emplace(fact.author(), fact.position());
  if (office_ == v1::VISIT_STATE_CANCELED) after_cancel_.try_emplace(fact.author(), fact.position());
  // Of a whole fold the close says what was seen; whoever lays a fact over a closed visit knows that nobody has.
  if (laid_over_) Amend(fact);
  visit_.set_utc_offset_s(fact.time().utc_offset_s());
}

void VisitFolder::BeginWork(v1::Assignment& a, const v1::FoldFact& fact) {
  work_began_.try_emplace(fact.author(), fact.position());
  int64_t arrived_us = a.arrived_time_us();
  NoteInstant(arrived_us, fact, a);  // Who works has arrived.
  // An implied arrival says nothing about punctuality.
  if (a.arrived_time_us() == 0) a.set_time_quality(v1::CLOCK_QUALITY_SUSPECT);
  a.set_arrived_time_us(arrived_us);
  int64_t started_us = a.work_started_time_us();
  NoteInstant(started_us, fact, a);
  a.set_work_started_time_us(started_us);
}

void VisitFolder::ReportOutcome(v1::Assignment& a, const v1::FoldFact& fact, const v1::Outcome& outcome,
                                bool finished) {
  if (!OnSite(a)) StepsImplied(fact, a);
  outcome_reported_[fact.author()] = fact.position();
  *a.mutable_outcome() = outcome;
  if (a.outcome().asset_id().empty() && visit_.asset_ids_size() > 0) {
    a.mutable_outcome()->set_asset_id(visit_.asset_ids(0));
  }
  if (!finished) return;
  a.set_state(v1::ASSIGNMENT_STATE_DONE);
  NoteLeaving(fact);
  int64_t ended_us = a.ended_time_us();
  NoteInstant(ended_us, fact, a);
  a.set_ended_time_us(ended_us);
}

void VisitFolder::Apply(const v1::FoldFact& fact) {
  v1::Assignment& a = Author(fact);
  const v1::AssignmentState before = a.state();
  const int64_t time_us = fact.time().time_us();
  switch (fact.kind()) {
    case Fact::kAccepted:
      if (!Started(a)) a.set_state(v1::ASSIGNMENT_STATE_ACCEPTED);
      if (a.accepted_time_us() == 0) a.set_accepted_time_us(time_us);
      return;
    case Fact::kRejected:
      if (!Started(a)) a.set_state(v1::ASSIGNMENT_STATE_REJECTED);
      ++rejections_[fact.author()];
      return;
    case Fact::kTravelStarted: {
      const bool expected = !Started(a) || before == v1::ASSIGNMENT_STATE_PAUSED;
      if (expected)
        a.set_state(v1::ASSIGNMENT_STATE_EN_ROUTE);
      else
        StepsImplied(fact, a);
      if (a.travel_started_time_us() == 0) a.set_travel_started_time_us(time_us);
      return;
    }
    case Fact::kArrived: {
      NoteOnSite(fact, a);
      if (!OnSite(a)) a.set_state(v1::ASSIGNMENT_STATE_ON_SITE);
      int64_t arrived_us = a.arrived_time_us();
      NoteInstant(arrived_us, fact, a);
      a.set_arrived_time_us(arrived_us);
      return;
    }
    case Fact::kWorkStarted:
    case Fact::kResumed:
      NoteOnSite(fact, a);
      if (fact.kind() == Fact::kResumed && before != v1::ASSIGNMENT_STATE_PAUSED) {
        StepsImplied(fact, a);
      }
      if (before != v1::ASSIGNMENT_STATE_DONE)
        a.set_state(v1::ASSIGNMENT_STATE_IN_PROGRESS);
      else
        StepsImplied(fact, a);
      BeginWork(a, fact);
      return;
    case Fact::kPaused:
      NoteOnSite(fact, a);
      if (before != v1::ASSIGNMENT_STATE_IN_PROGRESS) StepsImplied(fact, a);
      if (before != v1::ASSIGNMENT_STATE_DONE) a.set_state(v1::ASSIGNMENT_STATE_PAUSED);
      BeginWork(a, fact);
      return;
    case Fact::kWorkEnded: {
      NoteOnSite(fact, a);
      if (!OnSite(a)) StepsImplied(fact, a);
      BeginWork(a, fact);
      int64_t ended_us = a.ended_time_us();
      NoteInstant(ended_us, fact, a);
      a.set_ended_time_us(ended_us);
      // A lead is done with the outcome; who helps is done when the work is.
      if (a.role() != v1::ASSIGNMENT_ROLE_LEAD)
        a.set_state(v1::ASSIGNMENT_STATE_DONE);
      else if (before != v1::ASSIGNMENT_STATE_DONE)
        a.set_state(v1::ASSIGNMENT_STATE_ON_SITE);
      return;
    }
    case Fact::kDeparted:
      NoteOnSite(fact, a);
      if (!OnSite(a)) StepsImplied(fact, a);
      a.set_state(v1::ASSIGNMENT_STATE_DONE);
      NoteLeaving(fact);
      if (a.ended_time_us() == 0) a.set_ended_time_us(time_us);
      return;
    case Fact::kNoAccess: {
      NoteOnSite(fact, a);
      v1::Outcome outcome;
      outcome.set_code(v1::OUTCOME_CODE_NO_ACCESS);
      if (!a.has_outcome()) ReportOutcome(a, fact, outcome, /*finished=*/true);
      return;
    }
    case Fact::kOutcomeReported:
      NoteOnSite(fact, a);
      ReportOutcome(a, fact, fact.outcome(), fact.finished());
      return;
    case Fact::kPartUsed:
      visit_.set_parts_used_milli(visit_.parts_used_milli() + fact.amount());
      return;
    case Fact::kPartReturned:
      visit_.set_parts_used_milli(visit_.parts_used_milli() - fact.amount());
      return;
    case Fact::kTimeSpent:
      visit_.set_labour_min(visit_.labour_min() + static_cast<uint32_t>(fact.amount()));
      return;
    case Fact::kSignatureCaptured:
    case Fact::kSignatureWaived:
      visit_.set_signature_recorded(true);
      return;
    case Fact::kFeedbackCaptured:
      visit_.set_feedback(v1::FEEDBACK_STATE_CAPTURED);
      answered_.emplace_back(fact.author(), fact.position());
      return;
    case Fact::kFeedbackDeclined:
      if (visit_.feedback() == v1::FEEDBACK_STATE_UNSPECIFIED) visit_.set_feedback(v1::FEEDBACK_STATE_DECLINED);
      return;
    default:
      return;
  }
}

}  // namespace doorstep
