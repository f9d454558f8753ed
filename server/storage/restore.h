// Puts a backup in the place of a server's file, while no server runs.
//
//   doorstep.db.restoring    is being written and checked: worth nothing yet
//   doorstep.db.restored     whole, checked, of a new generation; from the moment it has this name it is the database
//   doorstep.db.replaced-N   what was there before, set aside with its log; nobody reads it any more
//
// Invariants: one rename decides (restoring -> restored). A process that ends before it leaves the server as it was;
// after it, whoever opens the database next finishes the rest first. A log never stands beside a file that it was not
// written for.
#ifndef DOORSTEP_SERVER_STORAGE_RESTORE_H_
#define DOORSTEP_SERVER_STORAGE_RESTORE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client_core/base/random.h"

namespace doorstep {

struct RestoreReport {
  // Of the restored file: another than the backup's, so that phones send again what it does not have.
  std::string generation;
  // The last commit that the backup holds; what came after it is not in it. 0: it is empty.
  int64_t last_commit_us = 0;
  uint64_t entries = 0;
  uint64_t commands = 0;
  uint64_t devices = 0;
  // Attachments that are there, and those that neither the folder nor the backup has: phones that still have them send
  // them again.
  uint64_t attachments = 0;
  uint64_t attachments_missing = 0;
  // Where what was there before is now; empty: nothing was there.
  std::string set_aside;
  // False: no checksum stands beside the backup, so it was only looked through.
  bool checksum_compared = false;
};

// `backup` is a file that StartBackup made, `database` the path of the server's file; its folder is made when it is not
// there. Takes the database's lock. FAILED_PRECONDITION: a server has it open, or `backup` is no database of this
// program; NOT_FOUND: no such backup; DATA_LOSS: it is damaged, or not what its checksum says; RESOURCE_EXHAUSTED: disk
// full. After an error the server's file is as it was.
absl::StatusOr<RestoreReport> RestoreBackup(const std::string& backup, const std::string& database, Random& random);

// Finishes a restore that has been decided; nothing to do otherwise. For whoever holds the database's lock and has not
// opened it yet. Returns where the file before is now; empty: there was none.
absl::StatusOr<std::string> FinishRestore(const std::string& database);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_RESTORE_H_
