// The state of a work order is a roll-up of its visits:
//   no visits, or only UNSCHEDULED ones                      OPEN
//   any visit EN_ROUTE, ON_SITE, IN_PROGRESS or PAUSED       IN_PROGRESS
//   else any visit SCHEDULED or DISPATCHED                   SCHEDULED
//   else all CANCELED (or CLOSED without an outcome)         CANCELED
//   else the last visit to end was done (RESOLVED, TEMPORARY_FIX, NO_FAULT_FOUND, NOT_NEEDED)  COMPLETED
//   else                                                     NEEDS_VISIT
#ifndef DOORSTEP_CLIENT_CORE_RULES_WORK_ORDER_ROLLUP_H_
#define DOORSTEP_CLIENT_CORE_RULES_WORK_ORDER_ROLLUP_H_

#include <vector>

#include "doorstep/v1/visit.pb.h"

namespace doorstep {

// What the roll-up reads of one visit.
struct RollupVisit {
  v1::VisitState state = v1::VISIT_STATE_UNSPECIFIED;
  v1::OutcomeCode outcome = v1::OUTCOME_CODE_UNSPECIFIED;
  int64_t ended_time_us = 0;
};

v1::WorkOrderState RollUp(const std::vector<RollupVisit>& visits);

// True for outcomes that leave nothing to do.
bool IsDone(v1::OutcomeCode code);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_RULES_WORK_ORDER_ROLLUP_H_
