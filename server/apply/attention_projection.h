// Entries that stand in conflict with what the office or another technician did: their authors are told that somebody
// will look, and told again when somebody has.
#ifndef DOORSTEP_SERVER_APPLY_ATTENTION_PROJECTION_H_
#define DOORSTEP_SERVER_APPLY_ATTENTION_PROJECTION_H_

#include "absl/status/status.h"
#include "server/apply/group.h"

namespace doorstep {

// Judges the entries by which the visit's open attention has changed in this group. `visit` is folded.
absl::Status ProjectAttention(Group& group, const GroupVisit& visit);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_ATTENTION_PROJECTION_H_
