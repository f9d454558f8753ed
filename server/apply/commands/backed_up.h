// What a verified backup holds, so that phones may forget it when it is old enough. First half, as in
// dispatch_commands.h.
#ifndef DOORSTEP_SERVER_APPLY_COMMANDS_BACKED_UP_H_
#define DOORSTEP_SERVER_APPLY_COMMANDS_BACKED_UP_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/apply/transaction.h"
#include "server/storage/journal_table.h"

namespace doorstep {

// Notes the backup `name`, which holds `journals` up to their marks. Without journals no row is written: it holds
// nothing that an earlier one does not.
absl::Status RunBackedUp(const std::string& name, const std::vector<JournalBeyondBackups>& journals, Transaction& tx);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_COMMANDS_BACKED_UP_H_
