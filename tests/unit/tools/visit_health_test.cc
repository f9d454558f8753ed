// What `why VISIT` says of the account's health.
#include "tools/doorstep/visit_health.h"

#include <gmock/gmock.h>

#include <vector>

namespace doorstep::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::Visit Imported(v1::OutcomeCode code) {
  v1::Visit visit;
  visit.set_id("E-1");
  visit.set_account_id("A-1");
  visit.set_kind(v1::WORK_ORDER_KIND_CORRECTIVE);
  visit.add_asset_ids("engine");
  visit.mutable_outcome()->set_code(code);
  visit.mutable_outcome()->mutable_fault()->set_code("VALVE-SEAT");
  return visit;
}

TEST(VisitHealthTest, EveryReasonThatRestsOnTheVisitIsItsOwn) {
  v1::GetVisitLogResponse log;
  v1::VisitLogItem& feedback = *log.add_items();
  feedback.mutable_position()->set_device("d7");
  feedback.mutable_position()->set_epoch(1);
  feedback.mutable_position()->set_seq(4);
  feedback.mutable_entry()->mutable_feedback_captured();
  log.add_items()->mutable_entry()->mutable_commitment_made()->mutable_commitment()->set_id("P-1");
  Contributions all;
  const std::vector<std::pair<const char*, const char*>> kSources = {
      {"E-1", ""}, {"E-2", "E-1"}, {"E-2", ""}, {"d7.1.4", ""}, {"d7.1.5", ""}, {"P-1", ""}, {"P-2", ""}};
  for (size_t i = 0; i < kSources.size(); ++i) {
    v1::Contribution& contribution = *all.Add();
    contribution.set_source_id(kSources[i].first);
    contribution.set_related_id(kSources[i].second);
    contribution.set_points_thousandths(static_cast<int32_t>(i));
  }
  std::vector<int> own;
  for (const v1::Contribution& one : ContributionsOf(Imported(v1::OUTCOME_CODE_RESOLVED), log, all)) {
    own.push_back(one.points_thousandths());
  }
  EXPECT_THAT(own, ElementsAre(0, 1, 3, 5));
}

TEST(VisitHealthTest, AVisitThatMovesNothingSaysWhy) {
  EXPECT_THAT(WhyNothing(Imported(v1::OUTCOME_CODE_NO_ACCESS)), HasSubstr("\"no access\""));
  EXPECT_THAT(WhyNothing(Imported(v1::OUTCOME_CODE_NOT_NEEDED)), HasSubstr("\"not needed\""));
  EXPECT_THAT(WhyNothing(Imported(v1::OUTCOME_CODE_RESOLVED)), HasSubstr("faded"));
  v1::Visit canceled;
  canceled.set_state(v1::VISIT_STATE_CANCELED);
  EXPECT_THAT(WhyNothing(canceled), HasSubstr("cancelled"));
  EXPECT_THAT(WhyNothing(v1::Visit()), HasSubstr("yet"));
}

TEST(VisitHealthTest, WithoutAssetOrFaultCodeItSaysThatNothingIsARepeat) {
  v1::Visit visit = Imported(v1::OUTCOME_CODE_RESOLVED);
  EXPECT_EQ(WhyNoRepeats(visit), "");
  visit.mutable_outcome()->clear_fault();
  EXPECT_THAT(WhyNoRepeats(visit), HasSubstr("It names no fault code:"));
  visit.clear_asset_ids();
  EXPECT_THAT(WhyNoRepeats(visit), HasSubstr("no asset and no fault code:"));
  visit.set_kind(v1::WORK_ORDER_KIND_INSPECTION);
  EXPECT_EQ(WhyNoRepeats(visit), "") << "only corrective visits repeat";
}

}  // namespace
}  // namespace doorstep::cli
