#include "server/doubting_clock.h"

#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"

namespace doorstep {
namespace {

bool IsLeap(int64_t from_us, int64_t to_us) { return std::abs(to_us - from_us) > limits::kClockLeapUs; }

}  // namespace

DoubtingClock::DoubtingClock(std::unique_ptr<Clock> clock, LogSink log)
    : clock_(std::move(clock)), log_(std::move(log)) {
  const ClockReading reading = clock_->Now();
  believed_ = said_ = {reading.wall_time_us - reading.monotonic_us, reading.monotonic_us};
}

ClockReading DoubtingClock::Now() {
  MutexLock lock(&mutex_);
  ClockReading reading = clock_->Now();
  const int64_t now_us = reading.monotonic_us;
  const int64_t ahead_us = reading.wall_time_us - now_us;
  const bool leapt = IsLeap(said_.ahead_us, ahead_us);
  if (leapt) said_.since_us = now_us;
  said_.ahead_us = ahead_us;
  if (!IsLeap(believed_.ahead_us, ahead_us)) {
    believed_.ahead_us = ahead_us;  // Slewed, or back where it was.
  } else if (now_us - believed_.since_us < limits::kClockConfirmedUs ||
             now_us - said_.since_us >= limits::kClockConfirmedUs) {
    Log(log_, LogLevel::kWarning,
        absl::StrCat("the clock was set by ", (ahead_us - believed_.ahead_us) / 1000000, " s"));
    believed_ = said_;
  } else if (leapt) {
    Log(log_, LogLevel::kWarning,
        absl::StrCat("the clock has leapt by ", (ahead_us - believed_.ahead_us) / 1000000,
                     " s: the server goes by the time of before until the clock has said so for ",
                     limits::kClockConfirmedUs / 60000000, " minutes, or the server is started anew"));
  }
  reading.wall_time_us = now_us + believed_.ahead_us;
  return reading;
}

}  // namespace doorstep
