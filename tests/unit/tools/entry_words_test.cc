// What is said of an entry is what is known of it.
#include "tools/doorstep/entry_words.h"

#include <gtest/gtest.h>

namespace doorstep::cli {
namespace {

constexpr int64_t kNineUs = int64_t{1795420800} * 1000000;
constexpr int64_t kHourUs = int64_t{3600} * 1000000;

TEST(EntryWordsTest, AWrongClockIsNotTheUncertaintyOfTheCorrectedTime) {
  v1::CorrectedTime time;
  time.set_time_us(kNineUs);
  time.set_uncertainty_us(2000);
  time.set_quality(v1::CLOCK_QUALITY_TRUSTED);
  EXPECT_EQ(ClockWords(time, kNineUs + 300), "trusted, known to within 2 ms");
  EXPECT_EQ(ClockWords(time, kNineUs - 3 * kHourUs),
            "trusted, known to within 2 ms; the phone's own was 3 h 0 min behind");
  EXPECT_EQ(ClockWords(time, kNineUs + 3 * kHourUs),
            "trusted, known to within 2 ms; the phone's own was 3 h 0 min ahead");
  EXPECT_EQ(ClockWords(time, 0), "trusted, known to within 2 ms") << "the bytes cannot be read";
  EXPECT_EQ(ClockWords(time, INT64_MIN), "trusted, known to within 2 ms");
  time.set_quality(v1::CLOCK_QUALITY_SUSPECT);
  time.set_uncertainty_us(24 * kHourUs);
  EXPECT_EQ(ClockWords(time, kNineUs - kHourUs), "suspect, known to within 24 h 0 min");
}

}  // namespace
}  // namespace doorstep::cli
