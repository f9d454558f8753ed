// The journal's marks: what is sent, what the server has, what is judged, settled and at last deleted.
#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/planted_bug.h"
#include "client_core/base/status.h"
#include "client_core/rules/journal_hash.h"
#include "client_core/store/journal.h"
#include "client_core/store/journal_rows.h"
#include "google/protobuf/io/coded_stream.h"

namespace doorstep {
namespace {

// The server has no more than `mark` says, which is of this journal: the rest is only here again.
void GoBackTo(const v1::JournalMark& mark, EpochMarks& marks) {
  marks.received_through = std::min<uint64_t>(mark.received_through(), marks.last_own_seq());
  marks.backed_up_through = std::min<uint64_t>(mark.backed_up_through(), marks.received_through);
  marks.judged_through = std::min(marks.judged_through, marks.received_through);
  marks.settled_through = std::min(marks.settled_through, marks.judged_through);
  marks.countermark.clear();
  KeepCountermark(mark, marks);
}

// What was deleted here cannot be sent again. Where the server has a copy's entries in that place, what is left is sent
// all the same: a fork answers it, and says how much both have in common. True: it is to be sent now.
bool GoOnBehindTheGap(const v1::JournalMark& not_ours, EpochMarks& marks) {
  if (marks.received_through >= marks.retained_through || not_ours.received_through() < marks.retained_through) {
    return false;
  }
  marks.received_through = marks.retained_through;
  return true;
}

}  // namespace

absl::Status Journal::WriteMarks(const EpochMarks& marks) {
  write_marks_.Bind(1, marks.epoch)
      .BindBlob(2, marks.salt)
      .Bind(3, static_cast<int64_t>(marks.state))
      .Bind(4, marks.common_through)
      .Bind(5, marks.received_through)
      .Bind(6, marks.backed_up_through)
      .Bind(7, marks.judged_through)
      .Bind(8, marks.settled_through)
      .Bind(9, marks.retained_through)
      .BindBlob(10, marks.retained_through > 0 ? AsBytes(marks.retained_hash) : absl::string_view())
      .BindBlob(11, marks.countermark);
  return RefusedByDamage(write_marks_.Run());
}

// What was deleted cannot be sent again, should a restored server ask for it: an epoch whose mark fell below that can
// offer nothing here. It claims so in Hello, and the server tells where the rest goes on.
bool Journal::HasUnsent(const EpochMarks& marks) const {
  return marks.received_through < marks.last_own_seq() && marks.received_through >= marks.retained_through;
}

uint64_t Journal::UnsentEpoch() const {
  for (const auto& [epoch, marks] : epochs_) {
    if (HasUnsent(marks)) return epoch;
  }
  return 0;
}

absl::StatusOr<Hash> Journal::HashAt(const EpochMarks& marks, uint64_t seq) {
  if (seq == marks.head_seq) return marks.head_hash;
  if (seq == 0) return ChainStart(hasher_, identity_->device(), marks.epoch, marks.salt);
  if (seq == marks.retained_through) return marks.retained_hash;
  SelectRows(marks.epoch, seq - 1, seq, 1);
  ASSIGN_OR_RETURN(const bool row, read_after_.Step());
  if (!row) return absl::NotFoundError(absl::StrCat("entry ", marks.epoch, ".", seq, ": not in this journal"));
  Hash hash;
  const bool whole = HashFromBytes(read_after_.Blob(kHashColumn), hash);
  read_after_.Reset();
  if (!whole) return absl::DataLossError("journal: a hash is damaged");
  return hash;
}

absl::StatusOr<FrameEntries> Journal::ReadForFrame(uint64_t epoch, uint64_t after_seq, uint64_t entries_max,
                                                   uint64_t bytes_max) {
  RETURN_IF_ERROR(Fresh());
  const auto found = epochs_.find(epoch);
  if (found == epochs_.end()) return absl::NotFoundError(absl::StrCat("epoch ", epoch, ": not of this phone"));
  const EpochMarks& marks = found->second;
  FrameEntries frame;
  frame.epoch = epoch;
  frame.first_seq = after_seq + 1;
  frame.last_seq = after_seq;
  if (after_seq >= marks.last_own_seq() || after_seq < marks.retained_through) return frame;
  ASSIGN_OR_RETURN(frame.prev_hash, HashAt(marks, after_seq));
  frame.head_hash = frame.prev_hash;

  std::set<uint64_t> boots;
  SelectRows(epoch, after_seq, marks.last_own_seq(), std::min(entries_max, limits::kFrameEntriesMax));
  while (true) {
    ASSIGN_OR_RETURN(const bool any, read_after_.Step());
    if (!any) break;
    Row row;
    if (!RowFromRow(read_after_, row) || row.info.seq != frame.last_seq + 1) {
      read_after_.Reset();
      return absl::DataLossError(absl::StrCat("journal: entry ", epoch, ".", frame.last_seq + 1, " is missing"));
    }
    // Bytes that changed on the disk would be refused by the server, and so would everything behind them.
    const Hash hash = ChainNext(hasher_, frame.head_hash,
                                {identity_->device(), row.info.epoch, row.info.seq, row.info.author,
                                 row.info.from_epoch, row.info.from_seq, row.entry});
    if (hash != row.hash) {
      read_after_.Reset();
      return absl::DataLossError(
          absl::StrCat("journal: entry ", epoch, ".", row.info.seq, " is not what was recorded"));
    }
    v1::EntryEnvelope envelope;
    envelope.set_author(row.info.author);
    envelope.set_from_epoch(row.info.from_epoch);
    envelope.set_from_seq(row.info.from_seq);
    envelope.set_entry(std::move(row.entry));
    const uint64_t size = envelope.ByteSizeLong();
    const uint64_t bytes = 1 + google::protobuf::io::CodedOutputStream::VarintSize64(size) + size;
    if (!frame.entries.empty() && frame.raw_bytes + bytes > bytes_max) {
      read_after_.Reset();
      break;
    }
    frame.raw_bytes += bytes;
    frame.last_seq = row.info.seq;
    frame.head_hash = row.hash;
    boots.insert(row.boot);
    frame.entries.push_back(std::move(envelope));
  }
  frame.clock = boots_.Around(boots);
  frame.empties_queue =
      frame.last_seq == marks.last_own_seq() && std::all_of(epochs_.begin(), epochs_.end(), [&](const auto& other) {
        return other.first == epoch || !HasUnsent(other.second);
      });
  return frame;
}

absl::StatusOr<bool> Journal::IsOurs(const EpochMarks& marks, const v1::JournalMark& mark) {
  const uint64_t seq = mark.received_through();
  if (Planted("positional_marks")) return true;
  if (seq > marks.head_seq) return false;
  // Nothing, or what was deleted after this very server had it in a backup.
  if (seq == 0 || seq < marks.retained_through) return true;
  const absl::StatusOr<Hash> hash = HashAt(marks, seq);
  // What moved on from an old epoch is deleted entry by entry, as each becomes old. A mark there is another copy's: the
  // server never had ours under this position.
  if (absl::IsNotFound(hash.status()) && seq > marks.last_own_seq()) return false;
  RETURN_IF_ERROR(hash.status());
  return AsBytes(*hash) == absl::string_view(mark.hash());
}

absl::StatusOr<Acknowledgement> Journal::Acknowledge(const v1::JournalMark& mark) {
  RETURN_IF_ERROR(Fresh());
  const auto found = epochs_.find(mark.epoch());
  if (found == epochs_.end()) return Acknowledgement::kNotOurs;
  ASSIGN_OR_RETURN(const bool ours, IsOurs(found->second, mark));
  EpochMarks marks = found->second;
  if (!ours) {
    if (!GoOnBehindTheGap(mark, marks)) return Acknowledgement::kNotOurs;
    const absl::Status written = WriteMarks(marks);
    if (!written.ok()) return ExplainFullDisk(written);
    found->second = std::move(marks);
    return Acknowledgement::kNotOurs;
  }
  const uint64_t received = std::min<uint64_t>(mark.received_through(), marks.last_own_seq());
  marks.received_through = std::max(marks.received_through, received);
  marks.backed_up_through =
      std::max(marks.backed_up_through, std::min<uint64_t>(mark.backed_up_through(), marks.received_through));
  KeepCountermark(mark, marks);
  if (Planted("settled_when_received")) marks.judged_through = marks.settled_through = marks.received_through;
  const bool moved = marks.received_through != found->second.received_through ||
                     marks.backed_up_through != found->second.backed_up_through;
  if (!moved && marks.countermark == found->second.countermark) return Acknowledgement::kUnchanged;
  const absl::Status written = WriteMarks(marks);
  if (!written.ok()) return ExplainFullDisk(written);
  if (Planted("settled_when_received")) DropPending(marks.epoch, marks.settled_through);
  found->second = std::move(marks);
  return moved ? Acknowledgement::kMoved : Acknowledgement::kUnchanged;
}

std::vector<v1::JournalClaim> Journal::Claims() const {
  std::vector<v1::JournalClaim> claims;
  for (auto it = epochs_.rbegin(); it != epochs_.rend() && claims.size() < limits::kJournalClaimsMax; ++it) {
    const EpochMarks& marks = it->second;
    if (marks.state == EpochState::kOld && marks.last_own_seq() <= marks.retained_through) continue;
    v1::JournalClaim claim;
    claim.set_epoch(marks.epoch);
    claim.set_salt(marks.salt);
    claim.set_forgotten_through(marks.retained_through);
    claim.set_current(marks.state == EpochState::kCurrent);
    if (!marks.countermark.empty() && !ParseBytes(marks.countermark, *claim.mutable_mark())) claim.clear_mark();
    claims.push_back(std::move(claim));
  }
  return claims;
}

absl::Status Journal::AdoptGeneration(absl::string_view generation, const std::vector<v1::JournalMark>& marks) {
  RETURN_IF_ERROR(Fresh());
  if (!identity_.has_value()) return absl::FailedPreconditionError("this phone is not enrolled");
  if (absl::string_view(identity_->generation()) == generation) return absl::OkStatus();
  return Reload(db_->Transaction([&]() -> absl::Status {
    for (const auto& [epoch, before] : epochs_) {
      EpochMarks after = before;
      v1::JournalMark there;  // Nothing, unless the server names the epoch.
      for (const v1::JournalMark& mark : marks) {
        if (mark.epoch() != epoch) continue;
        ASSIGN_OR_RETURN(const bool ours, IsOurs(before, mark));
        if (ours) there = mark;
        if (!ours && mark.received_through() >= before.retained_through) {
          there.set_received_through(before.retained_through);
        }
      }
      GoBackTo(there, after);
      RETURN_IF_ERROR(WriteMarks(after));
    }
    v1::EnrollResponse identity = *identity_;
    identity.set_generation(std::string(generation));
    return WriteIdentity(identity);
  }));
}

absl::Status Journal::StepBack(const v1::JournalMark& mark) {
  RETURN_IF_ERROR(Fresh());
  const auto known = epochs_.find(mark.epoch());
  if (known == epochs_.end() || mark.received_through() >= known->second.received_through) return absl::OkStatus();
  ASSIGN_OR_RETURN(const bool ours, IsOurs(known->second, mark));
  if (!ours) return absl::OkStatus();  // A fork comes of it.
  EpochMarks after = known->second;
  GoBackTo(mark, after);
  return Reload(db_->Transaction([&] { return WriteMarks(after); }));
}

absl::Status Journal::MarkTogether(const std::function<absl::Status()>& body) {
  RETURN_IF_ERROR(Fresh());
  std::map<uint64_t, EpochMarks> before = epochs_;
  marking_ = true;
  const absl::Status status = db_->Transaction(body);
  marking_ = false;
  if (!status.ok()) {
    epochs_.swap(before);
    return ExplainFullDisk(status);
  }
  for (const auto& [epoch, marks] : epochs_) {
    if (marks.settled_through > before[epoch].settled_through) DropPending(epoch, marks.settled_through);
  }
  return status;
}

absl::Status Journal::SetJudged(uint64_t epoch, uint64_t seq) {
  RETURN_IF_ERROR(Fresh());
  const auto found = epochs_.find(epoch);
  if (found == epochs_.end()) return absl::OkStatus();
  EpochMarks marks = found->second;
  marks.judged_through = std::max(marks.judged_through, std::min(seq, marks.received_through));
  if (marks.judged_through == found->second.judged_through) return absl::OkStatus();
  RETURN_IF_ERROR(ExplainFullDisk(WriteMarks(marks)));
  found->second = std::move(marks);
  return absl::OkStatus();
}

absl::Status Journal::SettleThrough(uint64_t epoch, uint64_t seq) {
  RETURN_IF_ERROR(Fresh());
  const auto found = epochs_.find(epoch);
  if (found == epochs_.end()) return absl::OkStatus();
  EpochMarks marks = found->second;
  marks.settled_through = std::max(marks.settled_through, std::min(seq, marks.judged_through));
  if (marks.settled_through == found->second.settled_through) return absl::OkStatus();
  RETURN_IF_ERROR(ExplainFullDisk(WriteMarks(marks)));
  if (!marking_) DropPending(epoch, marks.settled_through);
  found->second = std::move(marks);
  return absl::OkStatus();
}

absl::Status Journal::UnsettleFrom(uint64_t epoch, uint64_t seq) {
  RETURN_IF_ERROR(Fresh());
  const auto found = epochs_.find(epoch);
  if (found == epochs_.end() || seq == 0 || found->second.settled_through < seq) return absl::OkStatus();
  EpochMarks marks = found->second;
  marks.settled_through = seq - 1;
  return Reload(db_->Transaction([&] { return WriteMarks(marks); }));
}

absl::StatusOr<uint64_t> Journal::Retain(int64_t now_us) {
  RETURN_IF_ERROR(Fresh());
  ASSIGN_OR_RETURN(
      sqlite::Statement first_young,
      db_->Prepare("SELECT min(id) & 1099511627775 FROM entry WHERE id > $1 AND id <= $2 AND wall_us > $3"));
  ASSIGN_OR_RETURN(sqlite::Statement remove, db_->Prepare("DELETE FROM entry WHERE id > $1 AND id <= $2"));
  // Entries that go on elsewhere: their copy there is what counts, and it must be safe for good first.
  ASSIGN_OR_RETURN(sqlite::Statement remove_moved,
                   db_->Prepare("DELETE FROM entry WHERE id > $1 AND id <= $2 AND wall_us <= $3"));
  const int64_t before_us = now_us - limits::kRetentionMicros;
  uint64_t removed = 0;
  const absl::Status status = db_->Transaction([&]() -> absl::Status {
    for (auto& [epoch, marks] : epochs_) {
      EpochMarks after = marks;
      uint64_t through = std::min(marks.backed_up_through, marks.settled_through);
      ASSIGN_OR_RETURN(
          bool row,
          first_young.Bind(1, EntryKey(epoch, 0)).Bind(2, EntryKey(epoch, through)).Bind(3, before_us).Step());
      if (row && !first_young.IsNull(0)) through = first_young.Int(0) - 1;
      if (Planted("rows_retired_when_received")) through = marks.received_through;
      first_young.Reset();
      if (through > marks.retained_through) {
        ASSIGN_OR_RETURN(after.retained_hash, HashAt(marks, through));
        after.retained_through = through;
        RETURN_IF_ERROR(WriteMarks(after));
        RETURN_IF_ERROR(remove.Bind(1, EntryKey(epoch, 0)).Bind(2, EntryKey(epoch, through)).Run());
        removed += db_->Changes();
      }
      const bool later_are_safe = std::all_of(epochs_.upper_bound(epoch), epochs_.end(), [](const auto& later) {
        return std::min(later.second.backed_up_through, later.second.settled_through) == later.second.last_own_seq();
      });
      if (marks.state == EpochState::kOld && later_are_safe) {
        RETURN_IF_ERROR(remove_moved.Bind(1, EntryKey(epoch, marks.common_through))
                            .Bind(2, EntryKey(epoch, kEntrySeqMax))
                            .Bind(3, before_us)
                            .Run());
        removed += db_->Changes();
      }
    }
    return absl::OkStatus();
  });
  RETURN_IF_ERROR(Reload(status));
  return removed;
}

}  // namespace doorstep
