// The phone's files, opened together: journal.db (what was recorded; survives a power cut), replica.db (what the office
// says; can be rebuilt) and a lock that keeps a second core out.
// Invariants: a damaged replica is rebuilt and a damaged journal salvaged, both reported in repairs(); a journal that
// is gone while the replica keeps an identity is a damaged one; the journal is never changed on the word of a feed but
// for its marks. Not thread-safe: everything runs on the session's queue. Never aborts, never throws.
#ifndef DOORSTEP_CLIENT_CORE_STORE_LOCAL_STORE_H_
#define DOORSTEP_CLIENT_CORE_STORE_LOCAL_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client_core/base/clock.h"
#include "client_core/base/log.h"
#include "client_core/base/random.h"
#include "client_core/sqlite/database.h"
#include "client_core/store/attachments.h"
#include "client_core/store/entry_status.h"
#include "client_core/store/explain.h"
#include "client_core/store/folder_lock.h"
#include "client_core/store/journal.h"
#include "client_core/store/local_view.h"
#include "client_core/store/replica.h"
#include "client_core/store/reserve.h"
#include "client_core/store/shown_visit.h"
#include "doorstep/v1/client.pb.h"

namespace doorstep {

struct StoreOptions {
  std::string directory;  // Existing folder.
  std::string key;        // 32 bytes; empty: files are not encrypted.
  std::string vfs;        // SQLite's VFS; empty: the system's.
  // Kept for a full disk, kReserveBytes in an app; 0: nothing is.
  int64_t reserve_bytes = 0;
  LogSink log;
};

// How far step C2 moved one epoch's marks.
struct MarkMove {
  uint64_t epoch = 0;
  uint64_t received_before = 0;
  uint64_t received_after = 0;
  uint64_t judged_before = 0;
  uint64_t judged_after = 0;
};

// When this phone last knew that it had everything.
struct Proof {
  int64_t time_us = 0;               // The server's, of the feed that was proved longest ago; 0: never.
  bool at_head = false;              // Of every feed, as far as has been heard.
  std::vector<std::string> missing;  // The feeds that are not at their heads.
};

class LocalStore {
 public:
  // FAILED_PRECONDITION: no such folder, another core has it open, or the key is missing or wrong.
  // RESOURCE_EXHAUSTED: the disk is full.
  static absl::StatusOr<std::unique_ptr<LocalStore>> Open(const StoreOptions& options);
  ~LocalStore();

  // References stay valid until Repair or a call below that repairs; take them anew for each use.
  Journal& journal() { return *journal_; }
  Replica& replica() { return *replica_; }
  // A file that cannot be used never keeps the others from being opened.
  Attachments& attachments() { return *attachments_; }
  LocalView view() { return LocalView(*journal_, *replica_, shown_); }
  // What the view remembers.
  const std::optional<ShownVisit>& shown() const { return shown_; }

  // FAILED_PRECONDITION: a damaged journal could not be replaced, and until the files are opened again an empty one in
  // memory stands in for it. Reading answers; what would be lost when the phone is closed is refused with this status:
  // appending and enrolling.
  const absl::Status& CanRecord() const { return can_record_; }

  absl::StatusOr<v1::EnrollRequest> PrepareEnrolment(const v1::EnrolmentRequest& request, Random& random);
  // As Journal's, and the identity is copied so that a salvage finds it.
  absl::Status CompleteEnrolment(const v1::EnrollResponse& response);
  // 32 bytes, of the Ed25519 key that is this phone's own; drawn and made durable when it has none yet.
  absl::StatusOr<std::string> SigningSeed(Random& random);
  absl::StatusOr<ForkResult> Fork(const v1::Fork& fork);
  // As Journal's, and every feed is read anew and every attachment asked about; until then what the device feed says of
  // journals and what was said of attachments is not believed.
  absl::Status StepBack(const v1::JournalMark& mark);
  // As Journal's. Rows that came when this generation was before are read anew: it begins again from an older file.
  absl::Status AdoptGeneration(const std::string& generation, const std::vector<v1::JournalMark>& marks);
  // As Journal's; a damaged journal is salvaged and the call repeated once, so that recording and sending go on.
  absl::StatusOr<AppendResult> Append(absl::string_view author, const v1::LogEntry& entry, absl::string_view token);
  absl::StatusOr<FrameEntries> ReadForFrame(uint64_t epoch, uint64_t after_seq, uint64_t entries_max,
                                            uint64_t bytes_max);

  // As PushToken::Set.
  absl::StatusOr<bool> SetPushToken(const std::string& token);

  // ---- who works with this phone ----
  // PERMISSION_DENIED: the office does not let them, as far as it has been heard.
  absl::Status SignIn(const std::string& technician_id);
  // Removes what was fetched for them and keeps what they recorded. How many visits are no longer here. NOT_FOUND: was
  // never signed in here.
  absl::StatusOr<uint64_t> SignOut(const std::string& technician_id);
  // Who is signed in, may sign in, or has entries that are only here; by id.
  std::vector<v1::PhoneTechnician> Technicians();
  // The feeds to read, the device feed first; empty: not enrolled.
  std::vector<std::string> Feeds();

