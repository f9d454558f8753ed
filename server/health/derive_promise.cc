// Promises: kept, late, broken, overdue.
#include <algorithm>

#include "server/health/derive.h"

namespace doorstep::health {
namespace {

v1::Observation Observe(v1::Signal signal, const PromiseRecord& promise, int32_t day, int64_t value) {
  v1::Observation observation;
  observation.set_dimension(v1::DIMENSION_PROMISES);
  observation.set_signal(signal);
  observation.set_effective_day(day);
  observation.set_value(value);
  observation.set_aging(v1::AGING_FADES);
  // A promise without a known size is an ordinary one.
  observation.set_commitment_size(v1::CommitmentSize_IsValid(promise.size) &&
                                          promise.size != v1::COMMITMENT_SIZE_UNSPECIFIED
                                      ? promise.size
                                      : v1::COMMITMENT_SIZE_NORMAL);
  observation.set_source_id(promise.commitment_id);
  return observation;
}

}  // namespace

std::vector<v1::Observation> DerivePromise(const PromiseRecord& promise) {
  std::vector<v1::Observation> observations;
  const bool open = promise.state == v1::COMMITMENT_STATE_OPEN;
  if (promise.due_day.has_value() && !(open && promise.pending) && (open || promise.settled_day > *promise.due_day)) {
    observations.push_back(Observe(v1::SIGNAL_PROMISE_OVERDUE, promise, *promise.due_day, 0));
    observations.back().set_aging(v1::AGING_HELD_THEN_REPLACED);
    if (!open) observations.back().set_closed_day(promise.settled_day);
  }
  switch (promise.state) {
    case v1::COMMITMENT_STATE_KEPT:
      observations.push_back(Observe(v1::SIGNAL_PROMISE_KEPT, promise, promise.settled_day, 0));
      break;
    case v1::COMMITMENT_STATE_LATE: {
      const int32_t days = promise.due_day.has_value() ? promise.settled_day - *promise.due_day : 0;
      observations.push_back(Observe(v1::SIGNAL_PROMISE_LATE, promise, promise.settled_day, std::max(0, days)));
      break;
    }
    case v1::COMMITMENT_STATE_BROKEN:
      observations.push_back(Observe(v1::SIGNAL_PROMISE_BROKEN, promise, promise.settled_day, 0));
      break;
    default:  // Open, or waived by the customer: nobody broke it.
      break;
  }
  return observations;
}

}  // namespace doorstep::health
