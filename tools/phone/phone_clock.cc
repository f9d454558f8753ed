#include "tools/phone/phone_clock.h"

#include <cstring>
#include <ctime>
#include <fstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tools/phone/errors.h"

namespace doorstep::phone {
namespace {

int64_t MicrosOf(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return int64_t{time.tv_sec} * 1000000 + time.tv_nsec / 1000;
}

}  // namespace

PhoneClock::PhoneClock(std::string shift_file) : shift_file_(std::move(shift_file)) {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::getline(file, boot_id_);
  if (boot_id_.empty() || boot_id_.size() > 36) boot_id_ = "unknown-boot";
}

bool PhoneClock::ReadShift() {
  std::ifstream file(shift_file_);
  std::string text;
  int64_t shift_us = 0;
  if (!std::getline(file, text) || !absl::SimpleAtoi(absl::StripAsciiWhitespace(text), &shift_us)) return false;
  shift_us_ = shift_us;
  return true;
}

absl::Status PhoneClock::Check() {
  if (shift_file_.empty() || ReadShift()) return absl::OkStatus();
  return WithTry(absl::FailedPreconditionError(absl::StrCat(shift_file_, ": no decimal number of microseconds there")),
                 absl::StrCat("echo 0 > ", shift_file_));
}

doorstep_clock_reading PhoneClock::Now() {
  if (!shift_file_.empty()) ReadShift();
  const int64_t shift_us = shift_us_;
  doorstep_clock_reading reading{};
  reading.size = sizeof(reading);
  reading.wall_time_us = MicrosOf(CLOCK_REALTIME) + shift_us;
  reading.monotonic_us = MicrosOf(CLOCK_BOOTTIME) + shift_us;
  const time_t seconds = static_cast<time_t>(reading.wall_time_us / 1000000);
  tm local{};
  localtime_r(&seconds, &local);
  reading.utc_offset_s = static_cast<int32_t>(local.tm_gmtoff);
  std::memcpy(reading.boot_id, boot_id_.c_str(), boot_id_.size() + 1);
  return reading;
}

doorstep_clock PhoneClock::AsOption() {
  doorstep_clock clock{};
  clock.size = sizeof(clock);
  clock.context = this;
  clock.now = [](void* context, doorstep_clock_reading* reading) {
    *reading = static_cast<PhoneClock*>(context)->Now();
  };
  return clock;
}

}  // namespace doorstep::phone
