// What this phone may see of the office's data: the rows of its feeds, the cursors, the judgements. It can be thrown
// away and fetched again at any time; nothing that a technician recorded lives here.
// Invariant: rows, cursor and sum of a feed change together, a page at a time.
// Not thread-safe: everything runs on the session's queue. DATA_LOSS: damaged; LocalStore rebuilds it.
#ifndef DOORSTEP_CLIENT_CORE_STORE_REPLICA_H_
#define DOORSTEP_CLIENT_CORE_STORE_REPLICA_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client_core/base/sha256.h"
#include "client_core/rules/feed_names.h"
#include "client_core/rules/feed_sum.h"
#include "client_core/sqlite/database.h"
#include "doorstep/v1/sync.pb.h"

namespace doorstep {

inline constexpr absl::string_view kDeviceFeed = "device";

struct FeedState {
  std::string name;
  std::string generation;    // Of the server that gave the last page.
  std::string cursor;        // Opaque; empty: from the beginning.
  bool in_snapshot = false;  // A snapshot has begun and not ended.
  bool at_head = false;      // The last page was, and no other head has been heard of since.
  int64_t head_seq = 0;      // feed_seq of the last page.
  FeedSum sum;               // Over its rows but judgements.
  int64_t proved_us = 0;     // Server time when it was last known to be at its head; 0: never.
};

// A visit that left this phone, and why.
struct LeftVisit {
  std::string id;
  std::string reason;     // In plain words; empty: the office did not say.
  std::string successor;  // A technician; empty: nobody.
};

// What one page changed.
struct PageChanges {
  bool stale = false;  // Not an answer to the cursor we have; nothing was changed.
  uint64_t changes = 0;
  bool at_head = false;
  bool sum_differed = false;  // Our rows are not the server's: the cursor was cleared, the next pull begins a snapshot.
  std::vector<std::string> visits_changed;
  std::vector<LeftVisit> visits_left;
  std::vector<v1::Judgement> judgements;  // New or changed exceptions.
  bool journals_changed = false;          // A JournalState came: LocalStore::Settle has work.
  bool went_back = false;                 // The server has less than it had: somebody has put its file back.
  bool device_changed = false;
};

// What a page takes away from under the overlay, maybe.
struct Doubtful {
  std::set<std::string> visits;  // Their rows may have less of what was recorded than was known of them.
  std::set<std::pair<uint64_t, uint64_t>> entries;  // By epoch and seq: they did not count, and do now.
};

class Replica {
 public:
  // Brings the schema up to date and loads feeds and judgements. `db` must outlive this object.
  static absl::StatusOr<std::unique_ptr<Replica>> Open(sqlite::Database* db);

  // Runs inside the transaction, when the rows are written; an error takes the page back.
  using LookAtDoubtful = std::function<absl::Status(const Doubtful& doubtful)>;
  // Step C1: rows, cursor and judgements of one page, in one transaction. `sent_cursor` is the cursor of the request.
  // INVALID_ARGUMENT: not a page; nothing was changed.
  absl::StatusOr<PageChanges> ApplyPage(absl::string_view feed, absl::string_view sent_cursor,
                                        const v1::PullResponse& response,
                                        const LookAtDoubtful& look_at_doubtful = nullptr);
  // The cursor to send; empty for a feed never heard of.
  std::string Cursor(absl::string_view feed) const;
  // Null: never heard of. Valid until the next change.
  const FeedState* FindFeed(absl::string_view feed) const;
  std::vector<FeedState> Feeds() const;
  // Its rows may be ahead of the server's: the next page begins a snapshot. Until that has ended nothing is settled by
  // what the feed says of journals.
  absl::Status ReadAnew(absl::string_view feed);
  // Forgets a feed that this phone may no longer read, so that its rows cannot be found in the file either. When it
  // fails with the rows gone and the file not clean, the feed is still there, empty, and is to be dropped again.
  absl::Status DropFeed(absl::string_view feed);

  // Changes with every change of a row or a judgement.
  uint64_t version() const { return version_; }

