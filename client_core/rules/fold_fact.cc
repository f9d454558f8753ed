#include "client_core/rules/fold_fact.h"

namespace doorstep {

using Fact = v1::LogEntry;

bool BearsState(Fact::FactCase fact) {
  switch (fact) {
    case Fact::kTravelStarted:
    case Fact::kArrived:
    case Fact::kSafetyAssessed:
    case Fact::kWorkStarted:
    case Fact::kPaused:
    case Fact::kResumed:
    case Fact::kWorkEnded:
    case Fact::kDeparted:
    case Fact::kAccepted:
    case Fact::kRejected:
    case Fact::kNoAccess:
    case Fact::kPartUsed:
    case Fact::kPartReturned:
    case Fact::kTimeSpent:
    case Fact::kOutcomeReported:
    case Fact::kSignatureCaptured:
    case Fact::kSignatureWaived:
    case Fact::kFeedbackCaptured:
    case Fact::kFeedbackDeclined:
    case Fact::kCommitmentMade:
    case Fact::kCommitmentFulfilled:
    case Fact::kCorrection:
    case Fact::kRetraction:
      return true;
    default:
      return false;
  }
}

namespace {

void CopyOutcome(const v1::OutcomeReported& reported, v1::FoldFact& fact) {
  *fact.mutable_outcome() = reported.outcome();
  fact.mutable_outcome()->clear_summary();
  fact.set_finished(reported.finished());
}

void CopyFeedback(const v1::Feedback& feedback, v1::FoldFact& fact) {
  *fact.mutable_feedback() = feedback;
  for (v1::Answer& answer : *fact.mutable_feedback()->mutable_answers()) answer.clear_text();
}

void CopyCorrection(const v1::Correction& correction, v1::FoldFact& fact) {
  *fact.mutable_target() = correction.target();
  const v1::LogEntry& replacement = correction.replacement();
  if (!BearsState(replacement.fact_case())) return;
  v1::CorrectedTime time = fact.time();
  const bool has_time = replacement.time().wall_time_us() != 0;
  // The replacement's own time is the technician's word about the past: nothing can be said for its clock.
  if (has_time) {
    time.set_time_us(replacement.time().wall_time_us());
    time.set_utc_offset_s(replacement.time().utc_offset_s());
    time.set_quality(v1::CLOCK_QUALITY_SUSPECT);
  }
  *fact.mutable_replacement() = MakeFoldFact(replacement, fact.position(), fact.author(), time);
  fact.set_replacement_has_time(has_time);
}

}  // namespace

v1::FoldFact MakeFoldFact(const v1::LogEntry& entry, const v1::JournalPosition& position, absl::string_view author,
                          const v1::CorrectedTime& time) {
  v1::FoldFact fact;
  *fact.mutable_position() = position;
  fact.set_author(std::string(author));
  *fact.mutable_time() = time;
  fact.set_fold_time_us(time.time_us());
  fact.set_kind(static_cast<uint32_t>(entry.fact_case()));
  switch (entry.fact_case()) {
    case Fact::kOutcomeReported:
      CopyOutcome(entry.outcome_reported(), fact);
      break;
    case Fact::kSafetyAssessed:
      fact.set_safe(entry.safety_assessed().safe());
      break;
    case Fact::kPartUsed:
      fact.set_amount(entry.part_used().quantity_milli());
      break;
    case Fact::kPartReturned:
      fact.set_amount(entry.part_returned().quantity_milli());
      break;
    case Fact::kTimeSpent:
      fact.set_amount(entry.time_spent().minutes());
      break;
    case Fact::kFeedbackCaptured:
      CopyFeedback(entry.feedback_captured().feedback(), fact);
      break;
    case Fact::kCommitmentMade:
      *fact.mutable_commitment() = entry.commitment_made().commitment();
      break;
    case Fact::kCommitmentFulfilled:
      fact.set_commitment_id(entry.commitment_fulfilled().commitment_id());
      fact.set_commitment_state(entry.commitment_fulfilled().state());
      break;
    case Fact::kCorrection:
      // Depth is bounded by CheckEntry: a correction never replaces by a correction.
      CopyCorrection(entry.correction(), fact);
      break;
    case Fact::kRetraction:
      *fact.mutable_target() = entry.retraction().target();
      break;
    default:
      break;
  }
  return fact;
}

}  // namespace doorstep
