#include "tests/spec/story_clock.h"

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "client_core/base/status.h"

namespace doorstep::spec {
namespace {

int64_t Micros(absl::CivilMinute minute) { return absl::ToUnixMicros(absl::FromCivil(minute, absl::UTCTimeZone())); }

absl::StatusOr<absl::CivilDay> DayFrom(absl::CivilDay today, const std::string& word) {
  if (word == "today") return today;
  if (word == "tomorrow") return today + 1;
  const char* const kNames[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
  const absl::Weekday kDays[] = {absl::Weekday::monday,   absl::Weekday::tuesday, absl::Weekday::wednesday,
                                 absl::Weekday::thursday, absl::Weekday::friday,  absl::Weekday::saturday,
                                 absl::Weekday::sunday};
  for (int i = 0; i < 7; ++i) {
    if (word == kNames[i]) return absl::NextWeekday(today, kDays[i]);
  }
  return absl::InvalidArgumentError(absl::StrCat("'", word, "' is not today, tomorrow or a weekday"));
}

}  // namespace

StoryClock::StoryClock() : now_us_(Micros(absl::CivilMinute(2026, 3, 2, 6, 0))) {}

ClockReading StoryClock::Now() {
  ClockReading reading;
  reading.wall_time_us = now_us_;
  reading.monotonic_us = now_us_;
  reading.boot_id = "server";
  return reading;
}

absl::Status StoryClock::MoveTo(int64_t time_us) {
  if (time_us < now_us_) {
    return absl::InvalidArgumentError(
        absl::StrCat("the story is already at ", absl::FormatTime(absl::FromUnixMicros(now_us_), absl::UTCTimeZone())));
  }
  now_us_ = time_us;
  return absl::OkStatus();
}

absl::StatusOr<int64_t> StoryClock::Instant(const std::string& day, const std::string& time) const {
  const absl::CivilDay today = absl::ToCivilDay(absl::FromUnixMicros(now_us_), absl::UTCTimeZone());
  ASSIGN_OR_RETURN(const absl::CivilDay date, DayFrom(today, day));
  int hour = 0;
  int minute = 0;
  if (sscanf(time.c_str(), "%2d:%2d", &hour, &minute) != 2) {
    return absl::InvalidArgumentError(absl::StrCat("'", time, "' is not a time such as 08:05"));
  }
  return Micros(absl::CivilMinute(date.year(), date.month(), date.day(), hour, minute));
}

}  // namespace doorstep::spec
