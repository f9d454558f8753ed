#include "tools/doorstep/civil_time.h"

#include <cstdlib>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"

namespace doorstep::cli {
namespace {

constexpr int64_t kMinuteMicros = int64_t{60} * 1000000;
constexpr int64_t kDayMicros = int64_t{86400} * 1000000;

// Takes fixed-width digits off the front of `text`.
bool TakeNumber(absl::string_view* text, int digits, int* value) {
  if (text->size() < static_cast<size_t>(digits)) return false;
  *value = 0;
  for (int i = 0; i < digits; ++i) {
    if (!absl::ascii_isdigit((*text)[i])) return false;
    *value = *value * 10 + ((*text)[i] - '0');
  }
  text->remove_prefix(digits);
  return true;
}

bool TakeChar(absl::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

// ".25" as microseconds; at most six digits.
bool TakeFraction(absl::string_view* text, int64_t* micros) {
  if (!TakeChar(text, '.')) return true;
  int64_t unit = 100000;
  size_t digits = 0;
  while (!text->empty() && absl::ascii_isdigit(text->front()) && digits < 6) {
    *micros += (text->front() - '0') * unit;
    unit /= 10;
    ++digits;
    text->remove_prefix(1);
  }
  return digits > 0;
}

// "Z", "+02:00", "-0530", "+02" or nothing.
bool TakeOffset(absl::string_view* text, std::optional<int32_t>* offset_s) {
  if (text->empty()) return true;
  if (TakeChar(text, 'Z') || TakeChar(text, 'z')) {
    *offset_s = 0;
    return true;
  }
  const bool west = text->front() == '-';
  if (!TakeChar(text, '+') && !TakeChar(text, '-')) return false;
  int hours = 0;
  int minutes = 0;
  if (!TakeNumber(text, 2, &hours)) return false;
  if (!text->empty()) {
    TakeChar(text, ':');
    if (!TakeNumber(text, 2, &minutes)) return false;
  }
  const int32_t seconds = hours * 3600 + minutes * 60;
  if (minutes > 59 || seconds > limits::kUtcOffsetSecondsMax) return false;
  *offset_s = west ? -seconds : seconds;
  return true;
}

absl::Status NotATime(absl::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat("\"", text.substr(0, 60),
                                                 "\" is not a time like 2026-11-22, 2026-11-22T08:30 or "
                                                 "2026-11-22T08:30+02:00"));
}

std::string Format(absl::Time time, const absl::TimeZone& zone) {
  const bool has_seconds = zone.At(time).cs.second() != 0;
  return absl::FormatTime(has_seconds ? "%Y-%m-%d %H:%M:%S %Ez" : "%Y-%m-%d %H:%M %Ez", time, zone);
}

absl::TimeZone ZoneForShowing(absl::string_view name) {
  if (name.empty()) return absl::LocalTimeZone();
  const absl::StatusOr<absl::TimeZone> zone = FindZone(name);
  return zone.ok() ? *zone : absl::LocalTimeZone();
}

}  // namespace

absl::StatusOr<WrittenTime> ParseWrittenTime(absl::string_view text) {
  const absl::string_view whole = absl::StripAsciiWhitespace(text);
  absl::string_view rest = whole;
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  WrittenTime written;
  if (!TakeNumber(&rest, 4, &year) || !TakeChar(&rest, '-') || !TakeNumber(&rest, 2, &month) || !TakeChar(&rest, '-') ||
      !TakeNumber(&rest, 2, &day)) {
    return NotATime(whole);
  }
  if (TakeChar(&rest, 'T') || TakeChar(&rest, 't') || TakeChar(&rest, ' ')) {
    if (!TakeNumber(&rest, 2, &hour) || !TakeChar(&rest, ':') || !TakeNumber(&rest, 2, &minute)) return NotATime(whole);
    if (TakeChar(&rest, ':')) {
      if (!TakeNumber(&rest, 2, &second) || !TakeFraction(&rest, &written.fraction_us)) return NotATime(whole);
    }
    TakeChar(&rest, ' ');
  }
  if (!TakeOffset(&rest, &written.utc_offset_s) || !rest.empty()) return NotATime(whole);
  written.civil = absl::CivilSecond(year, month, day, hour, minute, second);
  if (written.civil.year() != year || written.civil.month() != month || written.civil.day() != day ||
      written.civil.hour() != hour || written.civil.minute() != minute || written.civil.second() != second) {
    return absl::InvalidArgumentError(absl::StrCat("\"", whole, "\": there is no such day or time of day"));
  }
  return written;
}

absl::StatusOr<ResolvedTime> Resolve(const WrittenTime& written, const absl::TimeZone& zone) {
  absl::Time time;
  ResolvedTime resolved;
  if (written.utc_offset_s.has_value()) {
    time = absl::FromCivil(written.civil, absl::FixedTimeZone(*written.utc_offset_s));
    resolved.utc_offset_s = *written.utc_offset_s;
  } else {
    time = zone.At(written.civil).pre;
    resolved.utc_offset_s = zone.At(time).offset;
  }
  resolved.time_us = absl::ToUnixMicros(time) + written.fraction_us;
  if (resolved.time_us < limits::kTimeMicrosMin || resolved.time_us > limits::kTimeMicrosMax) {
    return absl::OutOfRangeError(
        absl::StrCat("\"", absl::FormatCivilTime(written.civil), "\" is outside 1970-01-01 to 2100-01-01"));
  }
  return resolved;
}

absl::StatusOr<absl::TimeZone> FindZone(absl::string_view name) {
  absl::TimeZone zone;
  // The loader would also take paths and "localtime", which mean something else on each machine.
  bool fits = !name.empty() && name.size() <= limits::kZoneBytesMax && absl::ascii_isalpha(name[0]) &&
              name != "localtime" && !absl::StrContains(name, "..") && !absl::StrContains(name, ":");
  if (fits) fits = absl::LoadTimeZone(name, &zone);
  if (fits) return zone;
  return absl::InvalidArgumentError(
      absl::StrCat("\"", name.substr(0, 80), "\" is not a zone of the IANA database, for instance Europe/Berlin"));
}

absl::StatusOr<v1::TimeWindow> ParseWindow(absl::string_view text, const absl::TimeZone& zone) {
  const std::vector<absl::string_view> ends = absl::StrSplit(absl::StripAsciiWhitespace(text), '/');
  if (ends.size() != 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text.substr(0, 80), "\" is not a window like 2026-11-23T08:00/10:00"));
  }
  ASSIGN_OR_RETURN(const WrittenTime start, ParseWrittenTime(ends[0]));
  const bool only_hours = ends[1].size() >= 5 && ends[1][2] == ':';
  const std::string end_text = only_hours
                                   ? absl::StrCat(absl::FormatCivilTime(absl::CivilDay(start.civil)), "T", ends[1])
                                   : std::string(ends[1]);
  ASSIGN_OR_RETURN(WrittenTime end, ParseWrittenTime(end_text));
  if (only_hours && !end.utc_offset_s.has_value()) end.utc_offset_s = start.utc_offset_s;
  ASSIGN_OR_RETURN(const ResolvedTime from, Resolve(start, zone));
  ASSIGN_OR_RETURN(const ResolvedTime to, Resolve(end, zone));
  if (to.time_us <= from.time_us || to.time_us - from.time_us > limits::kWindowMicrosMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\": a window ends after it starts, and at most 31 days later"));
  }
  v1::TimeWindow window;
  window.set_start_time_us(from.time_us);
  window.set_end_time_us(to.time_us);
  if (!start.utc_offset_s.has_value()) window.set_zone(zone.name());
  const auto minutes = [](const WrittenTime& time) { return absl::FormatCivilTime(absl::CivilMinute(time.civil)); };
  window.set_civil(absl::StrCat(minutes(start), "/", minutes(end)));
  return window;
}

