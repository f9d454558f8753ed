#include "client_core/store/journal.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/limits.h"
#include "client_core/base/planted_bug.h"
#include "client_core/base/status.h"
#include "client_core/rules/entry_check.h"
#include "client_core/rules/fold_fact.h"
#include "client_core/rules/journal_hash.h"
#include "client_core/sqlite/migrate.h"
#include "client_core/store/journal_rows.h"

namespace doorstep {
namespace {

// A tap writes one row of `entry` and nothing else: the indexes are partial and do not see ordinary entries.
constexpr absl::string_view kFirstSchema = R"sql(
CREATE TABLE identity (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  request BLOB NOT NULL,   -- EnrollRequest, durable before it is sent
  response BLOB            -- EnrollResponse; its epochs are kept as they are now
);
CREATE TABLE epoch (
  epoch INTEGER PRIMARY KEY,
  salt BLOB NOT NULL,
  state INTEGER NOT NULL,
  common_through INTEGER NOT NULL DEFAULT 0,
  received_through INTEGER NOT NULL DEFAULT 0,
  backed_up_through INTEGER NOT NULL DEFAULT 0,
  judged_through INTEGER NOT NULL DEFAULT 0,
  settled_through INTEGER NOT NULL DEFAULT 0,
  retained_through INTEGER NOT NULL DEFAULT 0,
  retained_hash BLOB NOT NULL DEFAULT x''
);
CREATE TABLE boot (boot INTEGER PRIMARY KEY, boot_id TEXT NOT NULL UNIQUE, exchange BLOB);
CREATE TABLE entry (
  id INTEGER PRIMARY KEY,  -- epoch << 40 | seq
  hash BLOB NOT NULL,
  author TEXT NOT NULL,
  from_epoch INTEGER NOT NULL,
  from_seq INTEGER NOT NULL,
  token TEXT,
  visit_id TEXT NOT NULL,
  fact INTEGER NOT NULL,
  wall_us INTEGER NOT NULL,
  boot INTEGER NOT NULL,
  entry BLOB NOT NULL
);
CREATE UNIQUE INDEX entry_token ON entry (token) WHERE token IS NOT NULL;
CREATE INDEX entry_from ON entry (from_epoch, from_seq) WHERE from_epoch > 0;
)sql";

// Marks as the server countersigned them.
constexpr absl::string_view kCountermarks = "ALTER TABLE epoch ADD COLUMN countermark BLOB NOT NULL DEFAULT x'';";

// By what the phone is woken. `told_generation`: of the office that has it; empty: none does.
constexpr absl::string_view kPushToken = R"sql(
CREATE TABLE push_token (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  token TEXT NOT NULL,
  told_generation TEXT NOT NULL
);
)sql";

// A long WAL makes commits slower; at this length a checkpoint rewrites only a handful of pages.
constexpr absl::string_view kShortWal = "PRAGMA wal_autocheckpoint=256";

absl::StatusOr<std::vector<EntryInfo>> ReadInfos(sqlite::Statement& read) {
  std::vector<EntryInfo> infos;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) return infos;
    infos.push_back(InfoFromRow(read));
  }
}

}  // namespace

Journal::Journal(sqlite::Database* db) : db_(db), boots_(db), push_token_(db) {}

