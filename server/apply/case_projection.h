// A case is the visits of one work order, or one visit without a work order: its state rolls up, and its visits belong
// to one repair chain.
#ifndef DOORSTEP_SERVER_APPLY_CASE_PROJECTION_H_
#define DOORSTEP_SERVER_APPLY_CASE_PROJECTION_H_

#include <vector>

#include "absl/status/status.h"
#include "server/apply/group.h"

namespace doorstep {

// For every dirty work order and lone visit: the work order's state, and the chain of each visit. `changed`: the
// visits that the group changes; their rows are not written yet, and their chains are left for that.
absl::Status ProjectCases(Group& group, const std::vector<GroupVisit*>& changed);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_CASE_PROJECTION_H_
