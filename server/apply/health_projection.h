// What the group's visits, repair chains and promises say about health: the observations of each small group of facts
// are derived again, and the difference goes into rows and buckets. Invariant: the buckets are the sum over the open
// observation rows.
#ifndef DOORSTEP_SERVER_APPLY_HEALTH_PROJECTION_H_
#define DOORSTEP_SERVER_APPLY_HEALTH_PROJECTION_H_

#include "absl/status/status.h"
#include "server/apply/group.h"

namespace doorstep {

// For everything dirty. Runs after cases and commitments.
absl::Status ProjectHealth(Group& group);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_HEALTH_PROJECTION_H_
