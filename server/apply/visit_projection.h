// The row of a visit: the folded visit as bytes, what it was folded from, and the columns that are searched.
#ifndef DOORSTEP_SERVER_APPLY_VISIT_PROJECTION_H_
#define DOORSTEP_SERVER_APPLY_VISIT_PROJECTION_H_

#include <cstdint>

#include "absl/status/status.h"
#include "doorstep/v1/visit.pb.h"
#include "server/apply/group.h"
#include "server/storage/visit_table.h"

namespace doorstep {

// What the visit's row will hold, but for its chain, and what else follows: its case, its promises, its account's
// brief.
absl::Status ProjectVisit(Group& group, GroupVisit& visit);

// Writes the row, once the chain is known: a row is as large as all that happened, so it is written once.
absl::Status WriteVisit(Group& group, GroupVisit& visit);

// The searched columns, but for the numbers of account and work order. Pure.
VisitColumns ColumnsOf(const v1::Visit& visit);

// The offset from UTC at which `window` was promised, read off its civil times; 0 when they say nothing.
int32_t WindowOffsetSeconds(const v1::TimeWindow& window);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_VISIT_PROJECTION_H_
