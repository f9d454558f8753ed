#include "client_core/rules/work_order_rollup.h"

#include "client_core/rules/visit_fold.h"

namespace doorstep {

bool IsDone(v1::OutcomeCode code) {
  return code == v1::OUTCOME_CODE_RESOLVED || code == v1::OUTCOME_CODE_TEMPORARY_FIX ||
         code == v1::OUTCOME_CODE_NO_FAULT_FOUND || code == v1::OUTCOME_CODE_NOT_NEEDED;
}

v1::WorkOrderState RollUp(const std::vector<RollupVisit>& visits) {
  bool any_planned = false;
  bool any_open = false;
  const RollupVisit* last = nullptr;
  for (const RollupVisit& visit : visits) {
    if (IsUnderWay(visit.state)) return v1::WORK_ORDER_STATE_IN_PROGRESS;
    if (visit.state == v1::VISIT_STATE_SCHEDULED || visit.state == v1::VISIT_STATE_DISPATCHED) any_planned = true;
    if (visit.state == v1::VISIT_STATE_UNSCHEDULED) any_open = true;
    const bool ended = HasEnded(visit.state) && visit.outcome != v1::OUTCOME_CODE_UNSPECIFIED;
    if (ended && (last == nullptr || visit.ended_time_us >= last->ended_time_us)) last = &visit;
  }
  if (any_planned) return v1::WORK_ORDER_STATE_SCHEDULED;
  if (visits.empty() || any_open) return v1::WORK_ORDER_STATE_OPEN;
  if (last == nullptr) return v1::WORK_ORDER_STATE_CANCELED;
  return IsDone(last->outcome) ? v1::WORK_ORDER_STATE_COMPLETED : v1::WORK_ORDER_STATE_NEEDS_VISIT;
}

}  // namespace doorstep
