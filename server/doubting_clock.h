// The server's wall clock, with doubts: commits are ordered by it, so one instant at which somebody has set it far
// ahead would stand in front of everything that comes later.
//
// Invariants: a leap, which is a move of more than limits::kClockLeapUs against the machine's monotonic clock, is not
// believed until the clock has kept to it for limits::kClockConfirmedUs; meanwhile time goes on as before. What has not
// been confirmed itself, as after the start, gives way at once.
#ifndef DOORSTEP_SERVER_DOUBTING_CLOCK_H_
#define DOORSTEP_SERVER_DOUBTING_CLOCK_H_

#include <cstdint>
#include <memory>

#include "client_core/base/clock.h"
#include "client_core/base/log.h"
#include "client_core/base/mutex.h"

namespace doorstep {

class DoubtingClock final : public Clock {
 public:
  // A warning goes to `log` when a doubt begins and when the clock moves after all.
  DoubtingClock(std::unique_ptr<Clock> clock, LogSink log);
  ClockReading Now() override;

 private:
  // A wall clock, by its distance to the monotonic one.
  struct Setting {
    int64_t ahead_us = 0;
    int64_t since_us = 0;  // Monotonic.
  };

  const std::unique_ptr<Clock> clock_;
  const LogSink log_;
  Mutex mutex_;
  Setting believed_ ABSL_GUARDED_BY(mutex_);
  Setting said_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_DOUBTING_CLOCK_H_
