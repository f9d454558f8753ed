#include "server/storage/restore.h"

#include <unistd.h>

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "client_core/base/kill_point.h"
#include "client_core/base/status.h"
#include "server/storage/attachment_backup.h"
#include "server/storage/attachment_files.h"
#include "server/storage/backup_file.h"
#include "server/storage/command_table.h"
#include "server/storage/database_lock.h"
#include "server/storage/durable_file.h"
#include "server/storage/frame_table.h"
#include "server/storage/meta_table.h"
#include "server/storage/storage.h"
#include "server/storage/totals.h"

namespace doorstep {
namespace {

std::string Restoring(const std::string& database) { return absl::StrCat(database, ".restoring"); }
std::string Restored(const std::string& database) { return absl::StrCat(database, ".restored"); }

absl::Status RenameIfThere(const std::string& from, const std::string& to) {
  return FileExists(from) ? RenameDurably(from, to) : absl::OkStatus();
}

// Opens the copy as a server would, looks through all of it and gives it its new generation.
absl::Status Prepare(const std::string& path, const std::string& backup, Random& random, RestoreReport& report) {
  StorageOptions options;
  options.path = path;
  options.readers = 1;
  ASSIGN_OR_RETURN(const std::unique_ptr<Storage> storage, Storage::Open(options, random));
  SqlSession& sql = storage->writer();
  RETURN_IF_ERROR(sql.database().CheckIntegrity());
  ASSIGN_OR_RETURN(report.generation, BeginGeneration(sql, random));
  ASSIGN_OR_RETURN(const AttachmentsRestored attachments, RestoreAttachments(sql, AttachmentFolder(path), backup));
  report.attachments = attachments.attachments;
  report.attachments_missing = attachments.missing;
  return storage->Read("totals", [&](SqlSession& reader) -> absl::Status {
    ASSIGN_OR_RETURN(const Totals totals, CountTotals(reader));
    report.entries = totals.entries;
    report.commands = totals.commands;
    report.devices = totals.devices;
    ASSIGN_OR_RETURN(const int64_t last_frame_us, LastFrameCommit(reader));
    ASSIGN_OR_RETURN(const int64_t last_command_us, LastCommandCommit(reader));
    report.last_commit_us = std::max(last_frame_us, last_command_us);
    return absl::OkStatus();
  });
}

absl::Status CopyAndCheck(const std::string& backup, const std::string& copy, Random& random, RestoreReport& report) {
  ASSIGN_OR_RETURN(const std::string wanted, ReadChecksum(backup));
  ASSIGN_OR_RETURN(const std::string hash, CopyFileDurably(backup, copy));
  report.checksum_compared = !wanted.empty();
  if (!wanted.empty() && hash != wanted) {
    return absl::DataLossError(absl::StrCat(backup, ": its bytes are not those of ", ChecksumPath(backup)));
  }
  RETURN_IF_ERROR(Prepare(copy, backup, random, report));
  // One file is renamed, so everything must be in it.
  if (FileExists(absl::StrCat(copy, "-wal"))) {
    return absl::InternalError(absl::StrCat(copy, ": its last changes could not be written into the file"));
  }
  return SyncPath(copy);
}

}  // namespace

absl::StatusOr<RestoreReport> RestoreBackup(const std::string& backup, const std::string& database, Random& random) {
  if (!FileExists(backup)) return absl::NotFoundError(absl::StrCat(backup, ": there is no such file"));
  const size_t slash = database.rfind('/');
  if (slash != std::string::npos && slash > 0) RETURN_IF_ERROR(MakeFolder(database.substr(0, slash)));
  const bool lock_was_there = FileExists(absl::StrCat(database, ".lock"));
  DatabaseLock lock;
  RETURN_IF_ERROR(lock.Take(database));
  RETURN_IF_ERROR(FinishRestore(database).status());

  RestoreReport report;
  const std::string copy = Restoring(database);
  RemoveDatabaseFiles(copy);
  const absl::Status checked = CopyAndCheck(backup, copy, random, report);
  if (!checked.ok()) {
    RemoveDatabaseFiles(copy);
    unlink(absl::StrCat(copy, ".lock").c_str());
    // Still held, so no other server has it; a lock beside no database would only puzzle people.
    if (!lock_was_there && !FileExists(database)) unlink(absl::StrCat(database, ".lock").c_str());
    // The copy is gone. What was wrong with it is wrong with the backup, and what could not be written is the database.
    const bool of_backup = absl::IsDataLoss(checked) || absl::IsFailedPrecondition(checked);
    return absl::Status(checked.code(),
                        absl::StrReplaceAll(std::string(checked.message()), {{copy, of_backup ? backup : database}}));
  }
  unlink(absl::StrCat(copy, ".lock").c_str());
  KillPoint("restore-written");
  RETURN_IF_ERROR(RenameDurably(copy, Restored(database)));
  KillPoint("restore-decided");
  ASSIGN_OR_RETURN(report.set_aside, FinishRestore(database));
  return report;
}

absl::StatusOr<std::string> FinishRestore(const std::string& database) {
  if (!FileExists(Restored(database))) return std::string();
  const auto aside_path = [&](int number) { return absl::StrCat(database, ".replaced-", number); };
  int number = 1;
  while (FileExists(aside_path(number))) ++number;
  const std::string log = absl::StrCat(database, "-wal");
  if (!FileExists(database) && !FileExists(log) && number > 1) --number;  // It is aside already.
  const std::string aside = aside_path(number);
  // The log goes first: left beside the restored file it would be taken for that one's. Whoever goes on after it finds
  // the same number.
  RETURN_IF_ERROR(RenameIfThere(log, absl::StrCat(aside, "-wal")));
  KillPoint("restore-wal-aside");
  RETURN_IF_ERROR(RenameIfThere(database, aside));
  unlink(absl::StrCat(database, "-shm").c_str());
  KillPoint("restore-aside");
  RETURN_IF_ERROR(RenameDurably(Restored(database), database));
  KillPoint("restore-in-place");
  return FileExists(aside) ? aside : std::string();
}

}  // namespace doorstep
