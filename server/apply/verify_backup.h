// Whether a copy of the server's file is worth anything: it is opened as a server would open it after a restore, looked
// through, and everything computed in it is made again from its frames and commands and compared.
#ifndef DOORSTEP_SERVER_APPLY_VERIFY_BACKUP_H_
#define DOORSTEP_SERVER_APPLY_VERIFY_BACKUP_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client_core/base/random.h"
#include "server/apply/transaction.h"
#include "server/storage/attachment_backup.h"
#include "server/storage/journal_table.h"

namespace doorstep {

struct VerifiedBackup {
  uint64_t entries = 0;
  uint64_t commands = 0;
  // What it holds of journals beyond all backups before.
  std::vector<JournalBeyondBackups> journals;
  // What stands beside it.
  AttachmentsBeside attachments;
};

// DATA_LOSS: it is damaged, or not equal when made again. Leaves nothing beside the file but the attachments that it
// names, from the server's folder `attachments` of them.
absl::StatusOr<VerifiedBackup> VerifyBackup(const std::string& path, const std::string& key,
                                            const std::string& attachments, Random& random, const ApplyCommand& apply);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_VERIFY_BACKUP_H_
