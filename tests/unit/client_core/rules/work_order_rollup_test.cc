#include "client_core/rules/work_order_rollup.h"

#include <gtest/gtest.h>

#include <vector>

namespace doorstep {
namespace {

TEST(WorkOrderRollupTest, FollowsThePublishedTable) {
  const RollupVisit open{v1::VISIT_STATE_UNSCHEDULED};
  const RollupVisit planned{v1::VISIT_STATE_DISPATCHED};
  const RollupVisit working{v1::VISIT_STATE_PAUSED};
  const RollupVisit fixed{v1::VISIT_STATE_COMPLETED, v1::OUTCOME_CODE_RESOLVED, 200};
  const RollupVisit failed{v1::VISIT_STATE_INCOMPLETE, v1::OUTCOME_CODE_PARTS_MISSING, 100};
  const RollupVisit cancelled{v1::VISIT_STATE_CANCELED};
  const struct {
    std::vector<RollupVisit> visits;
    v1::WorkOrderState want;
  } kCases[] = {
      {{}, v1::WORK_ORDER_STATE_OPEN},
      {{open, cancelled}, v1::WORK_ORDER_STATE_OPEN},
      {{open, planned}, v1::WORK_ORDER_STATE_SCHEDULED},
      {{fixed, planned}, v1::WORK_ORDER_STATE_SCHEDULED},
      {{planned, working}, v1::WORK_ORDER_STATE_IN_PROGRESS},
      {{failed, fixed}, v1::WORK_ORDER_STATE_COMPLETED},
      {{failed, cancelled}, v1::WORK_ORDER_STATE_NEEDS_VISIT},
      {{cancelled, cancelled}, v1::WORK_ORDER_STATE_CANCELED},
  };
  for (const auto& c : kCases) EXPECT_EQ(RollUp(c.visits), c.want);
}

}  // namespace
}  // namespace doorstep
