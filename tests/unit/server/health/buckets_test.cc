#include "server/health/buckets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/unit/server/health/observations.h"
#include "tests/unit/server/health/random_observations.h"

namespace doorstep::health {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kTrillion = kMillion * kMillion;

TEST(WeighTest, FollowsTheTable) {
  const auto answer = [](v1::Signal signal, int64_t value, v1::FeedbackMode mode) {
    v1::Observation observation = Observed(signal, 1, "F-1", value);
    observation.set_feedback_mode(mode);
    return observation;
  };
  const auto promise = [](v1::Signal signal, v1::CommitmentSize size) {
    v1::Observation observation = Observed(signal, 1, "P-1");
    observation.set_commitment_size(size);
    return observation;
  };
  const struct {
    v1::Observation observation;
    int64_t weight;
    int64_t quality;
  } kCases[] = {
      {Observed(v1::SIGNAL_OUTCOME_PARTIAL, 1, "V-1", 1), 1000000, 500000},
      {Observed(v1::SIGNAL_REPEAT_VISIT, 1, "V-1", 30), 1500000, 0},
      {Observed(v1::SIGNAL_REPEAT_VISIT_AGAIN, 1, "V-1"), 2000000, 0},
      {Observed(v1::SIGNAL_ARRIVAL_EARLY, 1, "V-1", 200), 1000000, 720000},
      {Observed(v1::SIGNAL_ARRIVAL_MISSED, 1, "V-1"), 1500000, 0},
      {Observed(v1::SIGNAL_CES, 1, "F-1", 1), 1000000, 0},
      {Observed(v1::SIGNAL_CES, 1, "F-1", 5), 1000000, 666666},
      {Observed(v1::SIGNAL_CES, 1, "F-1", 7), 1000000, 1000000},
      {Observed(v1::SIGNAL_NPS, 1, "F-1", 3), 700000, 300000},
      {Observed(v1::SIGNAL_USE_OBSERVED, 1, "R-1", 123456), 500000, 123456},
      {Observed(v1::SIGNAL_INVITATION_UNANSWERED, 1, "R-1"), 300000, 250000},
      // Above the prior of .78 the excess counts by mode; below it the answer stands as it is.
      {answer(v1::SIGNAL_CSAT, 5, v1::FEEDBACK_MODE_CUSTOMER_DEVICE_LATER), 1000000, 1000000},
      {answer(v1::SIGNAL_CSAT, 5, v1::FEEDBACK_MODE_CUSTOMER_DEVICE_ON_SITE), 900000, 978000},
      {answer(v1::SIGNAL_CSAT, 5, v1::FEEDBACK_MODE_TECHNICIAN_DEVICE_SEALED), 800000, 956000},
      {answer(v1::SIGNAL_CSAT, 5, v1::FEEDBACK_MODE_TECHNICIAN_DEVICE_OPEN), 500000, 890000},
      {answer(v1::SIGNAL_CSAT, 5, v1::FEEDBACK_MODE_PHONE_BY_OFFICE), 800000, 978000},
      {answer(v1::SIGNAL_CSAT, 5, v1::FEEDBACK_MODE_TRANSCRIBED_BY_TECHNICIAN), 200000, 846000},
      {answer(v1::SIGNAL_CSAT, 4, v1::FEEDBACK_MODE_TRANSCRIBED_BY_TECHNICIAN), 200000, 750000},
      {answer(v1::SIGNAL_NPS, 9, v1::FEEDBACK_MODE_TECHNICIAN_DEVICE_OPEN), 350000, 840000},
      {answer(v1::SIGNAL_COMPLAINT, 0, v1::FEEDBACK_MODE_TRANSCRIBED_BY_TECHNICIAN), 700000, 0},
      {answer(v1::SIGNAL_PRAISE, 0, v1::FEEDBACK_MODE_TRANSCRIBED_BY_TECHNICIAN), 140000, 846000},
      {promise(v1::SIGNAL_PROMISE_KEPT, v1::COMMITMENT_SIZE_SMALL), 500000, 1000000},
      {promise(v1::SIGNAL_PROMISE_LATE, v1::COMMITMENT_SIZE_NORMAL), 1000000, 400000},
      {promise(v1::SIGNAL_PROMISE_BROKEN, v1::COMMITMENT_SIZE_LARGE), 2000000, 0},
  };
  for (const auto& c : kCases) {
    const absl::StatusOr<Worth> worth = Weigh(c.observation, Model::Default());
    ASSERT_TRUE(worth.ok()) << c.observation.ShortDebugString() << worth.status();
    EXPECT_EQ(worth->weight_millionths, c.weight) << c.observation.ShortDebugString();
    EXPECT_EQ(worth->quality_millionths, c.quality) << c.observation.ShortDebugString();
  }
}

TEST(WeighTest, RefusesWhatCannotHaveBeenDerived) {
  v1::Observation no_signal = Observed(v1::SIGNAL_UNSPECIFIED, 1, "X");
  v1::Observation new_signal = Observed(static_cast<v1::Signal>(v1::Signal_MAX + 1), 1, "X");
  v1::Observation wrong_dimension = Observed(v1::SIGNAL_CSAT, 1, "X", 3);
  wrong_dimension.set_dimension(v1::DIMENSION_EFFORT);
  v1::Observation no_aging = Observed(v1::SIGNAL_PRAISE, 1, "X");
  no_aging.set_aging(v1::AGING_UNSPECIFIED);
  v1::Observation closed_fading = Observed(v1::SIGNAL_PRAISE, 1, "X");
  closed_fading.set_closed_day(4);
  v1::Observation unknown_mode = Observed(v1::SIGNAL_CSAT, 1, "X", 3);
  unknown_mode.set_feedback_mode(static_cast<v1::FeedbackMode>(99));
  v1::Observation unknown_size = Observed(v1::SIGNAL_PROMISE_KEPT, 1, "X");
  unknown_size.set_commitment_size(static_cast<v1::CommitmentSize>(99));
  const struct {
    v1::Observation observation;
    const char* want;
  } kCases[] = {
      {no_signal, "signal of source \"X\" is 0"},
      {new_signal, "signal of source \"X\" is 35"},
      {wrong_dimension, "dimension of source \"X\" is 2; its signal belongs to 3"},
      {no_aging, "aging of source \"X\" is 0"},
      {closed_fading, "closed_day of source \"X\" is set"},
      {Held(v1::SIGNAL_OUTCOME_NOT_RESOLVED, 10, 9, "X"), "closed_day of source \"X\" is 9"},
      {Observed(v1::SIGNAL_CSAT, 1, "X", 6), "value of source \"X\" is 6; it must be 1 to 5"},
      {Observed(v1::SIGNAL_CSAT, 1, "X", 0), "value of source \"X\" is 0; it must be 1 to 5"},
      {unknown_mode, "feedback_mode of source \"X\" is unknown"},
      {unknown_size, "commitment_size of source \"X\" is unknown"},
  };
  for (const auto& c : kCases) {
    std::vector<BucketRow> rows;
    const absl::Status status = Spread(c.observation, 1, Model::Default(), &rows);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.want;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.want));
    EXPECT_TRUE(rows.empty()) << c.want;
  }
}

