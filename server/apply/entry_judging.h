// What becomes of each entry of a frame that is new: it counts for a visit, counts without one, or is an exception.
// Never refuses a fact: bytes that cannot count are quarantined and kept.
#ifndef DOORSTEP_SERVER_APPLY_ENTRY_JUDGING_H_
#define DOORSTEP_SERVER_APPLY_ENTRY_JUDGING_H_

#include <cstdint>

#include "absl/status/status.h"
#include "server/apply/group.h"
#include "server/apply/prepared_frame.h"

namespace doorstep {

// Entries from index `skip` on, in order. `frame_n` is the number of the stored frame.
absl::Status JudgeEntries(Group& group, DeviceRow& device, PreparedFrame& frame, uint64_t skip, int64_t frame_n);

// Lets `entry`, recorded in a frame with `header` and received at `received_us`, count for `visit`. Entries may come in
// any order; those of one journal keep theirs.
void CountFor(Group& group, GroupVisit& visit, PreparedEntry& entry, const v1::FrameHeader& header,
              int64_t received_us);

// A visit that now exists takes the entries that waited for it.
absl::Status ReplayWaiting(Group& group, GroupVisit& visit);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_ENTRY_JUDGING_H_