absl::StatusOr<std::unique_ptr<Journal>> Journal::Open(sqlite::Database* db) {
  RETURN_IF_ERROR(sqlite::Migrate(*db, {kFirstSchema, kCountermarks, kPushToken}));
  RETURN_IF_ERROR(db->Execute(kShortWal));
  std::unique_ptr<Journal> journal(new Journal(db));
  ASSIGN_OR_RETURN(journal->insert_,
                   db->Prepare("INSERT INTO entry (id, hash, author, from_epoch, from_seq, token, visit_id, fact, "
                               "wall_us, boot, entry) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"));
  ASSIGN_OR_RETURN(
      journal->find_token_,
      db->Prepare("SELECT id >> 40, id & 1099511627775, from_epoch, from_seq FROM entry WHERE token = $1"));
  ASSIGN_OR_RETURN(
      journal->find_last_,
      db->Prepare("SELECT id & 1099511627775, hash FROM entry WHERE id > $1 AND id <= $2 ORDER BY id DESC LIMIT 1"));
  ASSIGN_OR_RETURN(
      journal->read_after_,
      db->Prepare(absl::StrCat("SELECT ", kRowColumns, " FROM entry WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3")));
  ASSIGN_OR_RETURN(journal->write_marks_,
                   db->Prepare("INSERT INTO epoch (epoch, salt, state, common_through, received_through, "
                               "backed_up_through, judged_through, settled_through, retained_through, "
                               "retained_hash, countermark) "
                               "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (epoch) DO UPDATE "
                               "SET state = $3, common_through = $4, received_through = $5, backed_up_through = $6, "
                               "judged_through = $7, settled_through = $8, retained_through = $9, "
                               "retained_hash = $10, countermark = $11"));
  RETURN_IF_ERROR(journal->Load());
  return journal;
}

absl::Status Journal::Load() {
  // The pointers of pending_by_visit_ stay good: the entries keep their places when the maps change hands.
  std::optional<v1::EnrollResponse> identity = std::exchange(identity_, std::nullopt);
  std::map<uint64_t, EpochMarks> epochs = std::exchange(epochs_, {});
  std::map<uint64_t, std::deque<PendingEntry>> pending = std::exchange(pending_, {});
  std::map<std::string, PendingOfVisit> by_visit = std::exchange(pending_by_visit_, {});
  ++pending_version_;
  stale_ = true;  // Until it has been read, also when memory runs out on the way.
  const absl::Status loaded = LoadFile();
  stale_ = !loaded.ok();
  if (loaded.ok()) return loaded;
  identity_ = std::move(identity);
  epochs_ = std::move(epochs);
  pending_ = std::move(pending);
  pending_by_visit_ = std::move(by_visit);
  return loaded;
}

// Before anything builds on the memory.
absl::Status Journal::Fresh() { return stale_ ? Load() : absl::OkStatus(); }

absl::Status Journal::LoadFile() {
  {
    ASSIGN_OR_RETURN(sqlite::Statement read, db_->Prepare("SELECT response FROM identity WHERE response IS NOT NULL"));
    ASSIGN_OR_RETURN(const bool row, read.Step());
    if (row) {
      v1::EnrollResponse identity;
      if (!ParseIdentity(read.Blob(0), identity)) return absl::DataLossError("journal: the identity is damaged");
      identity_ = std::move(identity);
    }
  }
  RETURN_IF_ERROR(LoadEpochs());
  // They come together. Whose entries these are is copied into the replica, where the repair finds it.
  if (!identity_.has_value() && !epochs_.empty()) return absl::DataLossError("journal: the identity is gone");
  for (const auto& [epoch, marks] : epochs_) RETURN_IF_ERROR(LoadPending(marks));
  RETURN_IF_ERROR(boots_.Load());
  return push_token_.Load();
}

