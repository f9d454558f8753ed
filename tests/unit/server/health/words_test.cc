#include "server/health/words.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/unit/server/health/observations.h"

namespace doorstep::health {
namespace {

TEST(WordsTest, SayWhatWasObserved) {
  const auto overdue = [](v1::Aging aging) {
    return Held(v1::SIGNAL_PROMISE_OVERDUE, 20000, std::nullopt, "P-1", aging);
  };
  const struct {
    v1::Observation observation;
    const char* want;
  } kCases[] = {
      {Observed(v1::SIGNAL_OUTCOME_NOT_RESOLVED, 1, "V-17", 1), "Visit V-17: not fixed at the first visit"},
      {Observed(v1::SIGNAL_OUTCOME_RESOLVED, 1, "V-17", 3), "Visit V-17: reported fixed at attempt 3"},
      {Held(v1::SIGNAL_OUTCOME_PARTIAL, 1, std::nullopt, "V-1", v1::AGING_HELD),
       "Visit V-1: only partly or temporarily fixed at the first visit, and still open"},
      {Held(v1::SIGNAL_OUTCOME_PARTIAL, 1, 20001, "V-1"),
       "Visit V-1: only partly or temporarily fixed at the first visit, and still open"},
      {Held(v1::SIGNAL_OUTCOME_PARTIAL, 1, 20000, "V-1"),
       "Visit V-1: only partly or temporarily fixed at the first visit"},
      {Observed(v1::SIGNAL_FIX_HELD, 1, "V-1", 30), "Visit V-1: the fix held for 30 days"},
      {Observed(v1::SIGNAL_ARRIVAL_LATE, 1, "V-1", 1), "Visit V-1: arrived 1 minute after the promised window"},
      {Observed(v1::SIGNAL_ARRIVAL_LATE, 1, "V-1", 125), "Visit V-1: arrived 2 h 5 min after the promised window"},
      {Observed(v1::SIGNAL_ARRIVAL_EARLY, 1, "V-1", 4320), "Visit V-1: arrived 3 days before the promised window"},
      {Observed(v1::SIGNAL_RESCHEDULED_BY_US, 1, "V-1", 1), "Visit V-1: we moved the promised time"},
      {Observed(v1::SIGNAL_NPS, 1, "F-1", 9), "Feedback F-1: answered 9 of 10 to whether to recommend us"},
      {Observed(v1::SIGNAL_PROMISE_LATE, 1, "P-1", 3), "Promise P-1: kept 3 days late"},
      {Observed(v1::SIGNAL_PROMISE_LATE, 1, "P-1", 0), "Promise P-1: kept, but late"},
      {overdue(v1::AGING_HELD_THEN_REPLACED), "Promise P-1: overdue since 2024-10-04"},
      {Observed(v1::SIGNAL_USE_OBSERVED, 1, "R-1", 305000), "Record R-1: 30 % in use, seen on site"},
  };
  for (const auto& c : kCases) EXPECT_EQ(ObservationText(c.observation, 20000), c.want);
}

TEST(WordsTest, HaveWordsOfTheirOwnForEverySignalDimensionAndBand) {
  std::set<std::string> words;
  for (int signal = 1; signal <= v1::Signal_MAX; ++signal) {
    const std::string text = ObservationText(Observed(static_cast<v1::Signal>(signal), 1, "S", 1), 1);
    EXPECT_EQ(text.find("signal"), std::string::npos) << text;
    EXPECT_TRUE(words.insert(text).second) << text;
  }
  for (int dimension = 1; dimension <= v1::Dimension_MAX; ++dimension) {
    EXPECT_TRUE(words.insert(std::string(DimensionWord(static_cast<v1::Dimension>(dimension)))).second);
  }
  for (int band = 1; band <= v1::Band_MAX; ++band) {
    EXPECT_TRUE(words.insert(std::string(BandWord(static_cast<v1::Band>(band)))).second);
  }
}

TEST(WordsTest, FloorFigures) {
  EXPECT_EQ(PointsText(76799), "76.799");
  EXPECT_EQ(PointsText(0), "0.000");
  EXPECT_EQ(PointsText(-884), "-0.884");
  EXPECT_EQ(PointsText(-20), "-0.020");
  EXPECT_EQ(PercentText(199999), "19 %");
  EXPECT_EQ(DayText(0), "1970-01-01");
  EXPECT_EQ(DayText(-1), "1969-12-31");
}

}  // namespace
}  // namespace doorstep::health
