// The entries this phone has accepted, in order, until they are safe for good; and who this phone is.
// Invariants: seq is gapless from 1 within an epoch and chained by hash; entry bytes are serialized once and never
// encoded again; only Retain deletes, and only what is in a verified backup, settled and old enough.
//
// An entry's way is told by marks of its epoch, never by a change of its row:
//   settled_through <= judged_through <= received_through <= seq of the last entry.
// Entries above settled_through are also kept in memory (PendingEntry), by epoch and by visit, so that no reader scans
// history, nor the entries of other visits.
//
// The memory says what the file says. When the file has changed and cannot be read again, the memory stays as it was,
// and every call below that returns a status reads the file first, or fails until it can.
//
// Not thread-safe: everything runs on the session's queue. Errors: RESOURCE_EXHAUSTED when the disk is full (nothing
// has changed, reading goes on), DATA_LOSS when the file is damaged (LocalStore::Repair salvages it).
#ifndef DOORSTEP_CLIENT_CORE_STORE_JOURNAL_H_
#define DOORSTEP_CLIENT_CORE_STORE_JOURNAL_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client_core/base/random.h"
#include "client_core/base/sha256.h"
#include "client_core/sqlite/database.h"
#include "client_core/store/boots.h"
#include "client_core/store/push_token.h"
#include "doorstep/v1/client.pb.h"
#include "doorstep/v1/enrollment_service.pb.h"
#include "doorstep/v1/fold.pb.h"
#include "doorstep/v1/sync.pb.h"

namespace doorstep {

enum class EpochState {
  kCurrent = 1,  // Append goes here. At most one.
  kSpare = 2,    // Empty, for the day the journal is damaged with no network.
  kOld = 3,      // Left by a fork or a salvage. What it has up to common_through is still sent.
};

// One journal of this device, with its marks.
struct EpochMarks {
  uint64_t epoch = 0;
  std::string salt;  // 16 bytes.
  EpochState state = EpochState::kCurrent;
  uint64_t head_seq = 0;  // 0: empty.
  Hash head_hash{};       // After head_seq; the chain's start when empty.
  // Old epochs: entries above it go on under a new position and are neither sent nor shown here.
  uint64_t common_through = 0;
  uint64_t received_through = 0;
  uint64_t backed_up_through = 0;
  uint64_t judged_through = 0;
  uint64_t settled_through = 0;
  // Entries up to here have been deleted by Retain; their last hash.
  uint64_t retained_through = 0;
  Hash retained_hash{};
  // The newest JournalMark that the server countersigned in this generation, as it came; empty: none.
  std::string countermark;

  // The last entry that lives under this epoch.
  uint64_t last_own_seq() const { return state == EpochState::kOld ? common_through : head_seq; }
};

// An entry as readers need it, without its bytes.
struct EntryInfo {
  uint64_t epoch = 0;
  uint64_t seq = 0;
  uint64_t from_epoch = 0;  // First position, if it was appended again; else 0, 0.
  uint64_t from_seq = 0;
  std::string author;
  std::string visit_id;
  v1::LogEntry::FactCase fact = v1::LogEntry::FACT_NOT_SET;
  int64_t wall_time_us = 0;
  uint64_t bytes = 0;
};

// An entry above settled_through. `fold` is present when the fact bears state; its position is the entry's present
// one, its time the phone's own word.
struct PendingEntry {
  EntryInfo info;
  std::optional<v1::FoldFact> fold;
};

// Those of one visit: by epoch, in journal order.
using PendingOfVisit = std::map<uint64_t, std::vector<const PendingEntry*>>;

struct AppendResult {
  v1::JournalPosition position;
  bool repeated = false;  // The token had been used before; nothing was appended.
};

// A run of entries for one frame. Empty `entries`: nothing to send after the given seq.
struct FrameEntries {
  uint64_t epoch = 0;
  uint64_t first_seq = 0;
  uint64_t last_seq = 0;
  Hash prev_hash{};
  Hash head_hash{};
  std::vector<v1::EntryEnvelope> entries;
  uint64_t raw_bytes = 0;      // Of the FrameBody they make.
  bool empties_queue = false;  // Nothing is left behind it in any epoch.
  // The exchanges with the server that tell the time of these entries: of their boots and of the boots around them.
  // The sample of the moment the frame is made is the caller's to put first.
  std::vector<v1::ClockSample> clock;
};

enum class Acknowledgement {
  kMoved,      // Received or backed up further than before.
  kUnchanged,  // Nothing new in it.
  kNotOurs,    // Unknown epoch, a seq beyond ours or another hash: not taken. Pushing goes on and will answer FORK.
};

struct ForkResult {
  bool moved = false;  // False: the server has what this phone left in that epoch; nothing was done.
  uint64_t reappended = 0;
  uint64_t epoch = 0;  // Where they go on.
};

// What stands in PhoneStatus. recorded = saved_here + safe + judged.
struct JournalCounts {
  uint64_t recorded = 0;    // Distinct entries of this phone.
  uint64_t saved_here = 0;  // Only on this phone.
  uint64_t safe = 0;        // At the office, not judged yet.
  uint64_t judged = 0;      // Counted, unless a judgement in the replica says otherwise.
  uint64_t queued_bytes = 0;
  int64_t oldest_queued_time_us = 0;  // 0: nothing is queued.
};

class Journal {
 public:
  // Brings the file's schema up to date and loads marks and pending entries. `db` must outlive this object and be
  // used by nobody else.
  static absl::StatusOr<std::unique_ptr<Journal>> Open(sqlite::Database* db);

