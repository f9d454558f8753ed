// Effort: did they come when they said they would?
#include "server/health/derive.h"

namespace doorstep::health {
namespace {

constexpr int64_t kMinuteUs = int64_t{60} * 1000 * 1000;

v1::Observation Observe(v1::Signal signal, const VisitEffort& visit, int32_t day, int64_t value) {
  v1::Observation observation;
  observation.set_dimension(v1::DIMENSION_EFFORT);
  observation.set_signal(signal);
  observation.set_effective_day(day);
  observation.set_value(value);
  observation.set_aging(v1::AGING_FADES);
  observation.set_source_id(visit.visit_id);
  return observation;
}

std::optional<v1::Observation> ObserveArrival(const VisitEffort& visit) {
  if (!visit.promised.has_value()) return std::nullopt;
  const PromisedWindow& window = *visit.promised;
  if (!visit.arrival.has_value()) {
    if (visit.window_pending) return std::nullopt;
    return Observe(v1::SIGNAL_ARRIVAL_MISSED, visit, window.end_day, 0);
  }
  const Arrival& arrival = *visit.arrival;
  if (arrival.suspect) return std::nullopt;
  // The customer waited in vain and no later arrival takes that back, so the miss keeps its own day.
  const bool another_day = arrival.day > window.end_day && arrival.time_us > window.end_us + kPunctualityGraceUs;
  if (another_day) return Observe(v1::SIGNAL_ARRIVAL_MISSED, visit, window.end_day, 0);
  if (arrival.time_us > window.end_us) {
    return Observe(v1::SIGNAL_ARRIVAL_LATE, visit, arrival.day, (arrival.time_us - window.end_us) / kMinuteUs);
  }
  if (arrival.time_us < window.start_us - kPunctualityGraceUs) {
    return Observe(v1::SIGNAL_ARRIVAL_EARLY, visit, arrival.day, (window.start_us - arrival.time_us) / kMinuteUs);
  }
  return Observe(v1::SIGNAL_ARRIVAL_IN_WINDOW, visit, arrival.day, 0);
}

}  // namespace

std::vector<v1::Observation> DeriveVisit(const VisitEffort& visit) {
  std::vector<v1::Observation> observations;
  if (std::optional<v1::Observation> arrival = ObserveArrival(visit); arrival.has_value()) {
    observations.push_back(*std::move(arrival));
  }
  int64_t move = 0;
  for (const int32_t day : visit.moved_by_us_days) {
    observations.push_back(Observe(v1::SIGNAL_RESCHEDULED_BY_US, visit, day, ++move));
  }
  return observations;
}

}  // namespace doorstep::health
