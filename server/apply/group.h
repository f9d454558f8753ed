// What one commit does, while it is being done: visits are loaded and changed in memory, everything that follows from
// them is noted as dirty, and Finish() writes each once.
//
// Invariant: what the group leaves in the file depends on the truth it adds (frames and commands) and on nothing else,
// so that a rebuild that replays the same groups makes the same bytes. In particular versions count groups, not steps.
// One thread, one transaction, then gone.
#ifndef DOORSTEP_SERVER_APPLY_GROUP_H_
#define DOORSTEP_SERVER_APPLY_GROUP_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client_core/base/random.h"
#include "doorstep/v1/sync.pb.h"
#include "server/apply/group_visit.h"
#include "server/apply/open_feed.h"
#include "server/apply/recent.h"
#include "server/storage/device_table.h"
#include "server/storage/journal_table.h"
#include "server/storage/push_table.h"
#include "server/storage/sql_session.h"

namespace doorstep {

// What Finish() has to look at. A command notes into a set of its own, which counts only when it is accepted.
struct Dirty {
  std::set<int64_t> visits;       // Pending windows, though the visit itself stayed.
  std::set<int64_t> work_orders;  // Their visits have changed.
  std::set<int64_t> lone_visits;  // Visits without a work order, likewise.
  std::set<std::string> commitments;
  std::set<std::pair<int64_t, std::string>> chains;           // (account, chain).
  std::set<int64_t> briefs;                                   // Accounts.
  std::set<std::pair<v1::EntityKind, std::string>> entities;  // Sites, assets, work orders: feeds that hold them.
  std::set<int64_t> devices;
  std::set<std::pair<int64_t, uint64_t>> journals;                // (device, epoch).
  std::map<std::pair<int64_t, std::string>, int64_t> judgements;  // (device, position) -> version.
  std::map<int64_t, int64_t> reported_from;                       // Device -> where its reports had reached.
  std::set<std::string> phones_of;                                // Technicians who got or lost a phone.
  std::set<std::string> left;                                     // Technicians who left the company, or came back.
  bool day_turned = false;                                        // Feeds that nobody writes to move their windows.
  std::map<std::pair<int, std::string>, int64_t> versions;        // (kind, id) -> version when the group began.

  void MergeFrom(const Dirty& other);
};

class Group {
 public:
  // All must outlive the group. `recent` is what groups before this one left in the same file.
  Group(SqlSession* sql, Recent* recent, int64_t commit_us, Random* random);

  SqlSession& sql() { return *sql_; }
  Recent& recent() { return *recent_; }
  int64_t commit_us() const { return commit_us_; }
  Random& random() { return *random_; }
  Dirty& dirty() { return in_command_ ? staged_ : dirty_; }

  // ---- the day ----
  // Days since 1970, UTC: that of the commit, or as many days before it as the last tick says. By recorded values
  // alone.
  absl::StatusOr<int32_t> Today();
  // The server's day is `day` from this group on; feeds that nobody writes to move their windows too.
  absl::Status TurnDay(int32_t day);

  // ---- visits ----
  // Null: no such visit. The pointer is good until the group ends or the command that made the visit is refused.
  absl::StatusOr<GroupVisit*> FindVisit(absl::string_view id);
  absl::StatusOr<GroupVisit*> VisitByNumber(int64_t n);
  // Null: its row is damaged, which is noted. For what follows from a visit that the group does not change: that may
  // stay as it is, so that one damaged row does not hold up everybody who stands in the same feed.
  absl::StatusOr<GroupVisit*> VisitUnlessDamaged(int64_t n);
  absl::StatusOr<GroupVisit*> CreateVisit(absl::string_view id);
  // Call before changing `visit.input`.
  void WillChange(GroupVisit& visit);
  // Of a visit that the group does not change itself.
  absl::Status SetChain(int64_t n, absl::string_view chain);
  // Folds what has changed, in memory; a visit's version grows by one when the group changes it, however often.
  void Fold(GroupVisit& visit);