  // ---- who this phone is ----
  // The request to send for this invitation, durable before it is first sent, so that a lost answer can be asked for
  // again: the same invitation code gives the same request_id, also after a restart. A phone that is enrolled asks to
  // be the same device again, which the office grants when it has forgotten it.
  absl::StatusOr<v1::EnrollRequest> PrepareEnrolment(const v1::EnrolmentRequest& request, Random& random);
  // Takes the answer: device, token, epochs. Repeating it replaces the token and leaves who is signed in.
  // FAILED_PRECONDITION: another device.
  absl::Status CompleteEnrolment(const v1::EnrollResponse& response);
  // Makes the technicians of `identity`, signed in and signed out, those of this phone. Durable.
  absl::Status SetTechnicians(const v1::EnrollResponse& identity);
  // Makes `seed` the one that this phone's own key is of. Durable.
  absl::Status SetSigningSeed(absl::string_view seed);
  // Present once enrolled: device, bearer token, technicians, generation, and the epochs as they are now.
  const std::optional<v1::EnrollResponse>& identity() const { return identity_; }

  // ---- recording ----
  // Appends `entry` durably and returns its position, which is its id from now on. `entry.time` and `entry.nonce`
  // are set by the caller; `author` is a technician's id. Repeating a call with the same non-empty `token` returns
  // the first call's position, also after restarts and forks. INVALID_ARGUMENT names field and bound, nothing is
  // recorded; FAILED_PRECONDITION: not enrolled.
  absl::StatusOr<AppendResult> Append(absl::string_view author, const v1::LogEntry& entry, absl::string_view token);

  // ---- sending ----
  // The epoch to send from next, the oldest first; 0: nothing is unsent.
  uint64_t UnsentEpoch() const;
  // Entries of `epoch` after `after_seq` (the received mark, or the last seq already in flight): at most
  // `entries_max` and, but for the first, at most `bytes_max` bytes of FrameBody. NOT_FOUND: unknown epoch. DATA_LOSS:
  // an entry is missing or is not what was recorded, as its hash tells.
  absl::StatusOr<FrameEntries> ReadForFrame(uint64_t epoch, uint64_t after_seq, uint64_t entries_max,
                                            uint64_t bytes_max);
  // Takes what the server says it has, in the generation we know (identity().generation). Marks never go back here.
  absl::StatusOr<Acknowledgement> Acknowledge(const v1::JournalMark& mark);
  // The server was restored: takes its new generation and marks, which may go back; an epoch that is not named or
  // whose hash is not ours goes back to 0. What it lost is unsent again. Repeating it is harmless.
  absl::Status AdoptGeneration(absl::string_view generation, const std::vector<v1::JournalMark>& marks);
  // The server answered a frame that goes on beyond `mark` with `mark`: its file was put back to an older one without a
  // new generation, and nothing here is countersigned that would prove it. What it lost is unsent again.
  absl::Status StepBack(const v1::JournalMark& mark);
  // What a Hello says of these journals, the newest first; without those that have nothing to give any more.
  std::vector<v1::JournalClaim> Claims() const;
  // Goes on in `fork.new_epoch`: in one transaction the entries above last_common_seq are appended again there, each
  // naming its first position. A fork of an epoch that this phone has left moves what a restored server lacks of it,
  // and behind it what came later and the server is not known to have, so that the order stays. ABORTED: the new epoch
  // is not newer than this phone's newest; the server, asked again with `newest_epoch`, names another.
  absl::StatusOr<ForkResult> Fork(const v1::Fork& fork);
  Boots& boots() { return boots_; }
  PushToken& push_token() { return push_token_; }

  // Runs `body`, which moves marks by the calls below and Acknowledge, in one transaction: when it fails, file and
  // memory are as before.
  absl::Status MarkTogether(const std::function<absl::Status()>& body);

  // ---- what became of it ----
  // Every entry of `epoch` up to `seq` is judged. Never goes back, never beyond what is received; unknown epochs are
  // ignored.
  absl::Status SetJudged(uint64_t epoch, uint64_t seq);
  // Forgets the pending entries up to `seq` (bounded by judged_through): the replica tells about them from now on.
  absl::Status SettleThrough(uint64_t epoch, uint64_t seq);
  // The replica tells about the entries from `seq` on no more: they are pending again.
  absl::Status UnsettleFrom(uint64_t epoch, uint64_t seq);
  // Deletes what is in a verified backup, settled and older than limits::kRetentionMicros before `now_us`. Returns
  // how many rows went.
  absl::StatusOr<uint64_t> Retain(int64_t now_us);

