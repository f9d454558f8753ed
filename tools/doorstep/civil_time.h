// Times as people and spreadsheets write them, and back. Civil times become instants once, with the rules of their
// zone.
#ifndef DOORSTEP_TOOLS_DOORSTEP_CIVIL_TIME_H_
#define DOORSTEP_TOOLS_DOORSTEP_CIVIL_TIME_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "doorstep/v1/types.pb.h"

namespace doorstep::cli {

// A time as written: with its own offset it is an instant, without it needs a zone.
struct WrittenTime {
  absl::CivilSecond civil;
  int64_t fraction_us = 0;
  std::optional<int32_t> utc_offset_s;
};

struct ResolvedTime {
  int64_t time_us = 0;
  int32_t utc_offset_s = 0;  // Of the place at that instant.
};

// "2026-11-22", "2026-11-22T08:30", "2026-11-22 08:30:15.25", each with or without "Z", "+02:00" or "+0200".
// INVALID_ARGUMENT for anything else and for days that the calendar does not have.
absl::StatusOr<WrittenTime> ParseWrittenTime(absl::string_view text);

// A civil time that the zone skips or has twice is read with the offset that held before the change.
// OUT_OF_RANGE outside 1970 to 2100.
absl::StatusOr<ResolvedTime> Resolve(const WrittenTime& written, const absl::TimeZone& zone);

// INVALID_ARGUMENT unless `name` is in the zone database.
absl::StatusOr<absl::TimeZone> FindZone(absl::string_view name);

// "2026-11-23T08:00/10:00" or "2026-11-23T08:00/2026-11-24T10:00", with the civil text that was promised kept.
absl::StatusOr<v1::TimeWindow> ParseWindow(absl::string_view text, const absl::TimeZone& zone);

// "2026-11-23 08:00:15 +01:00"; "-" for 0.
std::string ShowTime(int64_t time_us, const absl::TimeZone& zone);
// `zone` empty or unknown: this machine's zone.
std::string ShowTime(int64_t time_us, absl::string_view zone = "");
// "2026-11-23 08:00 to 10:00 +01:00", whatever the window's own zone is; "-" when there is none.
std::string ShowWindow(const v1::TimeWindow& window, const absl::TimeZone& zone);
// What a screen says once about all its times: "Europe/Berlin", "+05:30", "this machine's zone".
std::string ShowZone(const absl::TimeZone& zone);
// Days since 1970-01-01 as "2026-11-23", and back.
std::string ShowDay(int32_t day);
absl::StatusOr<int32_t> ParseDay(absl::string_view text);
// "3 min", "2 h 5 min", "4 days".
std::string ShowDuration(int64_t duration_us);

}  // namespace doorstep::cli

#endif  // DOORSTEP_TOOLS_DOORSTEP_CIVIL_TIME_H_
