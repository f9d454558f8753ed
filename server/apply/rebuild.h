// Makes every projection again from frames and commands, in a fresh file beside the live one and with the same code,
// and compares the two byte for byte. Changes nothing in the live file.
#ifndef DOORSTEP_SERVER_APPLY_REBUILD_H_
#define DOORSTEP_SERVER_APPLY_REBUILD_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client_core/base/random.h"
#include "server/apply/transaction.h"
#include "server/storage/storage.h"

namespace doorstep {

struct RebuildReport {
  // Tables that differ, each with the first key that does. Empty: equal.
  std::vector<std::string> differences;
  uint64_t entries = 0;
  uint64_t commands = 0;
  // SHA-256 over all projections of the live file, 32 bytes.
  std::string projection_hash;
  // What replaying kept in memory. Letting go of it takes a tenth as long as the rebuild: best when nobody waits.
  std::shared_ptr<void> leftovers;
};

// Reads the live file in one view, so the server may go on serving. The fresh file stands at `live.path()` + ".rebuild"
// and is removed at the end. FAILED_PRECONDITION: another rebuild is under way; DATA_LOSS: a row of the truth is
// damaged.
absl::StatusOr<RebuildReport> Rebuild(Storage& live, Random& random, const ApplyCommand& apply);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_REBUILD_H_