absl::Status Journal::LoadEpochs() {
  ASSIGN_OR_RETURN(sqlite::Statement read, db_->Prepare(kReadEpochs));
  while (true) {
    ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) break;
    EpochMarks marks = EpochFromRow(read);
    if (!IsEpoch(marks.epoch, marks.salt)) return absl::DataLossError("journal: an epoch is damaged");
    marks.head_seq = marks.retained_through;
    marks.head_hash = marks.retained_hash;
    if (marks.retained_through == 0 && identity_.has_value()) {
      marks.head_hash = ChainStart(hasher_, identity_->device(), marks.epoch, marks.salt);
    }
    ASSIGN_OR_RETURN(const bool any, FindLast(marks.epoch));
    if (any) {
      marks.head_seq = find_last_.Int(0);
      if (!HashFromBytes(find_last_.Blob(1), marks.head_hash)) return absl::DataLossError("journal: a hash is damaged");
    }
    find_last_.Reset();
    // What is recorded next would be taken for received, and never be sent.
    if (marks.received_through > marks.head_seq) return absl::DataLossError("journal: a mark is damaged");
    epochs_[marks.epoch] = std::move(marks);
  }
  // Entries of no epoch would neither be sent nor missed; nor would those behind what a damaged tree gives as the last.
  ASSIGN_OR_RETURN(sqlite::Statement next, db_->Prepare(kNextEpoch));
  for (uint64_t epoch = 0, last_seq = kEntrySeqMax;;) {
    ASSIGN_OR_RETURN(const bool row, next.Bind(1, EntryKey(epoch, last_seq)).Step());
    if (!row || next.IsNull(0)) return absl::OkStatus();
    const uint64_t found = static_cast<uint64_t>(next.Int(0));
    next.Reset();
    if (found <= epoch || epochs_.count(found) == 0)
      return absl::DataLossError("journal: entries stand where none should");
    epoch = found;
    last_seq = epochs_[epoch].head_seq;
  }
}

// Makes find_last_ stand on the last row of `epoch`. False: there is none.
absl::StatusOr<bool> Journal::FindLast(uint64_t epoch) {
  return find_last_.Bind(1, EntryKey(epoch, 0)).Bind(2, EntryKey(epoch, kEntrySeqMax)).Step();
}

// After a transaction the memory must say what the file says. A failure itself is what the caller hears.
absl::Status Journal::Reload(absl::Status why) {
  const absl::Status loaded = Load();
  if (!loaded.ok() && why.ok()) return loaded;
  return ExplainFullDisk(std::move(why));
}

// Makes read_after_ ready to step through the rows of `epoch` in (after_seq, through_seq].
void Journal::SelectRows(uint64_t epoch, uint64_t after_seq, uint64_t through_seq, uint64_t limit) {
  read_after_.Bind(1, EntryKey(epoch, after_seq)).Bind(2, EntryKey(epoch, through_seq)).Bind(3, limit);
}

absl::Status Journal::InsertRow(const Row& row) {
  insert_.Bind(1, EntryKey(row.info.epoch, row.info.seq))
      .BindBlobBorrowed(2, AsBytes(row.hash))
      .BindText(3, row.info.author)
      .Bind(4, row.info.from_epoch)
      .Bind(5, row.info.from_seq)
      .BindText(7, row.info.visit_id)
      .Bind(8, row.info.fact)
      .Bind(9, row.info.wall_time_us)
      .Bind(10, row.boot)
      .BindBlobBorrowed(11, row.entry);
  if (row.token.empty()) {
    insert_.BindNull(6);
  } else {
    insert_.BindText(6, row.token);
  }
  return RefusedByDamage(insert_.Run());
}

absl::StatusOr<AppendResult> Journal::FindToken(absl::string_view token) {
  AppendResult result;
  ASSIGN_OR_RETURN(result.repeated, find_token_.BindText(1, token).Step());
  if (result.repeated) {
    const auto marks = epochs_.find(static_cast<uint64_t>(find_token_.Int(0)));
    if (marks == epochs_.end() || static_cast<uint64_t>(find_token_.Int(1)) > marks->second.head_seq) {
      find_token_.Reset();
      return absl::DataLossError("journal: a token leads to an entry that nothing else leads to");
    }
    // The position that was given out first, wherever the entry goes on by now.
    const int first = find_token_.Int(2) > 0 ? 2 : 0;
    result.position = MakePosition(identity_->device(), find_token_.Int(first), find_token_.Int(first + 1));
    find_token_.Reset();
  }
  return result;
}

