// Any observations that could have been derived, for properties that hold for all of them.
#pragma once

#include <random>
#include <vector>

#include "tests/unit/server/health/observations.h"

namespace doorstep::health {

inline v1::Observation RandomObservation(std::mt19937_64& random) {
  // The remainder, not a distribution: those differ between standard libraries.
  const auto below = [&](uint64_t bound) { return static_cast<int64_t>(random() % bound); };
  const auto signal = static_cast<v1::Signal>(1 + below(v1::Signal_MAX));
  const v1::HealthModel::SignalModel& figures = *Model::Default().signal(signal);
  const int64_t value =
      figures.scale_high() == 0
          ? below(40)
          : figures.scale_low() + below(static_cast<uint64_t>(figures.scale_high() - figures.scale_low() + 1));
  const int32_t day = static_cast<int32_t>(19000 + below(1200));
  v1::Observation observation = Observed(signal, day, absl::StrCat("S-", below(25)), value);
  const bool answer = signal == v1::SIGNAL_CES || signal == v1::SIGNAL_CSAT || signal == v1::SIGNAL_NPS;
  if (answer) observation.set_feedback_mode(static_cast<v1::FeedbackMode>(below(v1::FeedbackMode_MAX + 1)));
  if (observation.dimension() == v1::DIMENSION_PROMISES) {
    observation.set_commitment_size(static_cast<v1::CommitmentSize>(below(v1::CommitmentSize_MAX + 1)));
  }
  observation.set_aging(static_cast<v1::Aging>(1 + below(v1::Aging_MAX)));
  if (observation.aging() != v1::AGING_FADES && below(3) != 0) {
    observation.set_closed_day(day + static_cast<int32_t>(below(200)));
  }
  return observation;
}

inline std::vector<v1::Observation> RandomObservations(int count, std::mt19937_64& random) {
  std::vector<v1::Observation> observations;
  for (int i = 0; i < count; ++i) observations.push_back(RandomObservation(random));
  return observations;
}

}  // namespace doorstep::health
