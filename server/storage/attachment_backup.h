// Attachments beside backups. Files that never change need no copies: one folder `attachments` next to all backups of a
// server holds every file that any of them names, linked where the disk allows it, so a day's backup costs the day's
// photos and no more.
// Invariant: a file in that folder was compared with its hash when it came there.
#ifndef DOORSTEP_SERVER_STORAGE_ATTACHMENT_BACKUP_H_
#define DOORSTEP_SERVER_STORAGE_ATTACHMENT_BACKUP_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/storage/attachment_table.h"
#include "server/storage/sql_session.h"

namespace doorstep {

struct AttachmentsBeside {
  std::vector<std::string> fresh;  // Hashes that no backup had before and that are there now.
  uint64_t attachments = 0;        // That are there.
  // That the database names and the server does not have, or not undamaged: neither here nor beside the backup.
  std::vector<AttachmentRow> missing;
};

// Sees to it that what `copy`, the database of the backup at `backup`, names stands beside it. `live` is the server's
// own folder of attachments: what it has lost and an earlier backup has is put back. RESOURCE_EXHAUSTED: the disk is
// full.
absl::StatusOr<AttachmentsBeside> PutAttachmentsBeside(SqlSession& copy, const std::string& live,
                                                       const std::string& backup);

struct AttachmentsRestored {
  uint64_t attachments = 0;
  // Forgotten: phones that still have them send them again.
  uint64_t missing = 0;
};

// The way back, into the database that `sql` writes: what it names and the folder `live` does not have is taken from
// beside `backup`; what is not there either is forgotten.
absl::StatusOr<AttachmentsRestored> RestoreAttachments(SqlSession& sql, const std::string& live,
                                                       const std::string& backup);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_ATTACHMENT_BACKUP_H_
