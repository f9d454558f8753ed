// What the group has changed, moved up in the feed of everybody who should see it.
#ifndef DOORSTEP_SERVER_APPLY_FEED_PROJECTION_H_
#define DOORSTEP_SERVER_APPLY_FEED_PROJECTION_H_

#include <vector>

#include "absl/status/status.h"
#include "server/apply/group.h"

namespace doorstep {

// The last step of a group. `changed`: the visits that it has written. Technicians' feeds that are written on a new
// day move their window too, and others do when a tick says that the day has turned.
absl::Status ProjectFeeds(Group& group, const std::vector<GroupVisit*>& changed);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_FEED_PROJECTION_H_