  // ---- reading ----
  // All epochs, oldest first.
  const std::map<uint64_t, EpochMarks>& epochs() const { return epochs_; }
  const EpochMarks* current() const;
  // The entries above settled_through of every epoch, in journal order; an epoch's are gapless.
  const std::map<uint64_t, std::deque<PendingEntry>>& pending() const { return pending_; }
  // The same by visit; entries stay where they are until pending_version() changes.
  const std::map<std::string, PendingOfVisit>& pending_by_visit() const { return pending_by_visit_; }
  const PendingOfVisit& PendingOf(absl::string_view visit_id) const;
  // Changes whenever a pending entry goes or becomes another; not when one is appended.
  uint64_t pending_version() const { return pending_version_; }
  JournalCounts Counts() const;
  // How many entries are only on this phone, by who recorded them.
  std::map<std::string, uint64_t> UnsentByAuthor() const;
  // The entry that was recorded last; absent: none was.
  std::optional<v1::JournalPosition> Newest() const;
  // Where the entry of that id is now: its own position, or where it goes on after forks. NOT_FOUND: not an entry of
  // this phone, or deleted by Retain; the message says which.
  absl::StatusOr<EntryInfo> Find(const v1::JournalPosition& position);
  // True of an entry that was recorded here and deleted by Retain: it is judged and in a backup of the office.
  bool IsRetired(const v1::JournalPosition& position) const;
  // The entries of `epoch` after `after_seq`, at most `limit`.
  absl::StatusOr<std::vector<EntryInfo>> List(uint64_t epoch, uint64_t after_seq, uint64_t limit);
  // Those among them that correct or take back another.
  absl::StatusOr<std::vector<EntryInfo>> ListDeciding(uint64_t epoch, uint64_t after_seq, uint64_t limit);
  // The entry as recorded. NOT_FOUND as above.
  absl::StatusOr<v1::LogEntry> Read(uint64_t epoch, uint64_t seq);
  v1::JournalPosition PositionOf(const EntryInfo& info) const;

  // ---- for the salvage only ----
  struct Row {
    EntryInfo info;
    Hash hash{};
    std::string token;
    uint64_t boot = 0;
    std::string entry;
  };
  // Puts what was read from a damaged file into this empty journal, in one transaction: the identity, the epochs with
  // their marks, rows that the server has under their old position, and the rest appended again in a new epoch, naming
  // their first position: in the spare one while no other is newer, else in one of this phone's own, which the next
  // Hello makes known. Returns how many were appended again.
  absl::StatusOr<uint64_t> TakeOver(const v1::EnrollResponse& identity, const std::vector<EpochMarks>& epochs,
                                    const std::vector<Row>& rows);

 private:
  explicit Journal(sqlite::Database* db);
  absl::Status Load();
  absl::Status LoadFile();
  absl::Status Fresh();
  absl::Status LoadEpochs();
  absl::Status LoadPending(const EpochMarks& marks);
  void AddPending(PendingEntry entry);
  void DropPending(uint64_t epoch, uint64_t through_seq);
  absl::Status Reload(absl::Status why);
  void SelectRows(uint64_t epoch, uint64_t after_seq, uint64_t through_seq, uint64_t limit);
  absl::Status InsertRow(const Row& row);
  absl::Status WriteMarks(const EpochMarks& marks);
  absl::Status WriteIdentity(const v1::EnrollResponse& identity);
  absl::StatusOr<Hash> HashAt(const EpochMarks& marks, uint64_t seq);
  absl::StatusOr<bool> IsOurs(const EpochMarks& marks, const v1::JournalMark& mark);
  absl::StatusOr<ForkResult> GoOnIn(const v1::Fork& fork, uint64_t common);
  absl::Status LeaveEntries(EpochMarks& left, uint64_t common, uint64_t through, std::vector<Row>& moved);
  absl::StatusOr<uint64_t> Reappend(const std::vector<Row>& rows, EpochMarks& target);
  absl::StatusOr<std::vector<Row>> RowsAfter(uint64_t epoch, uint64_t after_seq);
  absl::StatusOr<bool> FindLast(uint64_t epoch);
  absl::StatusOr<AppendResult> FindToken(absl::string_view token);
  EpochMarks* MutableCurrent();
  bool HasUnsent(const EpochMarks& marks) const;

  sqlite::Database* const db_;
  Boots boots_;
  PushToken push_token_;
  SodiumSha256 hasher_;
  std::optional<v1::EnrollResponse> identity_;
  std::map<uint64_t, EpochMarks> epochs_;
  std::map<uint64_t, std::deque<PendingEntry>> pending_;
  std::map<std::string, PendingOfVisit> pending_by_visit_;  // Points into pending_.
  uint64_t pending_version_ = 0;
  bool stale_ = false;    // The file has changed since it was read.
  bool marking_ = false;  // In MarkTogether: what is settled is forgotten when it is committed.
  sqlite::Statement insert_;
  sqlite::Statement find_token_;
  sqlite::Statement find_last_;
  sqlite::Statement read_after_;
  sqlite::Statement write_marks_;
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_STORE_JOURNAL_H_
