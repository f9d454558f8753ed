#include "client_core/store/local_store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/planted_bug.h"
#include "client_core/base/status.h"
#include "client_core/rules/frame_signature.h"
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
  (void)journal_->push_token().ForgetTold();  // Without room it may be told later than it could be.
  KeepIdentity();
  (void)CanFetch();  // Makes the reserve, which would hold up the first page; without room, it is tried again there.
  return absl::OkStatus();
}

absl::StatusOr<std::string> LocalStore::SigningSeed(Random& random) {
  const auto& identity = journal_->identity();
  if (!identity.has_value()) return absl::FailedPreconditionError("this phone is not enrolled");
  if (identity->signing_seed().size() == kEd25519SeedBytes) return identity->signing_seed();
  const std::string seed = random.Bytes(kEd25519SeedBytes);
  RETURN_IF_ERROR(WithReserve([&] { return journal_->SetSigningSeed(seed); }));
  KeepIdentity();
  return seed;
}

absl::StatusOr<bool> LocalStore::SetPushToken(const std::string& token) {
  RETURN_IF_ERROR(can_record_);
  absl::StatusOr<bool> changed = false;
  const absl::Status set = WithReserve([&] {
    changed = journal_->push_token().Set(token);
    return changed.status();
  });
  if (!set.ok()) return ExplainFullDisk(set);
  return changed;
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
  const absl::Status doubted = attachments_->Doubt();
  if (absl::IsDataLoss(doubted)) {
    RepairAttachments(doubted);  // The journal is not to blame, and must go back all the same.
  } else {
    RETURN_IF_ERROR(doubted);
  }
  return journal_->StepBack(mark);
}

absl::Status LocalStore::AdoptGeneration(const std::string& generation, const std::vector<v1::JournalMark>& marks) {
  // The cursors of another generation are refused by the server. Those of this one it takes, and would go on from rows
  // that it has lost.
  bool doubted = false;
  for (const FeedState& feed : replica_->Feeds()) {
    if (feed.generation != generation || journal_->identity()->generation() == generation) continue;
    RETURN_IF_ERROR(replica_->ReadAnew(feed.name));
    doubted = true;
  }
  if (doubted) RETURN_IF_ERROR(replica_db_->SyncLog());
  return journal_->AdoptGeneration(generation, marks);
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
  bool unsettled = false;
  bool journal_failed = false;
  absl::StatusOr<PageChanges> changes = replica_->ApplyPage(feed, sent_cursor, response, [&](const Doubtful& doubtful) {
    const absl::Status status = Unsettle(doubtful, &unsettled, &journal_failed);
    unsettled &= !doubtful.visits.empty();
    return status;
  });
  if (unsettled && changes.ok()) changes->went_back = true;
  if (journal_failed) return ExplainFullDisk(changes.status());
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

}  // namespace doorstep
