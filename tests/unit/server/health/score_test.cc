#include "server/health/score.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "absl/strings/escaping.h"
#include "tests/unit/server/health/observations.h"
#include "tests/unit/server/health/random_observations.h"

namespace doorstep::health {
namespace {

using ::testing::HasSubstr;

constexpr int32_t kDay = 20000;

v1::AccountHealth ScoreOf(const std::vector<v1::Observation>& observations, int32_t day = kDay, const Caps& caps = {}) {
  absl::StatusOr<v1::AccountHealth> health = Score(BucketsOf(observations), caps, day, Model::Default());
  EXPECT_TRUE(health.ok()) << health.status();
  return health.ok() ? *std::move(health) : v1::AccountHealth();
}

// An account in trouble: an open fault, a repeat, a late arrival, two answers, two promises.
std::vector<v1::Observation> Troubled() {
  v1::Observation ces = Observed(v1::SIGNAL_CES, kDay - 20, "F-1", 5);
  ces.set_feedback_mode(v1::FEEDBACK_MODE_CUSTOMER_DEVICE_ON_SITE);
  v1::Observation csat = Observed(v1::SIGNAL_CSAT, kDay - 20, "F-1", 2);
  csat.set_feedback_mode(v1::FEEDBACK_MODE_TECHNICIAN_DEVICE_SEALED);
  v1::Observation overdue =
      Held(v1::SIGNAL_PROMISE_OVERDUE, kDay - 10, std::nullopt, "P-1", v1::AGING_HELD_THEN_REPLACED);
  overdue.set_commitment_size(v1::COMMITMENT_SIZE_LARGE);
  v1::Observation kept = Observed(v1::SIGNAL_PROMISE_KEPT, kDay - 5, "P-2");
  kept.set_commitment_size(v1::COMMITMENT_SIZE_SMALL);
  return {Held(v1::SIGNAL_OUTCOME_NOT_RESOLVED, kDay - 40, std::nullopt, "V-1"),
          Observed(v1::SIGNAL_REPEAT_VISIT, kDay - 20, "V-2", 20),
          Observed(v1::SIGNAL_ARRIVAL_LATE, kDay - 40, "V-1", 42),
          ces,
          csat,
          overdue,
          kept};
}

TEST(ScoreTest, AnAccountWithoutEvidenceIsUnknownAtThePrior) {
  const v1::AccountHealth health = ScoreOf({});
  EXPECT_EQ(health.score_thousandths(), 76700);
  EXPECT_EQ(health.prior_score_thousandths(), 76700);
  EXPECT_EQ(health.low_thousandths(), 65222);
  EXPECT_EQ(health.high_thousandths(), 88178);
  EXPECT_EQ(health.evidence_share_millionths(), 0);
  EXPECT_EQ(health.measured_evidence_share_millionths(), 0);
  EXPECT_EQ(health.band(), v1::BAND_UNKNOWN);
  EXPECT_EQ(health.band_reason(), "of what we measure 0 % is known, and it takes 20 %");
  EXPECT_FALSE(health.has_latest_evidence_day());
  EXPECT_EQ(health.as_of_day(), kDay);
  EXPECT_EQ(health.model_id(), Model::Default().id());
  EXPECT_EQ(health.receipt().size(), 32u);
  ASSERT_EQ(health.dimensions_size(), kDimensions);
  for (const auto& dimension : health.dimensions()) {
    EXPECT_EQ(dimension.contribution_thousandths(), 0);
    EXPECT_EQ(dimension.evidence_millionths(), 0);
  }
}

// The figures were computed elsewhere with exact fractions.
TEST(ScoreTest, AgreesWithTheFormulasOnAnAccountInTrouble) {
  const v1::AccountHealth health = ScoreOf(Troubled());
  EXPECT_EQ(health.score_thousandths(), 57547);
  EXPECT_EQ(health.low_thousandths(), 46104);   // 57.547 - 11.443
  EXPECT_EQ(health.high_thousandths(), 68990);  // 57.547 + 11.443
  EXPECT_EQ(health.evidence_share_millionths(), 286632);
  EXPECT_EQ(health.measured_evidence_share_millionths(), 382176);
  const struct {
    int32_t quality;
    int64_t evidence;
    double points;
  } kWant[] = {
      {449745, 2336348, -10507.627},
      {613428, 1506386, -2048.573},
      {702431, 685795, -1163.532},
      {487803, 2490465, -5432.946},
      {650000, 0, 0},
      {600000, 0, 0},
      {900000, 0, 0},
  };
  int64_t points = health.prior_score_thousandths();
  for (int i = 0; i < kDimensions; ++i) {
    const v1::DimensionHealth& dimension = health.dimensions(i);
    EXPECT_EQ(dimension.quality_millionths(), kWant[i].quality) << i;
    EXPECT_EQ(dimension.evidence_millionths(), kWant[i].evidence) << i;
    EXPECT_NEAR(dimension.contribution_thousandths(), kWant[i].points, 1) << i;
    EXPECT_LT(dimension.low_millionths(), dimension.quality_millionths()) << i;
    EXPECT_GT(dimension.high_millionths(), dimension.quality_millionths()) << i;
    points += dimension.contribution_thousandths();
  }
  EXPECT_EQ(points, health.score_thousandths());
  EXPECT_EQ(health.band(), v1::BAND_RED);
  EXPECT_EQ(health.band_reason(), "the score of 57.547 is under the red line of 60.000");
  EXPECT_EQ(health.latest_evidence_day(), kDay - 5);
  EXPECT_EQ(absl::BytesToHexString(health.receipt()),
            "6343d01766dd76dc827ee67c9f6f6c2ad5ab92938937ba394634de8b00d21581");
}

TEST(ScoreTest, SatisfactionAloneMovesItByNoMoreThanItsShare) {
  std::vector<v1::Observation> best, worst;
  for (int i = 0; i < 100000; ++i) {
    best.push_back(Observed(v1::SIGNAL_CSAT, kDay, "F-1", 5));
    worst.push_back(Observed(v1::SIGNAL_CSAT, kDay, "F-1", 1));
  }
  EXPECT_EQ(ScoreOf(best).score_thousandths(), 76700 + 3299);
  EXPECT_EQ(ScoreOf(worst).score_thousandths(), 76700 - 11700);
}

TEST(ScoreTest, RecoveryStaysBelowNoFailure) {
  const auto fixed = Observed(v1::SIGNAL_OUTCOME_RESOLVED, kDay - 1, "V-2", 2);
  const auto held = Observed(v1::SIGNAL_FIX_HELD, kDay, "V-2", 30);
  const auto failed = Held(v1::SIGNAL_OUTCOME_NOT_RESOLVED, kDay - 5, kDay - 1, "V-1");
  EXPECT_LT(ScoreOf({failed, fixed, held}).score_thousandths(), ScoreOf({fixed, held}).score_thousandths());
  EXPECT_LT(ScoreOf({failed}).score_thousandths(), ScoreOf({failed, fixed, held}).score_thousandths());
}

TEST(ScoreTest, WhatIsOpenDoesNotFadeAndWhatIsClosedDoes) {
  const auto reliability = [](const v1::Observation& observation, int32_t day) {
    return ScoreOf({observation}, day).dimensions(0).evidence_millionths();
  };
  const v1::Observation open = Held(v1::SIGNAL_OUTCOME_NOT_RESOLVED, 19000, std::nullopt, "V-1");
  const v1::Observation closed = Held(v1::SIGNAL_OUTCOME_NOT_RESOLVED, 19000, 19500, "V-1");
  const v1::Observation fades = Observed(v1::SIGNAL_OUTCOME_NOT_RESOLVED, 19000, "V-1");
  const struct {
    int32_t day;
    int64_t open, closed, fades;
  } kCases[] = {
      {18999, 0, 0, 0},
      {19000, 1000000, 1000000, 1000000},
      {19120, 1000000, 1000000, 500000},
      {19499, 1000000, 1000000, 56008},
      {19500, 1000000, 1000000, 55685},
      {19620, 1000000, 500000, 27842},
      {19000 + 31 * 120, 1000000, 0, 0},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(reliability(open, c.day), c.open) << c.day;
    // What was closed fades from its closing day on, so later than what was never open.
    if (c.day < 19000 + 31 * 120) {
      EXPECT_EQ(reliability(closed, c.day), c.closed) << c.day;
    }
    EXPECT_NEAR(static_cast<double>(reliability(fades, c.day)), static_cast<double>(c.fades), 400) << c.day;
  }
}

TEST(ScoreTest, AnOverduePromiseGivesWayToItsLateFulfilment) {
  const std::vector<v1::Observation> late = {
      Held(v1::SIGNAL_PROMISE_OVERDUE, 100, 110, "P-1", v1::AGING_HELD_THEN_REPLACED),
      Observed(v1::SIGNAL_PROMISE_LATE, 110, "P-1", 10)};
  const auto promises = [&](int32_t day) { return ScoreOf(late, day).dimensions(3); };
  EXPECT_EQ(promises(99).evidence_millionths(), 0);
  EXPECT_EQ(promises(109).quality_millionths(), 566666);  // 1.7 / 3
  EXPECT_EQ(promises(110).quality_millionths(), 700000);  // 2.1 / 3
  EXPECT_EQ(promises(110).observations(), 1);
}

TEST(ScoreTest, TheFutureDoesNotCountYet) {
  std::vector<v1::Observation> observations = Troubled();
  const v1::AccountHealth before = ScoreOf(observations);
  observations.push_back(Observed(v1::SIGNAL_FIX_HELD, kDay + 1, "V-9", 30));
  observations.push_back(Held(v1::SIGNAL_PROMISE_OVERDUE, kDay + 30, std::nullopt, "P-9"));
  EXPECT_EQ(ScoreOf(observations).SerializeAsString(), before.SerializeAsString());
  EXPECT_NE(ScoreOf(observations, kDay + 1).score_thousandths(), ScoreOf(Troubled(), kDay + 1).score_thousandths());
}

TEST(ScoreTest, ClosingAFaultLaterDoesNotChangeTheDaysBefore) {
  const v1::Observation open = Held(v1::SIGNAL_OUTCOME_NOT_RESOLVED, kDay, std::nullopt, "V-1");
  const v1::Observation closed = Held(v1::SIGNAL_OUTCOME_NOT_RESOLVED, kDay, kDay + 9, "V-1");
  EXPECT_EQ(ScoreOf({open}, kDay + 8).SerializeAsString(), ScoreOf({closed}, kDay + 8).SerializeAsString());
}

TEST(ScoreTest, TakesRowsInAnyOrderAndInPieces) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 30; ++round) {
    const std::vector<v1::Observation> observations = RandomObservations(60, random);
    const std::vector<BucketRow> rows = BucketsOf(observations);
    const auto want = Score(rows, {}, kDay, Model::Default());
    ASSERT_TRUE(want.ok()) << want.status();
    std::vector<BucketRow> pieces;
    for (const auto& o : observations) ASSERT_TRUE(Spread(o, 1, Model::Default(), &pieces).ok());
    pieces.emplace_back().dimension = v1::DIMENSION_EFFORT;  // A row of zeros is no row.
    std::shuffle(pieces.begin(), pieces.end(), random);
    const auto got = Score(pieces, {}, kDay, Model::Default());
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ(got->SerializeAsString(), want->SerializeAsString());
  }
}

