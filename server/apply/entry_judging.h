// What becomes of each entry of a frame that is new: it counts for a visit, counts without one, or is an exception.
// Never refuses a fact: bytes that cannot count are quarantined and kept.
#ifndef DOORSTEP_SERVER_APPLY_ENTRY_JUDGING_H_
#define DOORSTEP_SERVER_APPLY_ENTRY_JUDGING_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/sync.pb.h"
#include "server/apply/group.h"
#include "server/apply/prepared_frame.h"

namespace doorstep {

// Entries from index `skip` on, in order. `frame_n` is the number of the stored frame.
absl::Status JudgeEntries(Group& group, DeviceRow& device, PreparedFrame& frame, uint64_t skip, int64_t frame_n);

// Lets an entry against which nothing stands take effect: for its visit, or without one. It was recorded in frame
// number `frame_n` with `header` and received at `received_us`. False, and nothing done: nobody knows its visit.
absl::StatusOr<bool> TakeEffect(Group& group, PreparedEntry& entry, const v1::FrameHeader& header, int64_t received_us,
                                int64_t frame_n);

// Keeps the entry at `position` as one that does not count, with words for the technician. `device` is its number.
absl::Status ParkEntry(Group& group, int64_t device, const v1::JournalPosition& position, v1::QuarantineReason reason,
                       absl::string_view message, absl::string_view visit_id);
// Because nobody knows the visit it names.
absl::Status ParkForVisit(Group& group, int64_t device, const PreparedEntry& entry);

// Lets `entry`, recorded in a frame with `header` and received at `received_us`, count for `visit`. Entries may come in
// any order; those of one journal keep theirs.
void CountFor(Group& group, GroupVisit& visit, PreparedEntry& entry, const v1::FrameHeader& header,
              int64_t received_us);

// A visit that now exists takes the entries that waited for it.
absl::Status ReplayWaiting(Group& group, GroupVisit& visit);

// True when entries of the same journal behind `position` are in `input` already.
bool IsLate(const v1::FoldInput& input, const v1::JournalPosition& position);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_ENTRY_JUDGING_H_
