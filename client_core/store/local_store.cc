#include "client_core/store/local_store.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/planted_bug.h"
#include "client_core/base/status.h"
#include "client_core/rules/verdicts.h"
#include "client_core/store/journal_rows.h"

namespace doorstep {
namespace {

// What applying a page of `raw_bytes` may take: its rows in the log, in the file and in pages that are half full.
int64_t PageRoom(uint32_t raw_bytes) { return int64_t{3} * raw_bytes + 128 * 1024; }

}  // namespace

LocalStore::LocalStore(StoreOptions options)
    : options_(std::move(options)), reserve_({Path("reserve"), options_.vfs}, options_.reserve_bytes) {}

LocalStore::~LocalStore() = default;

absl::StatusOr<std::unique_ptr<LocalStore>> LocalStore::Open(const StoreOptions& options) {
  std::unique_ptr<LocalStore> store(new LocalStore(options));
  RETURN_IF_ERROR(store->lock_.Take(options.directory));
  RETURN_IF_ERROR(store->WithReserve([&] { return store->OpenFiles(); }));
  // Makes the reserve again while there is room for it; what stands against it is told there. A new app is opened
  // faster without one: it gets it when it is enrolled.
  if (store->journal_->identity().has_value()) (void)store->CanFetch();
  store->OpenAttachments();
  // What a page brought before the process ended. Without it entries show an earlier stage than they have, which must
  // not keep anybody from recording: it is repeated after the next page.
  if (const absl::Status settled = store->Settle().status(); !settled.ok()) {
    Log(options.log, LogLevel::kWarning, absl::StrCat("settling has to be repeated: ", settled.message()));
  }
  return store;
}

absl::StatusOr<v1::EnrollRequest> LocalStore::PrepareEnrolment(const v1::EnrolmentRequest& request, Random& random) {
  RETURN_IF_ERROR(can_record_);
  absl::StatusOr<v1::EnrollRequest> prepared = absl::InternalError("not prepared");
  RETURN_IF_ERROR(WithReserve([&] {
    prepared = journal_->PrepareEnrolment(request, random);
    return prepared.status();
  }));
  return prepared;
}

absl::Status LocalStore::CompleteEnrolment(const v1::EnrollResponse& response) {
  RETURN_IF_ERROR(can_record_);
  RETURN_IF_ERROR(WithReserve([&] { return journal_->CompleteEnrolment(response); }));
  KeepIdentity();
  (void)CanFetch();  // Makes the reserve, which would hold up the first page; without room, it is tried again there.
  return absl::OkStatus();
}

absl::StatusOr<ForkResult> LocalStore::Fork(const v1::Fork& fork) {
  absl::StatusOr<ForkResult> result = absl::InternalError("not forked");
  RETURN_IF_ERROR(WithReserve([&] {
    result = journal_->Fork(fork);
    return result.status();
  }));
  KeepIdentity();
  return result;
}

absl::Status LocalStore::StepBack(const v1::JournalMark& mark) {
  // First: the rows that came from what the server has lost would bring the mark forward again. Nor are rows of the
  // other feeds the server's any more: what it does anew has the versions of what it lost, and no sum tells them apart.
  for (const FeedState& feed : replica_->Feeds()) RETURN_IF_ERROR(replica_->ReadAnew(feed.name));
  // The journal's marks survive a power cut, so the doubt about the rows must too.
  RETURN_IF_ERROR(replica_db_->SyncLog());
  // What it had of photos is as doubtful, and what no backup holds must not be deleted here.
  RETURN_IF_ERROR(attachments_->Doubt());
  return journal_->StepBack(mark);
}

absl::StatusOr<AppendResult> LocalStore::Append(absl::string_view author, const v1::LogEntry& entry,
                                                absl::string_view token) {
  RETURN_IF_ERROR(can_record_);
  absl::StatusOr<AppendResult> result = absl::InternalError("not appended");
  const auto append = [&] {
    result = journal_->Append(author, entry, token);
    return result.status();
  };
  const absl::Status appended = WithReserve(append);
  if (!absl::IsDataLoss(appended)) return result;
  RETURN_IF_ERROR(RepairJournal(appended));
  (void)WithReserve(append);
  return result;
}

absl::StatusOr<FrameEntries> LocalStore::ReadForFrame(uint64_t epoch, uint64_t after_seq, uint64_t entries_max,
                                                      uint64_t bytes_max) {
  absl::StatusOr<FrameEntries> frame = journal_->ReadForFrame(epoch, after_seq, entries_max, bytes_max);
  if (!absl::IsDataLoss(frame.status())) return frame;
  RETURN_IF_ERROR(RepairJournal(frame.status()));
  return journal_->ReadForFrame(epoch, after_seq, entries_max, bytes_max);
}

absl::StatusOr<PageChanges> LocalStore::ApplyPage(absl::string_view feed, absl::string_view sent_cursor,
                                                  const v1::PullResponse& response) {
  absl::StatusOr<PageChanges> changes = replica_->ApplyPage(feed, sent_cursor, response);
  if (absl::IsDataLoss(changes.status())) {
    RETURN_IF_ERROR(RepairReplica(changes.status()));
    PageChanges nothing;
    nothing.stale = true;
    return nothing;
  }
  // Fetching it again before there is room would be for nothing.
  if (absl::IsResourceExhausted(changes.status())) page_room_bytes_ = PageRoom(response.raw_bytes());
  if (!changes.ok()) return ExplainFullDisk(changes.status());
  if (Planted("left_row_wipes_journal")) {
    for (const LeftVisit& left : changes->visits_left) {
      RETURN_IF_ERROR(journal_db_->Execute(absl::StrCat("DELETE FROM entry WHERE visit_id = '", left.id, "'")));
    }
  }
  return changes;
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