absl::StatusOr<AppendResult> Journal::Append(absl::string_view author, const v1::LogEntry& entry,
                                             absl::string_view token) {
  RETURN_IF_ERROR(Fresh());
  EpochMarks* const marks = MutableCurrent();
  if (!identity_.has_value() || marks == nullptr) {
    return absl::FailedPreconditionError("this phone is not enrolled: enrol it before recording");
  }
  if (author.empty() || author.size() > limits::kIdBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("author: must be 1 to ", limits::kIdBytesMax, " bytes"));
  }
  if (token.size() > limits::kTokenBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("token: must be at most ", limits::kTokenBytesMax, " bytes"));
  }
  if (entry.fact_case() == v1::LogEntry::FACT_NOT_SET) {
    return absl::InvalidArgumentError("entry.fact: must be set to a kind this version knows");
  }
  RETURN_IF_ERROR(CheckEntry(entry));
  if (!token.empty()) {
    ASSIGN_OR_RETURN(AppendResult before, FindToken(token));
    if (before.repeated) return before;
  }

  Row row;
  if (!entry.SerializeToString(&row.entry)) return absl::InvalidArgumentError("entry: cannot be serialized");
  if (row.entry.size() > limits::kEntryBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("entry: ", row.entry.size(), " bytes, must be at most ", limits::kEntryBytesMax));
  }
  absl::StatusOr<uint64_t> boot = boots_.Number(entry.time().boot_id());
  if (!boot.ok()) return ExplainFullDisk(boot.status());
  row.boot = *boot;
  if (!Planted("tokens_forgotten")) row.token = std::string(token);
  row.info = {marks->epoch,
              marks->head_seq + 1,
              0,
              0,
              std::string(author),
              entry.visit_id(),
              entry.fact_case(),
              entry.time().wall_time_us(),
              row.entry.size()};
  row.hash = ChainNext(hasher_, marks->head_hash,
                       {identity_->device(), row.info.epoch, row.info.seq, author, 0, 0, row.entry});
  // One statement is its own transaction: durable when it returns.
  const absl::Status inserted = InsertRow(row);
  if (!inserted.ok()) return ExplainFullDisk(inserted);

  marks->head_seq = row.info.seq;
  marks->head_hash = row.hash;
  AppendResult result;
  result.position = PositionOf(row.info);
  PendingEntry pending{std::move(row.info), std::nullopt};
  if (BearsState(entry.fact_case())) pending.fold = FoldOf(entry, result.position, author);
  AddPending(std::move(pending));
  // A damaged tree may lose what was just put into it: it would never be sent, or the same tap be recorded again.
  ASSIGN_OR_RETURN(const bool any, FindLast(result.position.epoch()));
  const bool is_last = any && static_cast<uint64_t>(find_last_.Int(0)) == result.position.seq();
  find_last_.Reset();
  if (!is_last) return absl::DataLossError("journal: the table of entries is damaged");
  if (!row.token.empty()) {
    const absl::StatusOr<AppendResult> found = FindToken(token);
    if (absl::IsDataLoss(found.status()) || (found.ok() && !found->repeated)) {
      return absl::DataLossError("journal: the index of tokens is damaged");
    }
  }
  return result;
}

const EpochMarks* Journal::current() const {
  for (const auto& [epoch, marks] : epochs_) {
    if (marks.state == EpochState::kCurrent) return &marks;
  }
  return nullptr;
}

EpochMarks* Journal::MutableCurrent() { return const_cast<EpochMarks*>(std::as_const(*this).current()); }

std::optional<v1::JournalPosition> Journal::Newest() const {
  const EpochMarks* newest = current();
  // A current epoch in which nothing was recorded yet: what the others have came before it.
  for (auto it = epochs_.rbegin(); it != epochs_.rend() && (newest == nullptr || newest->last_own_seq() == 0); ++it) {
    newest = &it->second;
  }
  if (newest == nullptr || newest->last_own_seq() == 0 || !identity_.has_value()) return std::nullopt;
  return MakePosition(identity_->device(), newest->epoch, newest->last_own_seq());
}

