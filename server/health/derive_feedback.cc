// What the customer says: CES speaks about effort, CSAT and NPS about sentiment.
#include "server/health/derive.h"

namespace doorstep::health {
namespace {

struct Scale {
  v1::QuestionKind question;
  v1::Signal signal;
  v1::Dimension dimension;
  uint32_t low;
  uint32_t high;
};

constexpr Scale kScales[] = {
    {v1::QUESTION_KIND_CES, v1::SIGNAL_CES, v1::DIMENSION_EFFORT, 1, 7},
    {v1::QUESTION_KIND_CSAT, v1::SIGNAL_CSAT, v1::DIMENSION_SENTIMENT, 1, 5},
    {v1::QUESTION_KIND_NPS, v1::SIGNAL_NPS, v1::DIMENSION_SENTIMENT, 0, 10},
};

// A mode that this program does not know counts as the one in which the most is lost on the way.
v1::FeedbackMode KnownMode(v1::FeedbackMode mode) {
  const bool known = v1::FeedbackMode_IsValid(mode) && mode != v1::FEEDBACK_MODE_UNSPECIFIED;
  return known ? mode : v1::FEEDBACK_MODE_TRANSCRIBED_BY_TECHNICIAN;
}

}  // namespace

std::vector<v1::Observation> DeriveFeedback(absl::string_view feedback_id, absl::string_view visit_id, int32_t day,
                                            const v1::Feedback& feedback) {
  std::vector<v1::Observation> observations;
  for (const Scale& scale : kScales) {
    for (const v1::Answer& answer : feedback.answers()) {
      if (answer.kind() != scale.question) continue;
      if (answer.value() >= scale.low && answer.value() <= scale.high) {
        v1::Observation& observation = observations.emplace_back();
        observation.set_dimension(scale.dimension);
        observation.set_signal(scale.signal);
        observation.set_effective_day(day);
        observation.set_value(answer.value());
        observation.set_aging(v1::AGING_FADES);
        observation.set_feedback_mode(KnownMode(feedback.mode()));
        observation.set_source_id(std::string(feedback_id));
        observation.set_related_id(std::string(visit_id));
      }
      break;  // Asking one thing twice does not make it count twice.
    }
  }
  return observations;
}

}  // namespace doorstep::health