  // The newest row of this entity in any feed, serialized; absent: not here.
  absl::StatusOr<std::optional<std::string>> Entity(v1::EntityKind kind, absl::string_view id);
  // Its row in each feed that has it: feeds are read one after the other, and one may be older.
  absl::StatusOr<std::vector<std::string>> Rows(v1::EntityKind kind, absl::string_view id);
  // Every row of this kind in `feed`, by id (empty: in any feed; of an entity that stands in several, the newest row).
  absl::Status ForEach(absl::string_view feed, v1::EntityKind kind,
                       const std::function<absl::Status(absl::string_view id, absl::string_view entity)>& visit);
  // Why a visit is no longer here; absent: it never left.
  absl::StatusOr<std::optional<LeftVisit>> Left(absl::string_view visit_id);

  // The exception about an entry at (epoch, seq); null: none. Valid until the next change.
  const v1::Judgement* JudgementOf(uint64_t epoch, uint64_t seq) const;
  // All exceptions by (epoch, seq).
  const std::map<std::pair<uint64_t, uint64_t>, v1::Judgement>& judgements() const { return judgements_; }
  absl::StatusOr<std::vector<v1::JournalState>> JournalStates();
  // True when every technician feed is known to have what it had when the last JournalState was made, so that a visit
  // that is not here is not merely late: pages say so, or a Hello. False after opening until one of them does.
  bool TechniciansCaughtUp() const;
  // What the office says about this device; absent until the device feed has come.
  absl::StatusOr<std::optional<v1::DeviceState>> Device();

  // Server time of the last answer, as it was noted; 0: never. Without `write` only in memory.
  int64_t last_contact_us() const { return last_contact_us_; }
  absl::Status NoteContact(int64_t server_time_us, bool write);
  // The office does not know this phone any more, and may have lost what it said it had. Over with the next contact.
  bool not_known() const { return not_known_; }
  absl::Status NoteNotKnown(bool write);
  // Takes the heads that a Hello of that server time told, all of one moment: whether what is here was everything then.
  absl::Status NoteHeads(const std::vector<v1::FeedHead>& heads, const std::string& generation, int64_t server_time_us,
                         bool write);

  // A copy of the journal's identity (a serialized EnrollResponse), for the day the journal is damaged.
  absl::Status KeepIdentity(absl::string_view identity);
  absl::StatusOr<std::string> KeptIdentity();

 private:
  struct Feed {
    FeedState state;
    int64_t number = 0;     // Stands for the name in rows.
    int64_t head_page = 0;  // The last page that was at the head, counted since opening; 0: none.
    int64_t snapshot = 0;   // How many snapshots have begun; rows carry the one that was the newest.
  };
  struct Applying;

  explicit Replica(sqlite::Database* db) : db_(db) {}
  absl::Status Load();
  std::optional<v1::Judgement> TakeJudgement(absl::string_view id, absl::string_view entity);
  bool IsLeftOut(const v1::JournalPosition& position) const;
  absl::Status PutRow(Applying& page, const v1::Change& change);
  absl::Status DropRow(Applying& page, const v1::Change& change);
  absl::Status NoteLeft(Applying& page, const std::string& id, int64_t seq, const v1::Left& left);
  absl::Status ForgetTerm(Applying& page, v1::EntityKind kind, absl::string_view id, bool* had);
  absl::StatusOr<bool> MayLackEntries(const Applying& page, const v1::Change& change);
  absl::Status EndSnapshot(Applying& page);
  absl::Status ForgetOldLeft();
  absl::Status WriteFeed(const Feed& feed);

  sqlite::Database* const db_;
  SodiumSha256 hasher_;
  std::map<std::string, Feed> feeds_;
  uint64_t version_ = 0;
  int64_t last_contact_us_ = 0;
  bool not_known_ = false;
  int64_t pages_ = 0;          // Applied since opening.
  int64_t journals_page_ = 0;  // The last of them that brought a JournalState.
  int64_t journals_seq_ = 0;   // Where the device feed ended then.
  // What the last Hello told, by feed.
  std::map<std::string, int64_t> told_heads_;
  std::string told_generation_;
  std::map<std::pair<uint64_t, uint64_t>, v1::Judgement> judgements_;
  sqlite::Statement read_version_;
  sqlite::Statement put_;
  sqlite::Statement drop_;
  sqlite::Statement read_entity_;
  sqlite::Statement note_contact_;
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_STORE_REPLICA_H_