  // ---- the disk ----
  // RESOURCE_EXHAUSTED: the disk is full, and what is left is for recording, or a page was fetched that did not fit and
  // would not fit now. Makes the reserve again when there is room.
  absl::Status CanFetch();
  // In plain words, with the room that is needed; empty: it is not.
  const std::string& disk_full() const { return disk_full_; }
  // What the office answered had no room in the files. Over when CanFetch() finds some.
  void NoteDiskFull();
  // Brings everything from the logs into the files themselves.
  absl::Status Checkpoint();

  // Step C1. A damaged replica is rebuilt empty, and the page comes back as `stale`. C2 is Settle, due afterwards
  // and repeatable; it also runs when the files are opened. What was settled and rows of the page lack is settled no
  // more before they are there.
  absl::StatusOr<PageChanges> ApplyPage(absl::string_view feed, absl::string_view sent_cursor,
                                        const v1::PullResponse& response);
  // Step C2: takes the device feed's journal states into the journal's marks, and settles what the replica tells
  // about. An entry is settled when it is judged and every row of its visit has folded it, or it is an exception that
  // does not count, or its visit is not on this phone. Returns the epochs whose received or judged marks moved.
  // Before that the attachments that it names are noted as named; while they cannot be, nothing settles.
  // A damaged file is repaired first.
  absl::StatusOr<std::vector<MarkMove>> Settle();

  // Sets aside a damaged journal and salvages it row by row; rebuilds a damaged replica. `damaged` is the DATA_LOSS
  // that was met; other statuses are returned as they are. OK: go on. After an error look at CanRecord().
  absl::Status RepairJournal(const absl::Status& damaged);
  absl::Status RepairReplica(const absl::Status& damaged);
  // Looks through all of the journal and repairs it if need be: damage may hide entries from whoever reads them. Takes
  // some 10 ms for each megabyte.
  absl::Status CheckJournal();
  // A reader met DATA_LOSS: repairs whichever of the two is damaged. False: neither is, or it could not be repaired.
  bool RepairDamaged();
  // Sets a damaged attachments' file aside. What it held and had not sent is lost and reported; entries are not
  // touched.
  void RepairAttachments(const absl::Status& damaged);
  // What was damaged and what was done, in plain words, since the files were opened.
  const std::vector<std::string>& repairs() const { return repairs_; }

  // As the replica's, and only in memory while the disk is full.
  absl::Status NoteContact(int64_t server_time_us);
  absl::Status NoteNotKnown();
  absl::Status NoteHeads(const std::vector<v1::FeedHead>& heads, const std::string& generation, int64_t server_time_us);
  // When this phone last knew that nothing was missing of what its feeds have.
  Proof LastProof();
  // The server's time at `now`, as the last exchange of this boot tells it; without one the phone's own.
  int64_t ServerTime(const ClockReading& now);
  // Fills what the files know. `last_error` and `engine_state` are the session's.
  absl::Status FillStatus(const ClockReading& now, v1::PhoneStatus* status);

 private:
  explicit LocalStore(StoreOptions options);
  absl::Status OpenFiles();
  absl::Status OpenJournal(bool create);
  absl::Status OpenReplica();
  void OpenAttachments();
  absl::Status RebuildReplica(const absl::Status& why);
  absl::Status SalvageJournal(const absl::Status& why);
  void KeepIdentity();
  std::optional<v1::EnrollResponse> KeptIdentity();
  // Runs `write`; when the disk has no room for it, gives up the reserve and runs it once more.
  absl::Status WithReserve(const std::function<absl::Status()>& write);
  absl::Status HasRoomForPage();
  absl::Status NothingIsFetched(absl::string_view why);
  std::string MakeRoomWords() const;
  std::set<std::string> AllowedTechnicians();
  absl::StatusOr<uint64_t> CountVisits();
  absl::Status FillCounts(v1::PhoneStatus* status);
  // `replica_failed`: whether the replica is to blame for a failure.
  absl::StatusOr<std::vector<MarkMove>> SettleOnce(bool* replica_failed);
  absl::Status Unsettle(const Doubtful& doubtful, bool* any, bool* journal_failed);
  absl::StatusOr<uint64_t> FirstLacking(const EpochMarks& marks, const Doubtful& doubtful, bool* journal_failed);
  absl::StatusOr<uint64_t> SettledBy(const EpochMarks& marks);
  absl::StatusOr<uint64_t> FoldedThrough(uint64_t epoch, const std::string& visit_id);
  void Report(std::string line);
  std::string Path(absl::string_view file) const;
  sqlite::OpenOptions FileOptions(absl::string_view file) const;

  const StoreOptions options_;
  Reserve reserve_;
  std::string disk_full_;
  int64_t page_room_bytes_ = 0;  // What must be free for the page that did not fit; 0: the last one did.
  std::vector<std::string> repairs_;
  absl::Status can_record_;
  FolderLock lock_;
  std::unique_ptr<sqlite::Database> journal_db_;
  std::unique_ptr<sqlite::Database> replica_db_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Replica> replica_;
  std::unique_ptr<Attachments> attachments_;
  std::optional<ShownVisit> shown_;  // Of the two objects above: forgotten when one of them is replaced.
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_STORE_LOCAL_STORE_H_
