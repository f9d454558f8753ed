// The journals of the devices: how far each is held, and the forks that were found.
#ifndef DOORSTEP_SERVER_STORAGE_JOURNAL_TABLE_H_
#define DOORSTEP_SERVER_STORAGE_JOURNAL_TABLE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/storage/sql_session.h"

namespace doorstep {

struct JournalRow {
  int64_t device = 0;
  uint64_t epoch = 0;
  std::string salt;       // 16 bytes.
  uint64_t mark = 0;      // Every entry up to here is held.
  std::string head_hash;  // The chain's hash after it, 32 bytes.
  int64_t last_frame_us = 0;
  uint64_t backed_up = 0;  // Every entry up to here is in a verified backup.
};

absl::StatusOr<std::optional<JournalRow>> FindJournal(SqlSession& sql, int64_t device, uint64_t epoch);
absl::Status InsertJournal(SqlSession& sql, const JournalRow& row);
absl::Status MoveMark(SqlSession& sql, const JournalRow& row);
absl::Status MoveBackedUp(SqlSession& sql, const JournalRow& row);
// By epoch.
absl::StatusOr<std::vector<JournalRow>> JournalsOfDevice(SqlSession& sql, int64_t device);

// A journal that holds more than the backups do.
struct JournalBeyondBackups {
  std::string device;  // "d7"
  uint64_t epoch = 0;
  uint64_t mark = 0;
};
// By device and epoch.
absl::StatusOr<std::vector<JournalBeyondBackups>> JournalsBeyondBackups(SqlSession& sql);

struct ForkRow {
  int64_t device = 0;
  uint64_t epoch = 0;
  std::string head_hash;
  uint64_t last_common_seq = 0;
  uint64_t new_epoch = 0;
  std::string new_epoch_salt;
};
absl::StatusOr<std::optional<ForkRow>> FindFork(SqlSession& sql, int64_t device, uint64_t epoch,
                                                absl::string_view head_hash);
// In the order of their new epochs.
absl::StatusOr<std::vector<ForkRow>> ForksOfDevice(SqlSession& sql, int64_t device);
// In place of an older answer to the same journal.
absl::Status WriteFork(SqlSession& sql, const ForkRow& row);

// An entry that was appended again in a new epoch.
struct RehomedRow {
  uint64_t epoch = 0;
  uint64_t seq = 0;
  uint64_t from_epoch = 0;
  uint64_t from_seq = 0;
  bool copy = false;  // The original is held with the same bytes: this one does not count.
};
absl::Status WriteRehomed(SqlSession& sql, int64_t device, const RehomedRow& row);
// Those whose first position lies in `from_epoch` at [first_seq, last_seq].
absl::StatusOr<std::vector<RehomedRow>> RehomedFrom(SqlSession& sql, int64_t device, uint64_t from_epoch,
                                                    uint64_t first_seq, uint64_t last_seq);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_JOURNAL_TABLE_H_
