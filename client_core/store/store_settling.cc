// When an entry leaves the overlay because the office's row tells about it, and when it comes back.
// Invariant: what is settled and counts stands in every row of its visit that is here.
#include <algorithm>
#include <map>
#include <utility>

#include "client_core/base/planted_bug.h"
#include "client_core/base/status.h"
#include "client_core/rules/verdicts.h"
#include "client_core/store/local_store.h"

namespace doorstep {
namespace {

// Entries that are looked through at a time.
constexpr uint64_t kLookedThrough = 500;

}  // namespace

// Before rows are there that have less than the ones before them, as those of a server whose file was put back, or
// judgements that let an entry count again: what the rows lack is shown above them again. A process that ends in
// between settles it anew.
absl::Status LocalStore::Unsettle(const Doubtful& doubtful, bool* any, bool* journal_failed) {
  for (const auto& [epoch, marks] : std::map<uint64_t, EpochMarks>(journal_->epochs())) {
    ASSIGN_OR_RETURN(const uint64_t seq, FirstLacking(marks, doubtful, journal_failed));
    if (seq == 0) continue;
    const absl::Status unsettled = journal_->UnsettleFrom(epoch, seq);
    *journal_failed = !unsettled.ok();
    RETURN_IF_ERROR(unsettled);
    *any = true;
  }
  return absl::OkStatus();
}

// The first settled entry of the epoch that counts and is not in every row of its visit; 0: none.
absl::StatusOr<uint64_t> LocalStore::FirstLacking(const EpochMarks& marks, const Doubtful& doubtful,
                                                  bool* journal_failed) {
  std::map<std::string, uint64_t> folded;  // As in SettledBy.
  uint64_t seq = marks.retained_through;
  while (seq < marks.settled_through) {
    const absl::StatusOr<std::vector<EntryInfo>> entries = journal_->List(marks.epoch, seq, kLookedThrough);
    *journal_failed = !entries.ok();
    if (!entries.ok()) return entries.status();
    if (entries->empty()) return 0;
    for (const EntryInfo& entry : *entries) {
      seq = entry.seq;
      if (seq > marks.settled_through) return 0;
      if (doubtful.visits.count(entry.visit_id) == 0 && doubtful.entries.count({marks.epoch, seq}) == 0) continue;
      const v1::Judgement* judgement = replica_->JudgementOf(marks.epoch, seq);
      if (entry.visit_id.empty() || (judgement != nullptr && !Counts(judgement->verdict()))) continue;
      auto known = folded.find(entry.visit_id);
      if (known == folded.end()) {
        ASSIGN_OR_RETURN(const uint64_t through, FoldedThrough(marks.epoch, entry.visit_id));
        known = folded.emplace(entry.visit_id, through).first;
      }
      if (seq > known->second) return seq;
    }
  }
  return 0;
}

// Where settled_through of an epoch may go: over entries that the overlay has no more use for.
absl::StatusOr<uint64_t> LocalStore::SettledBy(const EpochMarks& marks) {
  uint64_t settled = marks.settled_through;
  const auto pending = journal_->pending().find(marks.epoch);
  if (pending == journal_->pending().end()) return settled;
  std::map<std::string, uint64_t> folded;  // Per visit, the last seq of this epoch that its row has; all: not here.
  for (const PendingEntry& entry : pending->second) {
    if (entry.info.seq > marks.judged_through) break;
    const v1::Judgement* judgement = replica_->JudgementOf(entry.info.epoch, entry.info.seq);
    const bool counts = judgement == nullptr || Counts(judgement->verdict());
    if (counts && !entry.info.visit_id.empty()) {
      auto known = folded.find(entry.info.visit_id);
      if (known == folded.end()) {
        ASSIGN_OR_RETURN(const uint64_t through, FoldedThrough(marks.epoch, entry.info.visit_id));
        known = folded.emplace(entry.info.visit_id, through).first;
      }
      if (entry.info.seq > known->second && !Planted("overlay_dropped_early")) break;
    }
    settled = entry.info.seq;
  }
  return settled;
}

// What every row of the visit has: each technician sees the one of the own feed, and it stays when another one signs
// out.
absl::StatusOr<uint64_t> LocalStore::FoldedThrough(uint64_t epoch, const std::string& visit_id) {
  ASSIGN_OR_RETURN(const std::vector<std::string> rows, replica_->Rows(v1::ENTITY_KIND_VISIT, visit_id));
  if (rows.empty()) {
    ASSIGN_OR_RETURN(const std::optional<LeftVisit> left, replica_->Left(visit_id));
    // With nobody signed in no row will come.
    const bool none_will_come = replica_->TechniciansCaughtUp() || Feeds().size() == 1;
    return left.has_value() || none_will_come ? UINT64_MAX : 0;
  }
  uint64_t in_every_row = UINT64_MAX;
  for (const std::string& row : rows) {
    v1::Visit visit;
    if (!visit.ParseFromString(row)) {
      return absl::DataLossError(absl::StrCat("replica: visit ", visit_id, " is damaged"));
    }
    uint64_t here = 0;
    for (const v1::FoldedJournal& folded : visit.folded()) {
      if (folded.device() == journal_->identity()->device() && folded.epoch() == epoch) here = folded.seq();
    }
    in_every_row = std::min(in_every_row, here);
  }
  return in_every_row;
}

absl::StatusOr<std::vector<MarkMove>> LocalStore::Settle() {
  // Recording may have been unable to note the name, as on a full disk; afterwards nothing knows of it any more.
  const absl::Status named = attachments_->CatchUp(*journal_).status();
  if (absl::IsDataLoss(named)) {
    RepairAttachments(named);
  } else {
    RETURN_IF_ERROR(named);
  }
  bool replica_failed = false;
  absl::StatusOr<std::vector<MarkMove>> moves = SettleOnce(&replica_failed);
  if (!absl::IsDataLoss(moves.status())) return moves;
  RETURN_IF_ERROR(replica_failed ? RepairReplica(moves.status()) : RepairJournal(moves.status()));
  return SettleOnce(&replica_failed);
}

absl::StatusOr<std::vector<MarkMove>> LocalStore::SettleOnce(bool* replica_failed) {
  std::vector<MarkMove> moves;
  const FeedState* feed = replica_->FindFeed(kDeviceFeed);
  // Marks of another generation, or of rows that a snapshot may yet remove, say nothing.
  if (feed == nullptr || feed->cursor.empty() || feed->in_snapshot || !journal_->identity().has_value() ||
      feed->generation != journal_->identity()->generation()) {
    return moves;
  }
  const absl::StatusOr<std::vector<v1::JournalState>> states = replica_->JournalStates();
  *replica_failed = !states.ok();
  if (!states.ok()) return states.status();
  if (states->empty()) return moves;
  const absl::Status status = journal_->MarkTogether([&]() -> absl::Status {
    bool moved = false;
    for (const v1::JournalState& state : *states) {
      const uint64_t epoch = state.mark().epoch();
      const auto marks = journal_->epochs().find(epoch);
      if (marks == journal_->epochs().end()) continue;
      MarkMove move{epoch, marks->second.received_through, 0, marks->second.judged_through, 0};
      const uint64_t settled_before = marks->second.settled_through;
      // A mark that is not ours is of a clone that went on from what both have. What we know to be received is ours all
      // the same, and is judged.
      RETURN_IF_ERROR(journal_->Acknowledge(state.mark()).status());
      RETURN_IF_ERROR(journal_->SetJudged(epoch, state.judged_through()));
      const absl::StatusOr<uint64_t> settled = SettledBy(marks->second);  // Reads the replica only.
      *replica_failed = !settled.ok();
      if (!settled.ok()) return settled.status();
      RETURN_IF_ERROR(journal_->SettleThrough(epoch, *settled));
      move.received_after = marks->second.received_through;
      move.judged_after = marks->second.judged_through;
      if (move.received_after > move.received_before || move.judged_after > move.judged_before) moves.push_back(move);
      moved |= marks->second.settled_through > settled_before || (!moves.empty() && moves.back().epoch == epoch);
    }
    // The journal's marks survive a power cut. What they rest upon must too: a judgement that the replica had lost
    // would make an entry counted that is not, and a row that it had lost would take settled entries off the screen.
    return moved && !Planted("settled_before_replica_is_durable") ? replica_db_->SyncLog() : absl::OkStatus();
  });
  RETURN_IF_ERROR(status);
  return moves;
}

}  // namespace doorstep
