#include "client_core/base/clock.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

namespace doorstep {
namespace {

int64_t ReadUs(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return int64_t{t.tv_sec} * 1000000 + t.tv_nsec / 1000;
}

// The first `max` bytes of a small file; empty when it cannot be read.
std::string ReadSmallFile(const char* path, size_t max) {
  std::string text(max, '\0');
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return "";
  const ssize_t n = read(file, text.data(), max);
  close(file);
  text.resize(n > 0 ? static_cast<size_t>(n) : 0);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

std::string ReadBootId() {
  std::string id = ReadSmallFile("/proc/sys/kernel/random/boot_id", 36);
  return id.empty() ? "unknown-boot" : id;
}

}  // namespace

SystemClock::SystemClock() : boot_id_(ReadBootId()) {}

ClockReading SystemClock::Now() {
  ClockReading reading;
  reading.wall_time_us = ReadUs(CLOCK_REALTIME);
#ifdef CLOCK_BOOTTIME
  reading.monotonic_us = ReadUs(CLOCK_BOOTTIME);
#else
  reading.monotonic_us = ReadUs(CLOCK_MONOTONIC);
#endif
  const time_t seconds = reading.wall_time_us / 1000000;
  tm local{};
  localtime_r(&seconds, &local);
  reading.utc_offset_s = static_cast<int32_t>(local.tm_gmtoff);
  reading.boot_id = boot_id_;
  return reading;
}

ShiftedClock::ShiftedClock(std::string path) : path_(std::move(path)) {}

ClockReading ShiftedClock::Now() {
  ClockReading reading = system_.Now();
  const int64_t shift_us = strtoll(ReadSmallFile(path_.c_str(), 24).c_str(), nullptr, 10);
  reading.wall_time_us += shift_us;
  reading.monotonic_us += shift_us;
  return reading;
}

}  // namespace doorstep
