// How rows of the journal's file become values. Only the journal and its salvage include this.
#ifndef DOORSTEP_CLIENT_CORE_STORE_JOURNAL_ROWS_H_
#define DOORSTEP_CLIENT_CORE_STORE_JOURNAL_ROWS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "client_core/base/limits.h"
#include "client_core/base/sha256.h"
#include "client_core/sqlite/database.h"
#include "client_core/store/journal.h"
#include "doorstep/v1/enrollment_service.pb.h"
#include "google/protobuf/message_lite.h"

namespace doorstep {

inline constexpr absl::string_view kRowColumns =
    "id >> 40, id & 1099511627775, hash, author, from_epoch, from_seq, visit_id, fact, wall_us, boot, length(entry), "
    "entry, token";
// An entry's key: epoch << 40 | seq. Appending to a table whose key is one growing integer changes one page, where a
// compound key would rebalance its neighbours every few entries: half the flash written per tap.
inline constexpr uint64_t kEntrySeqMax = (uint64_t{1} << 40) - 1;
inline constexpr uint64_t kEntryEpochMax = limits::kEpochMax;
constexpr int64_t EntryKey(uint64_t epoch, uint64_t seq) {
  const uint64_t capped = seq < kEntrySeqMax ? seq : kEntrySeqMax;
  return static_cast<int64_t>(epoch << 40 | capped);
}

inline constexpr int kHashColumn = 2;
inline constexpr int kEntryColumn = 11;
inline constexpr absl::string_view kReadEpochs =
    "SELECT epoch, salt, state, common_through, received_through, backed_up_through, judged_through, settled_through, "
    "retained_through, retained_hash, countermark FROM epoch ORDER BY epoch";

// Of the entries behind an id: the epoch of the first; NULL: there is none.
inline constexpr absl::string_view kNextEpoch = "SELECT min(id) >> 40 FROM entry WHERE id > $1";

// Of a statement that selected kRowColumns.
EntryInfo InfoFromRow(const sqlite::Statement& row);
// Everything; an unreadable hash gives false.
bool RowFromRow(const sqlite::Statement& statement, Journal::Row& row);
// Of a row of kReadEpochs; the head is not in it.
EpochMarks EpochFromRow(const sqlite::Statement& row);
// Keeps what the server countersigned, as it came: it proves to the server itself what it once had.
void KeepCountermark(const v1::JournalMark& mark, EpochMarks& marks);

// False unless `bytes` are 32.
bool HashFromBytes(absl::string_view bytes, Hash& hash);
bool ParseBytes(absl::string_view bytes, google::protobuf::MessageLite& message);

// Who the phone is, as the journal and its copy in the replica keep it. False: the bytes are damaged; a device that is
// no text would spoil every message that names it.
bool ParseIdentity(absl::string_view bytes, v1::EnrollResponse& identity);
// A number and a salt as servers issue them, and as they take them back.
bool IsEpoch(uint64_t epoch, absl::string_view salt);
// Who recorded the row, and where it stood first, can be so; of a row that no hash vouches for.
bool IsPlausible(const EntryInfo& info);

// What an overlay folds: the time is the phone's own word.
v1::FoldFact FoldOf(const v1::LogEntry& entry, const v1::JournalPosition& position, absl::string_view author);

// What the journal writes breaks none of its file's rules: where one says so, the rule is damaged.
absl::Status RefusedByDamage(absl::Status written);
// A full disk in words that say what to do; other statuses as they are.
absl::Status ExplainFullDisk(absl::Status status);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_STORE_JOURNAL_ROWS_H_
