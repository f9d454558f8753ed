// Entries that a phone appended again in a new epoch, each naming its first position. When both copies are held with
// the same bytes only the original counts, whichever came first.
#ifndef DOORSTEP_SERVER_APPLY_REHOMING_H_
#define DOORSTEP_SERVER_APPLY_REHOMING_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "doorstep/v1/sync.pb.h"
#include "server/apply/group.h"
#include "server/apply/prepared_frame.h"

namespace doorstep {

// Notes that the entry at `position` was appended again. True: its original is held with the same bytes, so this one is
// judged SAME_AS_ORIGINAL and does not count.
absl::StatusOr<bool> IsCopyOfHeld(Group& group, const DeviceRow& device, const v1::JournalPosition& position,
                                  const v1::EntryEnvelope& envelope);

// `frame` brings originals of entries whose copies came before: those copies stop counting.
absl::Status YieldToOriginals(Group& group, const DeviceRow& device, const PreparedFrame& frame, uint64_t skip);

// Takes everything of one journal out of the visit's input, the opening on site included, and counts again what still
// counts. Seqs in `leaving` counted and do not any more.
absl::Status RefoldJournal(Group& group, const DeviceRow& device, GroupVisit& visit, uint64_t epoch,
                           const std::set<uint64_t>& leaving);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_REHOMING_H_
