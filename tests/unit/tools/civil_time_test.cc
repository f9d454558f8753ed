#include "tools/doorstep/civil_time.h"

#include <gtest/gtest.h>

namespace doorstep::cli {
namespace {

int64_t Micros(absl::string_view rfc3339) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, rfc3339, &time, &error)) << error;
  return absl::ToUnixMicros(time);
}

absl::StatusOr<ResolvedTime> Read(absl::string_view text, absl::string_view zone) {
  const absl::StatusOr<WrittenTime> written = ParseWrittenTime(text);
  if (!written.ok()) return written.status();
  return Resolve(*written, *FindZone(zone));
}

TEST(CivilTimeTest, ReadsWhatPeopleWrite) {
  const struct {
    const char* text;
    const char* zone;
    const char* instant;
    int32_t offset_s;
  } kCases[] = {
      {"2026-11-22", "Europe/Berlin", "2026-11-22T00:00:00+01:00", 3600},
      {"2026-07-01", "Europe/Berlin", "2026-07-01T00:00:00+02:00", 7200},
      {"2026-11-22T08:30", "Asia/Shanghai", "2026-11-22T08:30:00+08:00", 28800},
      {"2026-11-22 08:30:15", "UTC", "2026-11-22T08:30:15Z", 0},
      {"2026-11-22T08:30:15.25", "UTC", "2026-11-22T08:30:15.25Z", 0},
      {"2026-11-22T08:30Z", "Europe/Berlin", "2026-11-22T08:30:00Z", 0},
      {"2026-11-22T08:30+02:00", "America/New_York", "2026-11-22T08:30:00+02:00", 7200},
      {"2026-11-22 08:30 -0330", "UTC", "2026-11-22T08:30:00-03:30", -12600},
      {" 2026-11-22T08:30 ", "UTC", "2026-11-22T08:30:00Z", 0},
  };
  for (const auto& c : kCases) {
    const absl::StatusOr<ResolvedTime> time = Read(c.text, c.zone);
    ASSERT_TRUE(time.ok()) << c.text << ": " << time.status();
    EXPECT_EQ(time->time_us, Micros(c.instant)) << c.text;
    EXPECT_EQ(time->utc_offset_s, c.offset_s) << c.text;
  }
}

TEST(CivilTimeTest, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "22.11.2026", "2026-11-22T", "2026-11-22T8:30", "2026-02-30", "2026-11-22T24:01", "2026-11-22T08:30+15:00",
        "2026-11-22T08:30 Berlin", "2026-13-01", "1969-12-31", "2101-01-01", "20261122", "2026-11-22T08:30:61"}) {
    EXPECT_FALSE(Read(text, "UTC").ok()) << text;
  }
}

TEST(CivilTimeTest, AnHourThatTheClockSkipsOrRepeatsIsReadWithTheOffsetBeforeTheChange) {
  EXPECT_EQ(Read("2026-03-29T02:30", "Europe/Berlin")->time_us, Micros("2026-03-29T02:30:00+01:00"));
  EXPECT_EQ(Read("2026-10-25T02:30", "Europe/Berlin")->time_us, Micros("2026-10-25T02:30:00+02:00"));
}

TEST(CivilTimeTest, OnlyNamesOfTheZoneDatabaseAreZones) {
  EXPECT_TRUE(FindZone("Europe/Berlin").ok());
  EXPECT_TRUE(FindZone("UTC").ok());
  for (const char* name :
       {"", "localtime", "/etc/localtime", "../zone", "Europe/Atlantis", "libc:localtime", "+01:00"}) {
    EXPECT_FALSE(FindZone(name).ok()) << name;
  }
}

TEST(CivilTimeTest, AWindowKeepsTheCivilTimesThatWerePromised) {
  const absl::StatusOr<v1::TimeWindow> window = ParseWindow("2026-11-23T08:00/10:00", *FindZone("Europe/Berlin"));
  ASSERT_TRUE(window.ok()) << window.status();
  EXPECT_EQ(window->start_time_us(), Micros("2026-11-23T08:00:00+01:00"));
  EXPECT_EQ(window->end_time_us(), Micros("2026-11-23T10:00:00+01:00"));
  EXPECT_EQ(window->zone(), "Europe/Berlin");
  EXPECT_EQ(window->civil(), "2026-11-23T08:00/2026-11-23T10:00");
  EXPECT_EQ(ShowWindow(*window, *FindZone("Europe/Berlin")), "2026-11-23 08:00 to 10:00 +01:00");
  EXPECT_EQ(ShowWindow(*window, absl::FixedTimeZone(-5 * 3600)), "2026-11-23 02:00 to 04:00 -05:00");

  const absl::StatusOr<v1::TimeWindow> fixed = ParseWindow("2026-11-23T08:00+05:30/10:00", *FindZone("UTC"));
  ASSERT_TRUE(fixed.ok());
  EXPECT_EQ(fixed->end_time_us(), Micros("2026-11-23T10:00:00+05:30"));

  for (const char* text : {"2026-11-23T10:00/08:00", "2026-11-23T08:00", "2026-11-23/2027-11-23", "a/b", "/"}) {
    EXPECT_FALSE(ParseWindow(text, *FindZone("UTC")).ok()) << text;
  }
}

TEST(CivilTimeTest, DaysSurviveTheWayThereAndBack) {
  EXPECT_EQ(*ParseDay("1970-01-01"), 0);
  EXPECT_EQ(ShowDay(*ParseDay("2026-11-23")), "2026-11-23");
  EXPECT_FALSE(ParseDay("2026-11-23T08:00").ok());
}

TEST(CivilTimeTest, TimesAreShownInTheirZone) {
  EXPECT_EQ(ShowTime(Micros("2026-11-23T07:00:00Z"), "Asia/Shanghai"), "2026-11-23 15:00 +08:00");
  EXPECT_EQ(ShowTime(Micros("2026-11-23T07:00:09Z"), absl::FixedTimeZone(-12600)), "2026-11-23 03:30:09 -03:30");
  EXPECT_EQ(ShowTime(0), "-");
}

TEST(CivilTimeTest, AScreenNamesItsZone) {
  EXPECT_EQ(ShowZone(*FindZone("Europe/Berlin")), "Europe/Berlin");
  EXPECT_EQ(ShowZone(absl::FixedTimeZone(-12600)), "-03:30");
  EXPECT_EQ(ShowZone(absl::UTCTimeZone()), "UTC");
  absl::TimeZone of_file;
  ASSERT_TRUE(absl::LoadTimeZone("/usr/share/zoneinfo/Europe/Berlin", &of_file));
  EXPECT_EQ(ShowZone(of_file), "this machine's zone");
}

}  // namespace
}  // namespace doorstep::cli
