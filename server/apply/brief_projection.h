// The brief of each account that something has changed for; written only when its bytes change.
#ifndef DOORSTEP_SERVER_APPLY_BRIEF_PROJECTION_H_
#define DOORSTEP_SERVER_APPLY_BRIEF_PROJECTION_H_

#include "absl/status/status.h"
#include "server/apply/group.h"

namespace doorstep {

// Runs after health, which knows the repeats.
absl::Status ProjectBriefs(Group& group);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_BRIEF_PROJECTION_H_
