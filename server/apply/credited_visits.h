// Facts that count on another visit than they name, carried there.
#ifndef DOORSTEP_SERVER_APPLY_CREDITED_VISITS_H_
#define DOORSTEP_SERVER_APPLY_CREDITED_VISITS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "server/apply/group.h"

namespace doorstep {

// Gives the visits that were made of `visit` what counts there of it. Returns those that changed by it; usually none.
absl::StatusOr<std::vector<GroupVisit*>> CarryCredits(Group& group, const GroupVisit& visit);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_CREDITED_VISITS_H_
