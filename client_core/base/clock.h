// Time as an argument: nothing in Doorstep asks the system for the time but SystemClock.
#ifndef DOORSTEP_CLIENT_CORE_BASE_CLOCK_H_
#define DOORSTEP_CLIENT_CORE_BASE_CLOCK_H_

#include <cstdint>
#include <string>

namespace doorstep {

// What a machine's clocks say at one moment.
struct ClockReading {
  int64_t wall_time_us = 0;  // Unix microseconds UTC.
  int64_t monotonic_us = 0;  // Runs while the machine sleeps; starts anew with each boot.
  int32_t utc_offset_s = 0;  // -50400 to 50400.
  std::string boot_id;       // 1 to 36 bytes.
};

// Thread-safe. Two implementations: the system's clocks, and clocks that tests, hosts and the demo set.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual ClockReading Now() = 0;
};

// CLOCK_REALTIME, CLOCK_BOOTTIME, the local zone's offset and the kernel's boot id.
class SystemClock final : public Clock {
 public:
  SystemClock();
  ClockReading Now() override;

 private:
  const std::string boot_id_;
};

// The system's clocks moved by the microseconds that stand, as decimal text, in `path`; read again at every call, so
// that several processes can share one moving clock. An unreadable file counts as 0.
class ShiftedClock final : public Clock {
 public:
  explicit ShiftedClock(std::string path);
  ClockReading Now() override;

 private:
  const std::string path_;
  SystemClock system_;
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_BASE_CLOCK_H_
