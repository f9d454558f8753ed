#include "server/health/bands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/server/health/observations.h"

namespace doorstep::health {
namespace {

using ::testing::HasSubstr;

constexpr int32_t kDay = 20000;

// An account of which everything is known and nothing is wrong.
Standing Good() {
  Standing standing;
  standing.score = 80000;
  standing.low = 70000;
  standing.prior_score = 76700;
  standing.known_share = 500000;
  standing.latest_evidence_day = kDay;
  standing.known_share_then = 500000;
  standing.satisfaction_known = true;
  standing.adoption_known = true;
  return standing;
}

Standing With(void (*change)(Standing&)) {
  Standing standing = Good();
  change(standing);
  return standing;
}

TEST(BandTest, TriesTheRulesInTheirOrder) {
  const struct {
    Standing standing;
    Caps caps;
    v1::Band want;
    const char* reason;
  } kCases[] = {
      {Good(), {}, v1::BAND_GREEN, "the score of 80.000, and 70.000 at the least, is above the red line of 60.000"},
      {Good(), {.safety_event_id = "E-1"}, v1::BAND_RED, "a safety event is open (E-1)"},
      {Good(), {.cancellation_notice_id = "N-1"}, v1::BAND_RED, "the customer has given notice (N-1)"},
      {Good(), {.repeating_asset_id = "A-1"}, v1::BAND_RED, "asset A-1 needed 3 repeat visits within 60 days"},
      {With([](Standing& s) { s.score = 59999; }),
       {},
       v1::BAND_RED,
       "the score of 59.999 is under the red line of 60.000"},
      {With([](Standing& s) {
         s.score = 60000;
         s.prior_score = 60000;
         s.low = 60000;
       }),
       {},
       v1::BAND_GREEN,
       "60.0"},
      // A cap and a low score come before silence and ignorance.
      {With([](Standing& s) { s.known_share = 0; }), {.safety_event_id = "E-1"}, v1::BAND_RED, "E-1"},
      {With([](Standing& s) {
         s.score = 0;
         s.known_share = 0;
       }),
       {},
       v1::BAND_RED,
       "0.0"},
      {With([](Standing& s) {
         s.known_share = 199999;
         s.known_share_then = 200000;
       }),
       {},
       v1::BAND_SILENT,
       "nothing new since 2024-10-04: of what we measure 20 % was known then, 19 % is now"},
      {With([](Standing& s) {
         s.known_share = 199999;
         s.known_share_then = 199999;
       }),
       {},
       v1::BAND_UNKNOWN,
       "of what we measure 19 % is known, and it takes 20 %"},
      {With([](Standing& s) {
         s.known_share = 0;
         s.known_share_then = 0;
         s.latest_evidence_day.reset();
       }),
       {},
       v1::BAND_UNKNOWN,
       "0 %"},
      {With([](Standing& s) {
         s.known_share = 200000;
         s.known_share_then = 200000;
       }),
       {},
       v1::BAND_GREEN,
       ""},
      {With([](Standing& s) { s.low = 59999; }),
       {},
       v1::BAND_AMBER,
       "it may be as low as 59.999, which is under the red line of 60.000"},
      {With([](Standing& s) { s.score = 76699; }),
       {},
       v1::BAND_AMBER,
       "the score of 76.699 is below the 76.700 of a customer nobody knows"},
      {With([](Standing& s) { s.score = 76700; }), {}, v1::BAND_GREEN, ""},
      {With([](Standing& s) { s.promise_overdue = true; }), {}, v1::BAND_AMBER, "a promise is overdue"},
      {With([](Standing& s) { s.satisfaction_known = false; }),
       {},
       v1::BAND_AMBER,
       "nothing is known about satisfaction"},
      {With([](Standing& s) {
         s.adoption_known = false;
         s.promise_overdue = true;
       }),
       {},
       v1::BAND_AMBER,
       "a promise is overdue; nothing is known about use"},
  };
  for (const auto& c : kCases) {
    const Verdict verdict = Judge(c.standing, c.caps, Model::Default());
    EXPECT_EQ(v1::Band_Name(verdict.band), v1::Band_Name(c.want)) << c.reason;
    EXPECT_THAT(verdict.reason, HasSubstr(c.reason));
  }
}

v1::AccountHealth ScoreOf(const std::vector<v1::Observation>& observations, int32_t day,
                          const Model& model = Model::Default()) {
  const auto health = Score(BucketsOf(observations), {}, day, model);
  EXPECT_TRUE(health.ok()) << health.status();
  return health.ok() ? *health : v1::AccountHealth();
}

// Four fixed visits in time that the customer liked.
std::vector<v1::Observation> Happy() {
  std::vector<v1::Observation> observations;
  for (int32_t day = kDay - 3; day <= kDay; ++day) {
    for (int twice = 0; twice < 2; ++twice) {
      observations.push_back(Observed(v1::SIGNAL_OUTCOME_RESOLVED, day, "V", 1));
      observations.push_back(Observed(v1::SIGNAL_ARRIVAL_IN_WINDOW, day, "V"));
      observations.push_back(Observed(v1::SIGNAL_CSAT, day, "F", 5));
      observations.push_back(Observed(v1::SIGNAL_PROMISE_KEPT, day, "P"));
    }
  }
  return observations;
}

TEST(BandTest, AKnownAccountIsGreenAndGoesSilentNeverUnknown) {
  EXPECT_EQ(ScoreOf(Happy(), kDay - 4).band(), v1::BAND_UNKNOWN);
  EXPECT_EQ(ScoreOf(Happy(), kDay).band(), v1::BAND_GREEN);
  bool silent = false;
  for (int32_t day = kDay; day < kDay + 1000; ++day) {
    const v1::Band band = ScoreOf(Happy(), day).band();
    EXPECT_NE(band, v1::BAND_UNKNOWN) << day;
    EXPECT_NE(band, v1::BAND_RED) << day;
    if (silent) {
      EXPECT_EQ(band, v1::BAND_SILENT) << day;
    }
    silent = band == v1::BAND_SILENT;
  }
  EXPECT_TRUE(silent);
}

TEST(BandTest, AnOverduePromiseTakesGreenAwayUntilItIsSettled) {
  std::vector<v1::Observation> observations = Happy();
  observations.push_back(Held(v1::SIGNAL_PROMISE_OVERDUE, kDay, kDay + 2, "P-1", v1::AGING_HELD_THEN_REPLACED));
  EXPECT_EQ(ScoreOf(observations, kDay + 1).band(), v1::BAND_AMBER);
  EXPECT_THAT(ScoreOf(observations, kDay + 1).band_reason(), HasSubstr("a promise is overdue"));
  EXPECT_EQ(ScoreOf(observations, kDay + 2).band(), v1::BAND_GREEN);
}

TEST(BandTest, NeedsToKnowUseOnlyWhereUseIsMeasured) {
  v1::HealthModel figures = DefaultFigures();
  figures.mutable_dimensions(v1::DIMENSION_ADOPTION - 1)->set_measured(true);
  const absl::StatusOr<Model> model = Model::Create(figures);
  ASSERT_TRUE(model.ok());
  std::vector<v1::Observation> observations = Happy();
  EXPECT_EQ(ScoreOf(observations, kDay, *model).band(), v1::BAND_AMBER);
  EXPECT_EQ(ScoreOf(observations, kDay, *model).band_reason(), "nothing is known about use");
  observations.push_back(Observed(v1::SIGNAL_USE_OBSERVED, kDay, "R-1", 900000));
  EXPECT_EQ(ScoreOf(observations, kDay, *model).band(), v1::BAND_GREEN);
}

}  // namespace
}  // namespace doorstep::health
