// Carries out recorded commands: the second half of every command, and all of it in a rebuild.
// Invariant: the outcome follows from the record and the data alone. Nothing is drawn, no clock is read, nothing
// refused.
#ifndef DOORSTEP_SERVER_APPLY_COMMANDS_APPLY_RECORD_H_
#define DOORSTEP_SERVER_APPLY_COMMANDS_APPLY_RECORD_H_

#include "absl/status/status.h"
#include "doorstep/v1/command.pb.h"
#include "server/apply/transaction.h"

namespace doorstep {

// An ApplyCommand (transaction.h). INTERNAL: a kind of record that this program does not know.
absl::Status ApplyRecord(const v1::CommandRecord& record, Transaction& tx);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_COMMANDS_APPLY_RECORD_H_
