// What the host has not been told yet. Bounded: events of one kind about one thing are merged, and when nobody polls
// the oldest fall away and `overflowed` says so. An observer hears of a kind once, and again only after a poll has left
// none of that kind. Thread-safe: polling never waits for the core's queue.
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
  // Kinds of events are a set of bits, 1 << kind. From now on these are told, those that wait already at once; 0: none.
  // Returns the number of this watch.
  uint64_t Watch(uint32_t kinds);
  struct ToTell {
    uint32_t kinds = 0;  // 0: the log is closed.
    uint64_t watch = 0;
  };
  // Waits until there is something to tell. For one thread.
  ToTell NextToTell();
  // Wakes everybody who waits.
  void Close();

 private:
  Mutex mutex_;
  CondVar added_;
  std::deque<v1::PhoneEvent> events_ ABSL_GUARDED_BY(mutex_);
  uint32_t waiting_ ABSL_GUARDED_BY(mutex_) = 0;  // Kinds in events_.
  uint32_t watched_ ABSL_GUARDED_BY(mutex_) = 0;
  uint32_t told_ ABSL_GUARDED_BY(mutex_) = 0;  // Kinds of which the observer knows that they wait.
  uint64_t watch_ ABSL_GUARDED_BY(mutex_) = 0;
  bool overflowed_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_SESSION_EVENT_LOG_H_
