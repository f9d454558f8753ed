// What the host has not been told yet. Bounded: events of one kind about one thing are merged, and when nobody polls
// the oldest fall away and `overflowed` says so. Thread-safe: polling never waits for the core's queue.
#ifndef DOORSTEP_CLIENT_CORE_SESSION_EVENT_LOG_H_
#define DOORSTEP_CLIENT_CORE_SESSION_EVENT_LOG_H_

#include <cstddef>
#include <cstdint>
#include <deque>

#include "absl/status/statusor.h"
#include "client_core/base/mutex.h"
#include "doorstep/v1/client.pb.h"

namespace doorstep {

class EventLog {
 public:
  static constexpr size_t kEventsMax = 256;

  void Add(v1::PhoneEvent event);
  // At most `max` events, waiting up to `timeout_ms` for the first. CANCELLED when the core is being closed.
  absl::StatusOr<v1::EventsPollResponse> Poll(uint32_t max, uint32_t timeout_ms);
  // Wakes every waiting Poll.
  void Close();

 private:
  Mutex mutex_;
  CondVar added_;
  std::deque<v1::PhoneEvent> events_ ABSL_GUARDED_BY(mutex_);
  bool overflowed_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_SESSION_EVENT_LOG_H_
