#include "server/health/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "server/health/apportion.h"
#include "tests/unit/server/health/observations.h"
#include "tests/unit/server/health/random_observations.h"

namespace doorstep::health {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int32_t kDay = 20000;

Explanation ExplanationOf(const std::vector<v1::Observation>& observations, int32_t day) {
  absl::StatusOr<Explanation> explanation = Explain(observations, {}, day, Model::Default());
  EXPECT_TRUE(explanation.ok()) << explanation.status();
  return explanation.ok() ? *std::move(explanation) : Explanation();
}

std::string Bytes(const Explanation& explanation) {
  std::string bytes = explanation.health.SerializeAsString();
  for (const auto& contribution : explanation.contributions) bytes += contribution.SerializeAsString();
  return bytes;
}

TEST(ApportionTest, GivesWhatIsLeftToTheLargestRemaindersThenToTheFirst) {
  const auto shares = [](int64_t total, std::vector<int64_t> billionths) {
    std::vector<Part> parts;
    for (const int64_t exact : billionths) parts.push_back({exact, 0});
    Apportion(total, absl::MakeSpan(parts));
    std::vector<int64_t> shares;
    for (const Part& part : parts) shares.push_back(part.share);
    return shares;
  };
  const int64_t one = 1000000000;
  EXPECT_THAT(shares(0, {}), ElementsAre());
  EXPECT_THAT(shares(6, {1 * one, 2 * one, 3 * one}), ElementsAre(1, 2, 3));
  EXPECT_THAT(shares(2, {one / 2, one / 2, one}), ElementsAre(1, 0, 1));
  EXPECT_THAT(shares(2, {one / 2, one / 2 + 1, one / 2 - 1}), ElementsAre(1, 1, 0));
  EXPECT_THAT(shares(-1, {-one / 3, -one / 3, -one / 3}), ElementsAre(0, 0, -1));
  EXPECT_THAT(shares(-3, {-2 * one + 1, -one}), ElementsAre(-2, -1));
}

TEST(ExplainTest, WithoutEvidenceThereIsNothingToExplain) {
  const Explanation explanation = ExplanationOf({}, kDay);
  EXPECT_EQ(explanation.health.score_thousandths(), 76700);
  EXPECT_TRUE(explanation.contributions.empty());
}

TEST(ExplainTest, AddsUpToTheScoreExactly) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 300; ++round) {
    const auto observations = RandomObservations(static_cast<int>(random() % 60), random);
    const int32_t day = static_cast<int32_t>(18990 + random() % 2500);
    const Explanation explanation = ExplanationOf(observations, day);
    std::array<int64_t, kDimensions> by_dimension{};
    int64_t score = explanation.health.prior_score_thousandths();
    for (const v1::Contribution& contribution : explanation.contributions) {
      score += contribution.points_thousandths();
      by_dimension[static_cast<size_t>(contribution.dimension() - 1)] += contribution.points_thousandths();
      EXPECT_LE(contribution.effective_day(), day);
    }
    ASSERT_EQ(score, explanation.health.score_thousandths()) << "round " << round;
    for (int i = 0; i < kDimensions; ++i) {
      ASSERT_EQ(by_dimension[static_cast<size_t>(i)], explanation.health.dimensions(i).contribution_thousandths())
          << "round " << round << " dimension " << i;
    }
  }
}

TEST(ExplainTest, GivesTheVeryHealthThatTheBucketsGive) {
  std::mt19937_64 random(12);
  for (int round = 0; round < 100; ++round) {
    const auto observations = RandomObservations(50, random);
    const int32_t day = static_cast<int32_t>(18990 + random() % 2500);
    const auto health = Score(BucketsOf(observations), {}, day, Model::Default());
    ASSERT_TRUE(health.ok());
    EXPECT_EQ(ExplanationOf(observations, day).health.SerializeAsString(), health->SerializeAsString());
  }
}

TEST(ExplainTest, IsTheSameInAnyOrder) {
  std::mt19937_64 random(13);
  for (int round = 0; round < 100; ++round) {
    auto observations = RandomObservations(50, random);
    const std::string want = Bytes(ExplanationOf(observations, 20100));
    std::shuffle(observations.begin(), observations.end(), random);
    ASSERT_EQ(Bytes(ExplanationOf(observations, 20100)), want);
  }
}

TEST(ExplainTest, EqualRemaindersGoToTheFirstSource) {
  // Three equal pieces of evidence, 15000 * .78 / 7 = 1671.43 each and 5014.29 together: floored they take 5016,
  // one more than the score lost, and F-1 is the first to get one back.
  const std::vector<v1::Observation> observations = {Observed(v1::SIGNAL_CSAT, kDay, "F-3", 1),
                                                     Observed(v1::SIGNAL_CSAT, kDay, "F-1", 1),
                                                     Observed(v1::SIGNAL_CSAT, kDay, "F-2", 1)};
  const Explanation explanation = ExplanationOf(observations, kDay);
  ASSERT_EQ(explanation.contributions.size(), 3u);
  std::vector<std::string> got;
  for (const auto& contribution : explanation.contributions) {
    got.push_back(absl::StrCat(contribution.source_id(), " ", contribution.points_thousandths()));
  }
  EXPECT_EQ(explanation.health.score_thousandths(), 76700 - 5015);
  EXPECT_THAT(got, ElementsAre("F-2 -1672", "F-3 -1672", "F-1 -1671"));
}

TEST(ExplainTest, LeavesOutWhatDoesNotCount) {
  const Explanation explanation = ExplanationOf(
      {Observed(v1::SIGNAL_CSAT, kDay + 1, "tomorrow", 1), Observed(v1::SIGNAL_CSAT, kDay - 31 * 90, "long ago", 1),
       Held(v1::SIGNAL_PROMISE_OVERDUE, 100, kDay, "settled", v1::AGING_HELD_THEN_REPLACED),
       Observed(v1::SIGNAL_CSAT, kDay, "today", 1)},
      kDay);
  ASSERT_EQ(explanation.contributions.size(), 1u);
  EXPECT_EQ(explanation.contributions[0].source_id(), "today");
}

TEST(ExplainTest, SaysWhatHappenedInPlainWordsTheLargestFirst) {
  v1::Observation repeat = Observed(v1::SIGNAL_REPEAT_VISIT, kDay - 2, "V-18", 12);
  repeat.set_related_id("V-17");
  const std::vector<v1::Observation> observations = {
      Observed(v1::SIGNAL_ARRIVAL_LATE, kDay - 14, "V-17", 42),
      Held(v1::SIGNAL_OUTCOME_NOT_RESOLVED, kDay - 14, kDay - 2, "V-17"),
      repeat,
      Observed(v1::SIGNAL_PROMISE_KEPT, kDay, "P-3"),
  };
  std::vector<std::string> texts;
  for (const auto& contribution : ExplanationOf(observations, kDay).contributions) texts.push_back(contribution.text());
  EXPECT_THAT(texts, ElementsAre("Visit V-18: somebody had to come again, 12 days after visit V-17",
                                 "Visit V-17: not fixed at the first visit",
                                 "Visit V-17: arrived 42 minutes after the promised window", "Promise P-3: kept"));
}

TEST(ExplainTest, RefusesWhatCannotHaveBeenDerived) {
  const auto explanation = Explain({Observed(v1::SIGNAL_CSAT, kDay, "F-1", 9)}, {}, kDay, Model::Default());
  EXPECT_EQ(explanation.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(explanation.status().message()), HasSubstr("value of source \"F-1\" is 9"));
}

}  // namespace
}  // namespace doorstep::health