v1::JournalPosition Journal::PositionOf(const EntryInfo& info) const {
  return MakePosition(identity_.has_value() ? identity_->device() : "", info.epoch, info.seq);
}

bool Journal::IsRetired(const v1::JournalPosition& position) const {
  const auto marks = epochs_.find(position.epoch());
  return identity_.has_value() && position.device() == identity_->device() && marks != epochs_.end() &&
         position.seq() > 0 && position.seq() <= marks->second.retained_through;
}

absl::StatusOr<EntryInfo> Journal::Find(const v1::JournalPosition& position) {
  RETURN_IF_ERROR(Fresh());
  const absl::Status not_ours =
      absl::NotFoundError(absl::StrCat("entry ", FormatPosition(position), ": not recorded on this phone"));
  if (!identity_.has_value() || position.device() != identity_->device()) return not_ours;
  if (IsRetired(position)) {
    return absl::NotFoundError(absl::StrCat(
        "entry ", FormatPosition(position),
        ": was recorded here and is no longer kept on this phone; the office has judged and backed it up"));
  }
  ASSIGN_OR_RETURN(sqlite::Statement moved,
                   db_->Prepare(absl::StrCat("SELECT ", kRowColumns,
                                             " FROM entry WHERE from_epoch = $1 AND from_seq = $2 AND from_epoch > 0 "
                                             "ORDER BY id DESC LIMIT 1")));
  ASSIGN_OR_RETURN(const bool has_moved, moved.Bind(1, position.epoch()).Bind(2, position.seq()).Step());
  if (has_moved) return InfoFromRow(moved);
  ASSIGN_OR_RETURN(const std::vector<EntryInfo> here, List(position.epoch(), position.seq() - 1, 1));
  if (here.empty() || here[0].seq != position.seq()) return not_ours;
  if (here[0].from_epoch == 0) return here[0];
  // It was itself a copy: the newest copy of the same first position is where it goes on.
  moved.Reset();
  ASSIGN_OR_RETURN(const bool newest, moved.Bind(1, here[0].from_epoch).Bind(2, here[0].from_seq).Step());
  return newest ? InfoFromRow(moved) : here[0];
}

absl::StatusOr<std::vector<EntryInfo>> Journal::List(uint64_t epoch, uint64_t after_seq, uint64_t limit) {
  RETURN_IF_ERROR(Fresh());
  SelectRows(epoch, after_seq, kEntrySeqMax, limit);
  return ReadInfos(read_after_);
}

absl::StatusOr<std::vector<EntryInfo>> Journal::ListDeciding(uint64_t epoch, uint64_t after_seq, uint64_t limit) {
  RETURN_IF_ERROR(Fresh());
  ASSIGN_OR_RETURN(sqlite::Statement read,
                   db_->Prepare(absl::StrCat("SELECT ", kRowColumns,
                                             " FROM entry WHERE id > $1 AND id <= $2 AND fact IN ($4, $5) "
                                             "ORDER BY id LIMIT $3")));
  read.Bind(1, EntryKey(epoch, after_seq)).Bind(2, EntryKey(epoch, kEntrySeqMax)).Bind(3, static_cast<int64_t>(limit));
  read.Bind(4, v1::LogEntry::kCorrection).Bind(5, v1::LogEntry::kRetraction);
  return ReadInfos(read);
}

absl::StatusOr<v1::LogEntry> Journal::Read(uint64_t epoch, uint64_t seq) {
  SelectRows(epoch, seq - 1, seq, 1);
  ASSIGN_OR_RETURN(const bool row, read_after_.Step());
  if (!row) return absl::NotFoundError(absl::StrCat("entry ", epoch, ".", seq, ": not in this journal"));
  v1::LogEntry entry;
  const bool parsed = ParseBytes(read_after_.Blob(kEntryColumn), entry);
  read_after_.Reset();
  if (!parsed) return absl::DataLossError(absl::StrCat("entry ", epoch, ".", seq, ": its bytes are damaged"));
  return entry;
}

}  // namespace doorstep