std::string ShowTime(int64_t time_us, const absl::TimeZone& zone) {
  return time_us == 0 ? "-" : Format(absl::FromUnixMicros(time_us), zone);
}

std::string ShowTime(int64_t time_us, absl::string_view zone) { return ShowTime(time_us, ZoneForShowing(zone)); }

std::string ShowWindow(const v1::TimeWindow& window, const absl::TimeZone& zone) {
  if (window.start_time_us() == 0 && window.end_time_us() == 0) return "-";
  const absl::Time start = absl::FromUnixMicros(window.start_time_us());
  const absl::Time end = absl::FromUnixMicros(window.end_time_us());
  const bool one_day = absl::ToCivilDay(start, zone) == absl::ToCivilDay(end, zone);
  return absl::StrCat(absl::FormatTime("%Y-%m-%d %H:%M", start, zone), " to ",
                      absl::FormatTime(one_day ? "%H:%M %Ez" : "%Y-%m-%d %H:%M %Ez", end, zone));
}

std::string ShowZone(const absl::TimeZone& zone) {
  const std::string name = zone.name();
  if (absl::StartsWith(name, "Fixed/")) return absl::FormatTime("%Ez", absl::UnixEpoch(), zone);
  // TZ may name a file, which tells a reader nothing.
  const bool is_named = !name.empty() && name != "localtime" && name[0] != '/' && name[0] != ':';
  return is_named ? name : "this machine's zone";
}

std::string ShowDay(int32_t day) {
  const absl::CivilDay civil = absl::CivilDay(1970, 1, 1) + day;
  return absl::StrFormat("%04d-%02d-%02d", civil.year(), civil.month(), civil.day());
}

absl::StatusOr<int32_t> ParseDay(absl::string_view text) {
  ASSIGN_OR_RETURN(const WrittenTime written, ParseWrittenTime(text));
  if (absl::StripAsciiWhitespace(text).size() != 10) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text.substr(0, 60), "\" is not a day like 2026-11-22"));
  }
  return static_cast<int32_t>(absl::CivilDay(written.civil) - absl::CivilDay(1970, 1, 1));
}

std::string ShowDuration(int64_t duration_us) {
  if (duration_us < 0) duration_us = -duration_us;
  if (duration_us < 1000) return "less than 1 ms";
  if (duration_us < 1000000) return absl::StrCat(duration_us / 1000, " ms");
  if (duration_us < kMinuteMicros) return absl::StrCat(duration_us / 1000000, " s");
  if (duration_us < 60 * kMinuteMicros) return absl::StrCat(duration_us / kMinuteMicros, " min");
  if (duration_us < 2 * kDayMicros) {
    const int64_t minutes = duration_us / kMinuteMicros;
    return absl::StrCat(minutes / 60, " h ", minutes % 60, " min");
  }
  return absl::StrCat(duration_us / kDayMicros, " days");
}

}  // namespace doorstep::cli
