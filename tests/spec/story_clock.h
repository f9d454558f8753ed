// The time of a story. It stands still until a step moves it, so a story comes out the same on every machine.
#ifndef DOORSTEP_TESTS_SPEC_STORY_CLOCK_H_
#define DOORSTEP_TESTS_SPEC_STORY_CLOCK_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client_core/base/clock.h"

namespace doorstep::spec {

// Begins on Monday, 2 March 2026, 06:00 UTC. Thread-safe.
class StoryClock final : public Clock {
 public:
  StoryClock();

  // The server's clocks. Phones have their own, made from now_us().
  ClockReading Now() override;
  int64_t now_us() const { return now_us_; }

  // Story time never runs backwards: INVALID_ARGUMENT.
  absl::Status MoveTo(int64_t time_us);
  void Advance(int64_t micros) { now_us_ += micros; }

  // The instant of "today", "tomorrow" or a weekday yet to come, at "08:05".
  absl::StatusOr<int64_t> Instant(const std::string& day, const std::string& time) const;

 private:
  std::atomic<int64_t> now_us_;
};

}  // namespace doorstep::spec

#endif  // DOORSTEP_TESTS_SPEC_STORY_CLOCK_H_