TEST(BucketsTest, SpreadWhatFadesWhatIsHeldAndWhatIsReplaced) {
  const v1::Dimension reliability = v1::DIMENSION_RELIABILITY;
  const v1::Dimension promises = v1::DIMENSION_PROMISES;
  EXPECT_THAT(BucketsOf({Observed(v1::SIGNAL_OUTCOME_PARTIAL, 10, "V-1")}),
              ElementsAre(BucketRow{reliability, false, 10, 1, kMillion, kTrillion / 2}));
  EXPECT_THAT(BucketsOf({Held(v1::SIGNAL_OUTCOME_PARTIAL, 10, std::nullopt, "V-1")}),
              ElementsAre(BucketRow{reliability, true, 10, 1, kMillion, kTrillion / 2}));
  EXPECT_THAT(BucketsOf({Held(v1::SIGNAL_OUTCOME_PARTIAL, 10, 40, "V-1")}),
              ElementsAre(BucketRow{reliability, false, 40, 1, kMillion, kTrillion / 2},
                          BucketRow{reliability, true, 10, 1, kMillion, kTrillion / 2},
                          BucketRow{reliability, true, 40, -1, -kMillion, -kTrillion / 2}));
  EXPECT_THAT(
      BucketsOf({Held(v1::SIGNAL_PROMISE_OVERDUE, 10, 40, "P-1", v1::AGING_HELD_THEN_REPLACED)}),
      ElementsAre(BucketRow{promises, true, 10, 1, kMillion, 0}, BucketRow{promises, true, 40, -1, -kMillion, 0}));
  // Closed on the day it was opened: as if it had never been held.
  EXPECT_EQ(BucketsOf({Held(v1::SIGNAL_OUTCOME_PARTIAL, 10, 10, "V-1")}),
            BucketsOf({Observed(v1::SIGNAL_OUTCOME_PARTIAL, 10, "V-1")}));
}

TEST(BucketsTest, AreTheSameInAnyOrder) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 50; ++round) {
    std::vector<v1::Observation> observations = RandomObservations(40, random);
    const std::vector<BucketRow> want = BucketsOf(observations);
    ASSERT_FALSE(want.empty());
    std::shuffle(observations.begin(), observations.end(), random);
    EXPECT_EQ(BucketsOf(observations), want);
  }
}

TEST(BucketsTest, TakingOutLeavesTheVeryRowsThatWereThere) {
  std::mt19937_64 random(8);
  for (int round = 0; round < 50; ++round) {
    const std::vector<BucketRow> before = BucketsOf(RandomObservations(30, random));
    std::vector<v1::Observation> late = RandomObservations(20, random);
    std::vector<BucketRow> rows = before;
    for (const auto& o : late) ASSERT_TRUE(Spread(o, 1, Model::Default(), &rows).ok());
    Combine(&rows);
    EXPECT_NE(rows, before);
    std::shuffle(late.begin(), late.end(), random);
    for (const auto& o : late) ASSERT_TRUE(Spread(o, -1, Model::Default(), &rows).ok());
    Combine(&rows);
    EXPECT_EQ(rows, before);
  }
}

}  // namespace
}  // namespace doorstep::health
