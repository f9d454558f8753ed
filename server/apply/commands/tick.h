// The turn of the day as a command of the server's own, so that a rebuild turns it at the same place.
// Invariant: a tick that was skipped or comes twice changes nothing in what the next one leaves.
#ifndef DOORSTEP_SERVER_APPLY_COMMANDS_TICK_H_
#define DOORSTEP_SERVER_APPLY_COMMANDS_TICK_H_

#include "absl/status/statusor.h"
#include "server/apply/transaction.h"

namespace doorstep {

// Brings what depends on the day to the server's day (Group::Today), limits::kTickFeedsMax feeds at a time. True: more
// is behind, tick again. Writes no row when nothing is behind.
absl::StatusOr<bool> RunTick(Transaction& tx);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_COMMANDS_TICK_H_