TEST(ScoreTest, AnyEvidenceGivesAScoreInsideItsIntervalAndItsBounds) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 200; ++round) {
    const v1::AccountHealth health = ScoreOf(RandomObservations(static_cast<int>(random() % 80), random),
                                             static_cast<int32_t>(18990 + random() % 3000));
    EXPECT_GE(health.low_thousandths(), 0);
    EXPECT_LE(health.low_thousandths(), health.score_thousandths());
    EXPECT_LE(health.score_thousandths(), health.high_thousandths());
    EXPECT_LE(health.high_thousandths(), 100000);
    EXPECT_GE(health.evidence_share_millionths(), 0);
    EXPECT_LT(health.evidence_share_millionths(), kMillion);
    int64_t points = health.prior_score_thousandths();
    for (const auto& dimension : health.dimensions()) points += dimension.contribution_thousandths();
    EXPECT_EQ(points, health.score_thousandths());
  }
}

TEST(ReceiptTest, ChangesWithAnythingThatCounts) {
  const auto receipt = [](const std::vector<v1::Observation>& observations, int32_t day, const Caps& caps) {
    return ScoreOf(observations, day, caps).receipt();
  };
  const std::string base = receipt(Troubled(), kDay, {});
  EXPECT_EQ(receipt(Troubled(), kDay, {}), base);
  EXPECT_NE(receipt(Troubled(), kDay + 1, {}), base);
  EXPECT_NE(receipt(Troubled(), kDay, {.safety_event_id = "E-1"}), base);
  EXPECT_NE(receipt(Troubled(), kDay, {.cancellation_notice_id = "E-1"}), base);
  EXPECT_NE(receipt(Troubled(), kDay, {.repeating_asset_id = "E-1"}), base);
  std::vector<v1::Observation> moved = Troubled();
  moved[1].set_effective_day(moved[1].effective_day() - 1);
  EXPECT_NE(receipt(moved, kDay, {}), base);
  // Evidence that has faded to nothing is still evidence.
  std::vector<v1::Observation> old = Troubled();
  old.push_back(Observed(v1::SIGNAL_CSAT, kDay - 90 * 40, "F-0", 3));
  EXPECT_EQ(ScoreOf(old).score_thousandths(), ScoreOf(Troubled()).score_thousandths());
  EXPECT_NE(receipt(old, kDay, {}), base);

  v1::HealthModel figures = DefaultFigures();
  figures.set_known_share_millionths(200001);
  const absl::StatusOr<Model> model = Model::Create(figures);
  ASSERT_TRUE(model.ok());
  EXPECT_NE(Score(BucketsOf(Troubled()), {}, kDay, *model)->receipt(), base);
}

