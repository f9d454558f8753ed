// Tells the host that something is waiting to be polled, on a thread kept for nothing else.
// Invariant: no lock is held while the host's code runs, so it may call whatever it likes but wait for its own end.
#ifndef DOORSTEP_CLIENT_CORE_SESSION_OBSERVER_H_
#define DOORSTEP_CLIENT_CORE_SESSION_OBSERVER_H_

#include <cstdint>
#include <functional>
#include <thread>

#include "client_core/base/mutex.h"
#include "client_core/session/event_log.h"

namespace doorstep {

class Observer {
 public:
  using Callback = std::function<void(uint32_t kinds)>;

  // `events` must outlive this object.
  explicit Observer(EventLog* events) : events_(events) {}
  // After the log was closed: waits until the callback has returned.
  ~Observer() { Stop(); }
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  // `kinds` as EventLog::Watch takes them. Empty: nobody observes any more. When it returns the callback before is not
  // running and will not be called again; called by that callback itself, it is its last call.
  void Set(Callback callback, uint32_t kinds);

  // As the destructor; repeating it does nothing.
  void Stop();

  // True in a callback of any observer.
  static bool IsCalling();

 private:
  void Run();

  EventLog* const events_;
  Mutex mutex_;
  CondVar idle_;
  Callback callback_ ABSL_GUARDED_BY(mutex_);
  uint64_t watch_ ABSL_GUARDED_BY(mutex_) = 0;
  bool running_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // Begun with the first callback.
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_SESSION_OBSERVER_H_
