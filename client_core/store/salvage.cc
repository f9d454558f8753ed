#include "client_core/store/salvage.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client_core/base/planted_bug.h"
#include "client_core/base/status.h"
#include "client_core/rules/journal_hash.h"
#include "client_core/sqlite/read_again.h"
#include "client_core/sqlite/stray_rows.h"
#include "client_core/store/journal_rows.h"

namespace doorstep {
namespace {

// After so many seqs in a row that cannot be read nothing more is expected: a page holds far fewer entries.
constexpr uint64_t kMissesMax = 4096;

// Those of the table `entry`, in its order.
constexpr absl::string_view kTableColumns =
    "id INTEGER PRIMARY KEY, hash, author, from_epoch, from_seq, token, visit_id, fact, wall_us, boot, entry";

using sqlite::ReadAgain;

absl::StatusOr<v1::EnrollResponse> ReadIdentity(sqlite::Database& db) {
  ASSIGN_OR_RETURN(sqlite::Statement read, db.Prepare("SELECT response FROM identity WHERE response IS NOT NULL"));
  ASSIGN_OR_RETURN(const bool row, read.Step());
  v1::EnrollResponse identity;
  if (!row || !ParseIdentity(read.Blob(0), identity)) return absl::DataLossError("journal: the identity is damaged");
  return identity;
}

// As far as they can be read; `epochs` is what was found, also with an error.
absl::Status ReadEpochs(sqlite::Database& db, std::vector<EpochMarks>& epochs) {
  epochs.clear();
  ASSIGN_OR_RETURN(sqlite::Statement read, db.Prepare(kReadEpochs));
  while (true) {
    ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) return absl::OkStatus();
    EpochMarks found = EpochFromRow(read);
    const auto same = [&found](const EpochMarks& marks) { return marks.epoch == found.epoch; };
    // A damaged tree may give one twice; its entries have one place all the same.
    if (std::none_of(epochs.begin(), epochs.end(), same)) epochs.push_back(std::move(found));
  }
}

// Of those that have entries, the ones that `epochs` does not tell of.
absl::Status AddEpochsOfEntries(sqlite::Database& db, std::vector<EpochMarks>& epochs) {
  ASSIGN_OR_RETURN(sqlite::Statement next, db.Prepare(kNextEpoch));
  for (uint64_t epoch = 0; epoch < kEntryEpochMax;) {
    ASSIGN_OR_RETURN(const bool row, next.Bind(1, EntryKey(epoch, kEntrySeqMax)).Step());
    if (!row || next.IsNull(0)) return absl::OkStatus();
    const uint64_t found = static_cast<uint64_t>(next.Int(0));
    next.Reset();
    if (found <= epoch) return absl::DataLossError("journal: keys of entries are out of order");
    epoch = found;
    const auto known = [epoch](const EpochMarks& marks) { return marks.epoch == epoch; };
    if (std::none_of(epochs.begin(), epochs.end(), known)) {
      epochs.emplace_back();
      epochs.back().epoch = epoch;
      epochs.back().state = EpochState::kOld;
    }
  }
  return absl::OkStatus();
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
  struct Verdict {
    bool good = false;          // These are the bytes that were recorded.
    bool vouches_back = false;  // Those of the row before are, too: all that has changed there is its hash.
  };

  ChainChecker(const std::string& device, const EpochMarks& marks) : device_(device), seq_(marks.retained_through) {
    prev_ = seq_ > 0 ? marks.retained_hash : ChainStart(hasher_, device, marks.epoch, marks.salt);
    prev_is_good_ = IsEpoch(marks.epoch, marks.salt);
  }

  // `whole`: the row's hash can be read.
  Verdict Check(const Journal::Row& row, bool whole) {
    const bool follows = row.info.seq == seq_ + 1;
    const Hash expected = HashBehind(prev_, row);
    const bool hashes = whole && follows && expected == row.hash;
    Verdict verdict;
    verdict.vouches_back =
        whole && follows && !hashes && doubted_.has_value() && HashBehind(*doubted_, row) == row.hash;
    // Behind a gap or a bad row only the row itself can speak.
    v1::LogEntry entry;
    verdict.good = hashes || verdict.vouches_back ||
                   (whole && !(follows && prev_is_good_) && ParseBytes(row.entry, entry) && entry.has_time() &&
                    entry.visit_id() == row.info.visit_id && IsPlausible(row.info));
    doubted_.reset();
    if (!verdict.good && follows && prev_is_good_) doubted_ = expected;
    prev_ = row.hash;
    seq_ = row.info.seq;
    prev_is_good_ = verdict.good;
    return verdict;
  }

  // The hash of a row that was not good, if its bytes are what was recorded.
  std::optional<Hash> doubted() const { return doubted_; }

 private:
  Hash HashBehind(const Hash& prev, const Journal::Row& row) {
    return ChainNext(
        hasher_, prev,
        {device_, row.info.epoch, row.info.seq, row.info.author, row.info.from_epoch, row.info.from_seq, row.entry});
  }

  const std::string& device_;
  SodiumSha256 hasher_;
  Hash prev_;
  uint64_t seq_;
  bool prev_is_good_;
  std::optional<Hash> doubted_;
};

// The rows of one epoch, by seq.
struct EpochRows {
  struct Found {
    Journal::Row row;
    bool whole = false;  // Its hash can be read.
  };
  std::map<uint64_t, Found> by_seq;
  bool at_end = false;  // Behind the last of them there was none.
};

// As the table's tree leads to them.
EpochRows ReadEpochRows(sqlite::Database& db, const EpochMarks& marks) {
  EpochRows rows;
  absl::StatusOr<sqlite::Statement> next = ReadAgain([&] {
    return db.Prepare(
        absl::StrCat("SELECT ", kRowColumns, " FROM entry WHERE id > $1 AND id <= $2 ORDER BY id LIMIT 1"));
  });
  if (!next.ok()) return rows;
  uint64_t last = marks.retained_through;
  uint64_t after = last;
  while (after - last < kMissesMax) {
    const absl::StatusOr<bool> any = ReadAgain([&] {
      return next->Bind(1, EntryKey(marks.epoch, after)).Bind(2, EntryKey(marks.epoch, kEntrySeqMax)).Step();
    });
    if (!any.ok()) {
      ++after;  // The page is bad; try behind the next seq, until another page answers.
      continue;
    }
    if (!*any) {
      rows.at_end = after == last;  // Else what stood on the bad page may have been the last.
      break;
    }
    EpochRows::Found found;
    found.whole = RowFromRow(*next, found.row);
    next->Reset();
    if (found.row.info.epoch != marks.epoch || found.row.info.seq <= last) break;  // Not in order: not to be trusted.
    last = after = found.row.info.seq;
    rows.by_seq[last] = std::move(found);
  }
  return rows;
}

// What the tree does not lead to any more stands on its pages all the same.
void AddStrayRows(sqlite::Database& db, const std::vector<EpochMarks>& epochs, std::vector<EpochRows>& rows) {
  sqlite::ReadStrayRows(db, kTableColumns, kRowColumns, [&](const sqlite::Statement& read) {
    EpochRows::Found found;
    found.whole = RowFromRow(read, found.row);
    const EntryInfo& info = found.row.info;
    for (size_t i = 0; i < epochs.size(); ++i) {
      if (!found.whole || info.epoch != epochs[i].epoch || info.seq <= epochs[i].retained_through) continue;
      rows[i].by_seq.try_emplace(info.seq, std::move(found));
      return;
    }
  });
}

// Those that are what was recorded.
void TakeRows(const std::string& device, const EpochMarks& marks, EpochRows rows, Salvaged& salvaged) {
  ChainChecker chain(device, marks);
  Journal::Row doubted;                    // Of `chain.doubted()`.
  uint64_t last = marks.retained_through;  // The last seq that was taken or counted as unreadable.
  for (auto& [seq, found] : rows.by_seq) {
    salvaged.unreadable += seq - last - 1;
    last = seq;
    const ChainChecker::Verdict verdict = chain.Check(found.row, found.whole);
    if (verdict.vouches_back) {
      salvaged.rows.push_back(std::move(doubted));
      --salvaged.unreadable;
    }
    if (verdict.good) {
      salvaged.rows.push_back(std::move(found.row));
      continue;
    }
    ++salvaged.unreadable;
    if (!chain.doubted().has_value()) continue;
    doubted = std::move(found.row);
    doubted.hash = *chain.doubted();
  }
  salvaged.may_lack_more = salvaged.may_lack_more || !rows.at_end;
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
    (void)ReadAgain([&] { return ReadEpochs(**db, salvaged.epochs); });
    PushToken push_token(db->get());
    (void)ReadAgain([&] { return push_token.Load(); });
    salvaged.push_token = push_token.token();
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
  if (!AddEpochsOfEntries(**db, salvaged.epochs).ok()) salvaged.may_lack_more = true;
  std::vector<EpochRows> rows;
  for (const EpochMarks& marks : salvaged.epochs) {
    rows.push_back(ReadEpochRows(**db, marks));
  }
  AddStrayRows(**db, salvaged.epochs, rows);
  for (size_t i = 0; i < rows.size(); ++i) {
    TakeRows(salvaged.identity->device(), salvaged.epochs[i], std::move(rows[i]), salvaged);
  }
  return salvaged;
}

}  // namespace doorstep