  // ---- devices and journals ----
  // Null: unknown.
  absl::StatusOr<DeviceRow*> FindDevice(absl::string_view id);
  absl::StatusOr<DeviceRow*> DeviceByNumber(int64_t n);
  absl::StatusOr<JournalRow*> FindJournal(int64_t device, uint64_t epoch);
  absl::Status MoveReportedThrough(DeviceRow& device, int64_t reported_through_us);
  // Of `decided` and `parked_before`; null: the entry has to be judged.
  const v1::Judgement* FindDecided(const v1::JournalPosition& position) const;
  // Writes a judgement and notes it for the device's feed.
  absl::Status Judge(int64_t device, v1::Judgement judgement);

  // ---- technicians ----
  // When the technician left the company; 0: has not.
  absl::StatusOr<int64_t> LeftUs(absl::string_view technician);
  absl::Status SetLeft(absl::string_view technician, int64_t left_us);

  // ---- versions ----
  // The version that an entity has after this group, given the one it has in the file now.
  int64_t NextVersion(int kind, absl::string_view id, int64_t stored_version);
  // The one that NextVersion gave in this group; 0: none was asked for.
  int64_t GivenVersion(int kind, absl::string_view id) const;

  // ---- commands ----
  // Runs `body` so that an error leaves nothing of it behind.
  absl::Status RunCommand(const std::function<absl::Status()>& body);
  // The place of the next command among those of this commit.
  uint32_t next_ordinal() const { return next_ordinal_; }
  void set_next_ordinal(uint32_t ordinal) { next_ordinal_ = ordinal; }

  // Writes everything that follows, each row once.
  absl::Status Finish();
  // After the commit: leaves the next groups what this one has in memory, and is used up.
  void HandOver();

  // ---- for the writer ----
  // What the clock said when the group began: commit_us, unless it is far behind what was committed before. For checks
  // and answers; nothing that is recorded may depend on it.
  int64_t now_us = 0;
  // Entries that failed on their own before: quarantined without being tried.
  std::set<std::string> forced_quarantine;  // Positions.
  // Judgements that stand before the entry comes, by position: it gets this one and is not judged.
  std::map<std::string, v1::Judgement> decided;
  // Likewise, of the whole truth that a rebuild replays: as what entries were parked about which somebody decided
  // later. Null: none. Must outlive the group.
  const std::map<std::string, v1::Judgement>* parked_before = nullptr;
  // For finding the culprit: entries from this index of a frame on are left out.
  size_t entry_limit = SIZE_MAX;
  // For tests.
  std::function<absl::Status(const v1::JournalPosition&)> fault;
  // Promises that left an account: retracted, or moved with their visit.
  std::map<std::string, int64_t> gone_promises;
  // Heads of the device feeds that this group moved, by device.
  std::map<std::string, int64_t> device_feed_seqs;
  // Devices whose state has changed: their lane, or who works with them.
  std::vector<std::string> changed_devices;
  // A rebuild's, whose groups change the same visits and feeds again and again: the messages of visits, and what feeds
  // show, stay in memory, and HandOver() leaves them unwritten. Nobody else reads the file meanwhile.
  bool writes_later = false;
  // Rows that VisitUnlessDamaged did without, in words for the log.
  std::set<std::string> passed_over;
  // Devices for which something urgent waits since this group, and which can be woken.
  std::vector<WantedWake> wakes;
  // Every feed that Finish() looked at, as it left it.
  std::vector<std::unique_ptr<OpenFeed>> feeds;

 private:
  GroupVisit* Keep(std::unique_ptr<GroupVisit> visit);
  absl::Status FinishReports();
  absl::Status FinishCredits();
  void Restore();

  SqlSession* const sql_;
  Recent* const recent_;
  const int64_t commit_us_;
  Random* const random_;
  uint32_t next_ordinal_ = 1;

  std::map<int64_t, std::unique_ptr<GroupVisit>> visits_;  // By number: the order of writing.
  absl::flat_hash_map<std::string, GroupVisit*> visits_by_id_;
  std::map<std::string, std::unique_ptr<DeviceRow>> devices_;
  std::map<std::pair<int64_t, uint64_t>, JournalRow> journals_;
  std::optional<std::map<std::string, int64_t>> left_;  // Everybody who left; absent: not looked up yet.

  Dirty dirty_;
  bool in_command_ = false;
  Dirty staged_;
  // Visits as they were before the command; null: the command brought them in.
  std::map<int64_t, std::unique_ptr<GroupVisit>> before_command_;
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_GROUP_H_
