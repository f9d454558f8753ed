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
    case v1::PhoneEvent::KIND_TECHNICIANS_CHANGED:
    case v1::PhoneEvent::KIND_DISK:
      return true;
    case v1::PhoneEvent::KIND_VISIT_CHANGED:
      return later.visit_id() == earlier.visit_id();
    default:
      return false;
  }
}

uint32_t BitOf(const v1::PhoneEvent& event) { return uint32_t{1} << (static_cast<uint32_t>(event.kind()) & 31); }

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
  waiting_ |= BitOf(event);
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
  waiting_ = 0;
  for (const v1::PhoneEvent& left : events_) waiting_ |= BitOf(left);
  told_ &= waiting_;
  response.set_overflowed(overflowed_);
  overflowed_ = false;
  return response;
}

uint64_t EventLog::Watch(uint32_t kinds) {
  MutexLock lock(&mutex_);
  watched_ = kinds;
  told_ = 0;
  added_.NotifyAll();
  return ++watch_;
}

EventLog::ToTell EventLog::NextToTell() {
  MutexLock lock(&mutex_);
  while (!closed_ && (waiting_ & watched_ & ~told_) == 0) added_.Wait(&mutex_);
  if (closed_) return ToTell();
  const ToTell news{waiting_ & watched_ & ~told_, watch_};
  told_ |= news.kinds;
  return news;
}

void EventLog::Close() {
  MutexLock lock(&mutex_);
  closed_ = true;
  added_.NotifyAll();
}

}  // namespace doorstep