TEST(ScoreTest, DamagedBucketsAreSaidToBeDamaged) {
  const struct {
    const char* want;
    BucketRow row;
  } kCases[] = {
      {"dimension 0", {v1::DIMENSION_UNSPECIFIED, false, 1, 1, 1, 1}},
      {"dimension 8", {static_cast<v1::Dimension>(8), false, 1, 1, 1, 1}},
      {"effort contradict", {v1::DIMENSION_EFFORT, false, kDay, -1, -1, 0}},
      {"effort contradict", {v1::DIMENSION_EFFORT, true, kDay, -1, -1, 0}},
      {"effort contradict", {v1::DIMENSION_EFFORT, false, kDay, 1, 1, -1}},
      {"effort contradict", {v1::DIMENSION_EFFORT, false, kDay, 1, 1, kMillion + 1}},
  };
  for (const auto& c : kCases) {
    const absl::Status status = Score({c.row}, {}, kDay, Model::Default()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.want));
  }
}

TEST(RepeatCapTest, NeedsThreeOnOneAssetWithinSixtyDays) {
  const auto repeat = [](int32_t day, const char* asset, v1::Signal signal = v1::SIGNAL_REPEAT_VISIT) {
    v1::Observation observation = Observed(signal, day, "V");
    observation.set_asset_id(asset);
    return observation;
  };
  const v1::Signal again = v1::SIGNAL_REPEAT_VISIT_AGAIN;
  const struct {
    const char* name;
    std::vector<v1::Observation> observations;
    const char* want;
  } kCases[] = {
      {"none", {}, ""},
      {"two", {repeat(kDay, "A"), repeat(kDay - 1, "A", again)}, ""},
      {"three", {repeat(kDay, "A"), repeat(kDay - 30, "A", again), repeat(kDay - 59, "A", again)}, "A"},
      {"one of them too long ago", {repeat(kDay, "A"), repeat(kDay - 30, "A"), repeat(kDay - 60, "A")}, ""},
      {"one of them tomorrow", {repeat(kDay + 1, "A"), repeat(kDay, "A"), repeat(kDay - 1, "A")}, ""},
      {"on two assets", {repeat(kDay, "A"), repeat(kDay, "B"), repeat(kDay, "A")}, ""},
      {"on an asset nobody named", {repeat(kDay, ""), repeat(kDay, ""), repeat(kDay, "")}, ""},
      {"other signals", {repeat(kDay, "A"), repeat(kDay, "A"), repeat(kDay, "A", v1::SIGNAL_FIX_HELD)}, ""},
  };
  for (const auto& c : kCases) EXPECT_EQ(FindRepeatingAsset(c.observations, kDay), c.want) << c.name;
}

}  // namespace
}  // namespace doorstep::health
