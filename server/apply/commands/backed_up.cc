#include "server/apply/commands/backed_up.h"

#include <utility>

#include "client_core/base/status.h"
#include "server/apply/commands/apply_parts.h"
#include "server/storage/meta_table.h"

namespace doorstep {

absl::Status RunBackedUp(const std::string& name, const std::vector<JournalBeyondBackups>& journals, Transaction& tx) {
  RETURN_IF_ERROR(WriteLastBackup(tx.sql(), tx.commit_us()));
  if (journals.empty()) return absl::OkStatus();
  v1::CommandRecord record;
  v1::BackedUpCommand& command = *record.mutable_backed_up();
  command.set_name(name);
  for (const JournalBeyondBackups& journal : journals) {
    v1::BackedUpJournal& backed_up = *command.add_journals();
    backed_up.set_device(journal.device);
    backed_up.set_epoch(journal.epoch);
    backed_up.set_through(journal.mark);
  }
  return tx.Apply(std::move(record));
}

absl::Status ApplyPart(const v1::BackedUpCommand& command, Transaction& tx) {
  for (const v1::BackedUpJournal& journal : command.journals()) {
    RETURN_IF_ERROR(tx.MoveBackedUp(journal.device(), journal.epoch(), journal.through()));
  }
  return absl::OkStatus();
}

}  // namespace doorstep
