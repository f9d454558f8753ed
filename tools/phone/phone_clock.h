// The phone's clocks: the machine's own, or the machine's moved by a file that server and phones share.
// Wall and monotonic clock move together, as they would on a phone on which that much time has passed.
#ifndef DOORSTEP_TOOLS_PHONE_PHONE_CLOCK_H_
#define DOORSTEP_TOOLS_PHONE_PHONE_CLOCK_H_

#include <doorstep/doorstep.h>

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace doorstep::phone {

// Thread-safe. Must outlive the core that reads it.
class PhoneClock {
 public:
  // `shift_file` holds decimal microseconds and is read at every call; empty: the machine's own clocks.
  explicit PhoneClock(std::string shift_file);

  // FAILED_PRECONDITION when there is a shift file and it cannot be read. Later, a moment in which it cannot be read
  // keeps the shift of the moment before, so that time does not jump back.
  absl::Status Check();
  doorstep_clock_reading Now();
  doorstep_clock AsOption();

 private:
  bool ReadShift();

  const std::string shift_file_;
  std::string boot_id_;
  std::atomic<int64_t> shift_us_{0};
};

}  // namespace doorstep::phone

#endif  // DOORSTEP_TOOLS_PHONE_PHONE_CLOCK_H_
