// A place for one answer that one thread waits for and another sets. Shared by both, so that either may leave first.
#ifndef DOORSTEP_CLIENT_CORE_SESSION_ANSWER_H_
#define DOORSTEP_CLIENT_CORE_SESSION_ANSWER_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "client_core/base/mutex.h"

namespace doorstep {

// For waits of this process. Not the core's clock: that one is whatever a host or a demo makes of time.
inline int64_t SteadyMicros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

template <typename T>
class Answer {
 public:
  // The first answer stays.
  void Set(absl::StatusOr<T> value) {
    MutexLock lock(&mutex_);
    if (!value_.has_value()) value_ = std::move(value);
    set_.NotifyAll();
  }

  // DEADLINE_EXCEEDED with `late` as its message when nobody answers in time.
  absl::StatusOr<T> Wait(int64_t timeout_us, absl::string_view late) {
    const int64_t deadline_us = SteadyMicros() + timeout_us;
    MutexLock lock(&mutex_);
    while (!value_.has_value()) {
      const int64_t left_us = deadline_us - SteadyMicros();
      if (left_us <= 0) return absl::DeadlineExceededError(late);
      set_.WaitFor(&mutex_, left_us);
    }
    return *std::move(value_);
  }

 private:
  Mutex mutex_;
  CondVar set_;
  std::optional<absl::StatusOr<T>> value_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_SESSION_ANSWER_H_
