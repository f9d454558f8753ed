#include "client_core/store/salvage.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/planted_bug.h"
#include "client_core/base/status.h"
#include "client_core/rules/journal_hash.h"
#include "client_core/store/journal_rows.h"

namespace doorstep {
namespace {

// After so many seqs in a row that cannot be read nothing more is expected: a page holds far fewer entries.
constexpr uint64_t kMissesMax = 4096;

// A disk that fails once has damaged nothing, and what is given up here is lost for good: so often a read is tried that
// does not say "damaged".
constexpr int kReadsMax = 3;

template <typename Read>
auto ReadAgain(const Read& read) {
  auto result = read();
  for (int reads = 1; reads < kReadsMax && !result.ok() && !absl::IsDataLoss(result.status()); ++reads) {
    result = read();
  }
  return result;
}

absl::StatusOr<v1::EnrollResponse> ReadIdentity(sqlite::Database& db) {
  ASSIGN_OR_RETURN(sqlite::Statement read, db.Prepare("SELECT response FROM identity WHERE response IS NOT NULL"));
  ASSIGN_OR_RETURN(const bool row, read.Step());
  v1::EnrollResponse identity;
  if (!row || !ParseBytes(read.Blob(0), identity) || identity.device().empty()) {
    return absl::DataLossError("journal: the identity is damaged");
  }
  return identity;
}

// As far as they can be read; `epochs` is what was found, also with an error.
absl::Status ReadEpochs(sqlite::Database& db, std::vector<EpochMarks>& epochs) {
  epochs.clear();
  ASSIGN_OR_RETURN(sqlite::Statement read, db.Prepare(kReadEpochs));
  while (true) {
    ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) return absl::OkStatus();
    epochs.push_back(EpochFromRow(read));
  }
}

EpochMarks Issued(const v1::IssuedEpoch& issued, EpochState state) {
  EpochMarks marks;
  marks.epoch = issued.epoch();
  marks.salt = issued.salt();
  marks.state = state;
  return marks;
}

// Checks rows of one epoch against each other as they come.
class ChainChecker {
 public:
  ChainChecker(const std::string& device, const EpochMarks& marks) : device_(device), seq_(marks.retained_through) {
    prev_ = seq_ > 0 ? marks.retained_hash : ChainStart(hasher_, device, marks.epoch, marks.salt);
  }

  // False: these are not the bytes that were recorded.
  bool Accept(const Journal::Row& row) {
    const bool follows = row.info.seq == seq_ + 1;
    const Hash hash = ChainNext(
        hasher_, prev_,
        {device_, row.info.epoch, row.info.seq, row.info.author, row.info.from_epoch, row.info.from_seq, row.entry});
    const bool hashes = follows && hash == row.hash;
    // Behind a gap or a bad row only the bytes themselves can speak.
    v1::LogEntry entry;
    const bool accepted = hashes || (!(follows && prev_is_good_) && ParseBytes(row.entry, entry) && entry.has_time() &&
                                     entry.visit_id() == row.info.visit_id);
    prev_ = row.hash;
    seq_ = row.info.seq;
    prev_is_good_ = accepted;
    return accepted;
  }

 private:
  const std::string& device_;
  SodiumSha256 hasher_;
  Hash prev_;
  uint64_t seq_;
  bool prev_is_good_ = true;
};

void ReadEpochRows(sqlite::Database& db, const std::string& device, const EpochMarks& marks, Salvaged& salvaged) {
  absl::StatusOr<sqlite::Statement> next = ReadAgain([&] {
    return db.Prepare(
        absl::StrCat("SELECT ", kRowColumns, " FROM entry WHERE id > $1 AND id <= $2 ORDER BY id LIMIT 1"));
  });
  if (!next.ok()) {
    salvaged.may_lack_more = true;
    return;
  }
  ChainChecker chain(device, marks);
  uint64_t last = marks.retained_through;  // The last seq that was read or counted as unreadable.
  uint64_t after = last;
  bool at_end = false;
  while (after - last < kMissesMax) {
    const absl::StatusOr<bool> found = ReadAgain([&] {
      return next->Bind(1, EntryKey(marks.epoch, after)).Bind(2, EntryKey(marks.epoch, kEntrySeqMax)).Step();
    });
    if (!found.ok()) {
      ++after;  // The page is bad; try behind the next seq, until another page answers.
      continue;
    }
    if (!*found) {
      at_end = after == last;  // Else what stood on the bad page may have been the last.
      break;
    }
    Journal::Row row;
    const bool whole = RowFromRow(*next, row);
    next->Reset();
    if (row.info.epoch != marks.epoch || row.info.seq <= last) break;  // Not in order: nothing here can be trusted.
    salvaged.unreadable += row.info.seq - last - 1;
    last = after = row.info.seq;
    if (whole && chain.Accept(row)) {
      salvaged.rows.push_back(std::move(row));
    } else {
      ++salvaged.unreadable;
    }
  }
  salvaged.may_lack_more = salvaged.may_lack_more || !at_end;
  if (marks.received_through > last) salvaged.unreadable += marks.received_through - last;
}

}  // namespace

Salvaged ReadDamagedJournal(const sqlite::OpenOptions& options, const std::optional<v1::EnrollResponse>& kept) {
  Salvaged salvaged;
  salvaged.identity = kept;
  // The copy may be of before the server was restored, and the marks of after it. Whether they hold, the next Hello
  // tells whoever knows of no generation.
  if (kept.has_value() && !Planted("salvage_trusts_copy")) salvaged.identity->clear_generation();
  const absl::StatusOr<std::unique_ptr<sqlite::Database>> db =
      ReadAgain([&] { return sqlite::Database::Open(options); });
  if (db.ok()) {
    absl::StatusOr<v1::EnrollResponse> identity = ReadAgain([&] { return ReadIdentity(**db); });
    if (identity.ok()) salvaged.identity = *std::move(identity);
    (void)ReadAgain([&]() -> absl::StatusOr<bool> {
      RETURN_IF_ERROR(ReadEpochs(**db, salvaged.epochs));
      return true;
    });
  }
  if (!salvaged.identity.has_value() || !db.ok()) salvaged.may_lack_more = true;
  if (!salvaged.identity.has_value()) return salvaged;
  // The marks may be unreadable; the epochs themselves are known. Without marks everything is sent again.
  const auto add = [&](const v1::IssuedEpoch& issued, EpochState state) {
    for (const EpochMarks& marks : salvaged.epochs) {
      if (marks.epoch == issued.epoch()) return;
    }
    if (issued.epoch() == 0) return;
    salvaged.epochs.push_back(Issued(issued, state));
    salvaged.may_lack_more = true;
  };
  add(salvaged.identity->epoch(), EpochState::kCurrent);
  add(salvaged.identity->spare_epoch(), EpochState::kSpare);
  if (!db.ok()) return salvaged;
  for (const EpochMarks& marks : salvaged.epochs) {
    ReadEpochRows(**db, salvaged.identity->device(), marks, salvaged);
  }
  return salvaged;
}

}  // namespace doorstep
