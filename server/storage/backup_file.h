// A backup as a file: one consistent copy of the database, with its SHA-256 beside it in the form that `sha256sum -c`
// reads.
// Invariant: a file under a backup's name is whole, verified and durable, and its checksum stands beside it. What is
// not yet so has ".partial" at the end of its name.
#ifndef DOORSTEP_SERVER_STORAGE_BACKUP_FILE_H_
#define DOORSTEP_SERVER_STORAGE_BACKUP_FILE_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/storage/storage.h"

namespace doorstep {

// Where backups of the database at `database` stand.
std::string BackupFolder(const std::string& database);
std::string DraftPath(const std::string& backup);
std::string ChecksumPath(const std::string& backup);

// INVALID_ARGUMENT: not a plain file name.
absl::Status CheckBackupName(absl::string_view name);

// Makes DraftPath(backup) a copy of one view of `live`, which may go on being written to. `progress` hears of bytes
// done and in all; false: stop (CANCELLED).
absl::Status CopyLive(Storage& live, const std::string& backup,
                      const std::function<bool(uint64_t done, uint64_t total)>& progress);

// The draft is good: gives it its name, with its checksum. Returns the SHA-256, 32 bytes.
absl::StatusOr<std::string> SealBackup(const std::string& backup);

// What the checksum beside `backup` says, 32 bytes; empty: there is none. DATA_LOSS: it is none.
absl::StatusOr<std::string> ReadChecksum(const std::string& backup);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_BACKUP_FILE_H_
