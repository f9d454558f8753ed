#include "server/health/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "absl/strings/escaping.h"

namespace doorstep::health {
namespace {

using ::testing::HasSubstr;

TEST(ModelTest, ShippedModelIsValidAndHasThisAddress) {
  const absl::StatusOr<Model> model = Model::Create(DefaultFigures());
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(absl::BytesToHexString(model->id()), "355f5f2371288db4d0096a357c65af6abc7938f8fb302d9e9456df26d2e8014b");
  EXPECT_EQ(Model::Default().id(), model->id());
}

TEST(ModelTest, MeasuresFourDimensions) {
  std::set<int> measured;
  for (int i = 0; i < kDimensions; ++i) {
    if (Model::Default().dimension(i).measured()) measured.insert(Model::Default().dimension(i).dimension());
  }
  EXPECT_EQ(measured, (std::set<int>{v1::DIMENSION_RELIABILITY, v1::DIMENSION_EFFORT, v1::DIMENSION_SENTIMENT,
                                     v1::DIMENSION_PROMISES}));
}

TEST(ModelTest, EverySignalBelongsToOneDimension) {
  for (int signal = 1; signal <= v1::Signal_MAX; ++signal) {
    EXPECT_NE(DimensionOf(static_cast<v1::Signal>(signal)), v1::DIMENSION_UNSPECIFIED) << signal;
  }
  EXPECT_EQ(DimensionOf(v1::SIGNAL_UNSPECIFIED), v1::DIMENSION_UNSPECIFIED);
  EXPECT_EQ(DimensionOf(static_cast<v1::Signal>(v1::Signal_MAX + 1)), v1::DIMENSION_UNSPECIFIED);
}

TEST(ModelTest, LooksUpOnlyWhatItKnows) {
  const Model& model = Model::Default();
  EXPECT_EQ(model.signal(v1::SIGNAL_UNSPECIFIED), nullptr);
  EXPECT_EQ(model.signal(static_cast<v1::Signal>(v1::Signal_MAX + 1)), nullptr);
  EXPECT_EQ(model.feedback_mode(v1::FEEDBACK_MODE_UNSPECIFIED), nullptr);
  EXPECT_EQ(model.commitment_size(static_cast<v1::CommitmentSize>(-1)), nullptr);
  ASSERT_NE(model.signal(v1::SIGNAL_SCOPE_ADDED), nullptr);
  EXPECT_EQ(model.signal(v1::SIGNAL_SCOPE_ADDED)->signal(), v1::SIGNAL_SCOPE_ADDED);
}

TEST(ModelTest, AnotherFigureIsAnotherModel) {
  const std::function<void(v1::HealthModel&)> kChanges[] = {
      [](v1::HealthModel& m) { m.mutable_dimensions(0)->set_half_life_days(121); },
      [](v1::HealthModel& m) { m.mutable_dimensions(0)->set_prior_millionths(800001); },
      [](v1::HealthModel& m) { m.mutable_dimensions(0)->set_prior_weight_millionths(3000001); },
      [](v1::HealthModel& m) { m.mutable_dimensions(0)->set_measured(false); },
      [](v1::HealthModel& m) {
        m.mutable_dimensions(0)->set_share_millionths(299999);
        m.mutable_dimensions(1)->set_share_millionths(150001);
      },
      [](v1::HealthModel& m) { m.mutable_signals(0)->set_weight_millionths(999999); },
      [](v1::HealthModel& m) { m.mutable_signals(0)->set_quality_millionths(999999); },
      [](v1::HealthModel& m) { m.mutable_signals(13)->set_scale_low(2); },
      [](v1::HealthModel& m) { m.mutable_signals(13)->set_scale_high(8); },
      [](v1::HealthModel& m) { m.mutable_feedback_modes(5)->set_weight_millionths(1); },
      [](v1::HealthModel& m) { m.mutable_feedback_modes(5)->set_excess_millionths(1); },
      [](v1::HealthModel& m) { m.mutable_commitment_sizes(0)->set_weight_millionths(1); },
      [](v1::HealthModel& m) { m.set_red_line_thousandths(60001); },
      [](v1::HealthModel& m) { m.set_known_share_millionths(200001); },
      [](v1::HealthModel& m) { m.set_interval_thousandths(1283); },
  };
  std::set<std::string> ids = {Model::Default().id()};
  for (const auto& change : kChanges) {
    v1::HealthModel figures = DefaultFigures();
    change(figures);
    const absl::StatusOr<Model> model = Model::Create(figures);
    ASSERT_TRUE(model.ok()) << model.status();
    EXPECT_TRUE(ids.insert(model->id()).second) << "change " << ids.size();
  }
}

TEST(ModelTest, RefusesFiguresNamingFieldAndBound) {
  const struct {
    const char* want;
    std::function<void(v1::HealthModel&)> change;
  } kCases[] = {
      {"dimensions has 6 rows", [](v1::HealthModel& m) { m.mutable_dimensions()->RemoveLast(); }},
      {"dimensions[0] is about 2", [](v1::HealthModel& m) { m.mutable_dimensions()->SwapElements(0, 1); }},
      {"add up to 1000001", [](v1::HealthModel& m) { m.mutable_dimensions(0)->set_share_millionths(300001); }},
      {"dimensions[2].half_life_days is 0; it must be 1 to 3650",
       [](v1::HealthModel& m) { m.mutable_dimensions(2)->set_half_life_days(0); }},
      {"dimensions[1].prior_millionths is 1000001",
       [](v1::HealthModel& m) { m.mutable_dimensions(1)->set_prior_millionths(1000001); }},
      {"dimensions[1].prior_weight_millionths is 0; it must be 1 to 1000000000",
       [](v1::HealthModel& m) { m.mutable_dimensions(1)->set_prior_weight_millionths(0); }},
      {"signals has 33 rows", [](v1::HealthModel& m) { m.mutable_signals()->RemoveLast(); }},
      {"signals[3] is about 5", [](v1::HealthModel& m) { m.mutable_signals()->SwapElements(3, 4); }},
      {"signals[0].weight_millionths is -1",
       [](v1::HealthModel& m) { m.mutable_signals(0)->set_weight_millionths(-1); }},
      {"signals[0].quality_millionths is 1000001",
       [](v1::HealthModel& m) { m.mutable_signals(0)->set_quality_millionths(1000001); }},
      {"signals[13].scale_high is 1; it must be 2",
       [](v1::HealthModel& m) { m.mutable_signals(13)->set_scale_high(1); }},
      {"feedback_modes has 7 rows", [](v1::HealthModel& m) { m.add_feedback_modes(); }},
      {"feedback_modes[1].excess_millionths is 2000000",
       [](v1::HealthModel& m) { m.mutable_feedback_modes(1)->set_excess_millionths(2000000); }},
      {"commitment_sizes[2].weight_millionths is 10000001",
       [](v1::HealthModel& m) { m.mutable_commitment_sizes(2)->set_weight_millionths(10000001); }},
      {"red_line_thousandths is 100001", [](v1::HealthModel& m) { m.set_red_line_thousandths(100001); }},
      {"known_share_millionths is -1", [](v1::HealthModel& m) { m.set_known_share_millionths(-1); }},
      {"interval_thousandths is 10001", [](v1::HealthModel& m) { m.set_interval_thousandths(10001); }},
      {"id is not the address", [](v1::HealthModel& m) { m.set_id("x"); }},
  };
  for (const auto& c : kCases) {
    v1::HealthModel figures = DefaultFigures();
    c.change(figures);
    const absl::Status status = Model::Create(figures).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.want;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.want));
  }
}

TEST(ModelTest, TakesItsOwnAddressBack) { EXPECT_TRUE(Model::Create(Model::Default().proto()).ok()); }

}  // namespace
}  // namespace doorstep::health
