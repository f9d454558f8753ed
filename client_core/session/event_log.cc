#include "client_core/session/event_log.h"

#include <algorithm>
#include <utility>

#include "client_core/session/answer.h"

namespace doorstep {
namespace {

// The later of two such events says all that the earlier one said.
bool Covers(const v1::PhoneEvent& later, const v1::PhoneEvent& earlier) {
  if (later.kind() != earlier.kind()) return false;
  switch (later.kind()) {
    case v1::PhoneEvent::KIND_ENTRIES_SAFE:
    case v1::PhoneEvent::KIND_ENTRIES_COUNTED:
    case v1::PhoneEvent::KIND_SYNC_STATE:
      return true;
    case v1::PhoneEvent::KIND_VISIT_CHANGED:
      return later.visit_id() == earlier.visit_id();
    default:
      return false;
  }
}

}  // namespace

void EventLog::Add(v1::PhoneEvent event) {
  MutexLock lock(&mutex_);
  if (closed_) return;
  const auto covered = std::find_if(events_.begin(), events_.end(),
                                    [&event](const v1::PhoneEvent& earlier) { return Covers(event, earlier); });
  if (covered != events_.end()) events_.erase(covered);
  if (events_.size() >= kEventsMax) {
    events_.pop_front();
    overflowed_ = true;
  }
  events_.push_back(std::move(event));
  added_.NotifyAll();
}

absl::StatusOr<v1::EventsPollResponse> EventLog::Poll(uint32_t max, uint32_t timeout_ms) {
  v1::EventsPollResponse response;
  const int64_t deadline_us = SteadyMicros() + int64_t{timeout_ms} * 1000;
  MutexLock lock(&mutex_);
  while (events_.empty() && !closed_) {
    const int64_t left_us = deadline_us - SteadyMicros();
    if (left_us <= 0) break;
    added_.WaitFor(&mutex_, left_us);
  }
  if (closed_) return absl::CancelledError("the core is being closed");
  for (uint32_t i = 0; i < max && !events_.empty(); ++i) {
    *response.add_events() = std::move(events_.front());
    events_.pop_front();
  }
  response.set_overflowed(overflowed_);
  overflowed_ = false;
  return response;
}

void EventLog::Close() {
  MutexLock lock(&mutex_);
  closed_ = true;
  added_.NotifyAll();
}

}  // namespace doorstep
