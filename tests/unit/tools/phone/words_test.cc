// What a technician reads is said with nothing left to guess.
#include "tools/phone/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorstep::phone {
namespace {

constexpr int64_t kEightUs = int64_t{1795420800} * 1000000;  // 2026-11-23T08:00:00Z
constexpr int64_t kHourUs = int64_t{3600} * 1000000;

TEST(WordsTest, TimesCarryTheirOffset) {
  EXPECT_THAT(TimeText(kEightUs), testing::MatchesRegex("2026-11-2. ..:.. [+-]..:.."));
  EXPECT_EQ(TimeText(0), "-");
  v1::TimeWindow window;
  EXPECT_EQ(WindowText(window), "-");
  window.set_start_time_us(kEightUs);
  window.set_end_time_us(kEightUs + 30 * kHourUs);
  EXPECT_THAT(WindowText(window), testing::MatchesRegex("2026-11-2. ..:..-2026-11-2. ..:.. [+-]..:.."));
}

TEST(WordsTest, ADueDayIsOneOfTheCalendarThatEntriesHave) {
  EXPECT_TRUE(ParseDue("2026-11-25", kEightUs).ok());
  EXPECT_TRUE(ParseDue("2026-11-25T17:00", kEightUs).ok());
  for (const char* text : {"-705323-05-2", "705323-05-02", "1969-11-25", "2101-01-01T00:00", "infinite-future",
                           "infinite-past", "+100001d", "+d", "tomorrow"}) {
    EXPECT_FALSE(ParseDue(text, kEightUs).ok()) << text;
  }
}

TEST(WordsTest, LongLinesGoOnBelowBetweenWords) {
  EXPECT_EQ(Wrapped("one two three", 0), "one two three") << "no terminal";
  EXPECT_EQ(Wrapped("one two three", 8), "one two\n  three");
  EXPECT_EQ(Wrapped("  one two three", 10), "  one two\n    three");
  EXPECT_EQ(Wrapped("a-word-that-is-too-long two", 8), "a-word-that-is-too-long\n  two");
  EXPECT_EQ(Wrapped("\xE4\xBD\xA0\xE5\xA5\xBD ok", 6), "\xE4\xBD\xA0\xE5\xA5\xBD\n  ok") << "wide characters";
  EXPECT_EQ(Wrapped("one two three", 8, 0), "one two\nthree") << "in a column";
  EXPECT_EQ(Wrapped("", 8), "");
}

TEST(WordsTest, OneSpellingIsReadAndBothAreTaken) {
  EXPECT_EQ(Words(v1::VISIT_STATE_CANCELED), "cancelled");
  EXPECT_EQ(*ParseEnum<v1::VisitState>("canceled"), v1::VISIT_STATE_CANCELED);
  EXPECT_EQ(*ParseEnum<v1::VisitState>("cancelled"), v1::VISIT_STATE_CANCELED);
}

}  // namespace
}  // namespace doorstep::phone
