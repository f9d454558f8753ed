#include "client_core/store/replica.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/status.h"
#include "client_core/sqlite/migrate.h"

namespace doorstep {
namespace {

constexpr absl::string_view kFirstSchema = R"sql(
CREATE TABLE feed (
  feed INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  cursor BLOB NOT NULL,
  snapshot INTEGER NOT NULL,      -- how many snapshots have begun
  in_snapshot INTEGER NOT NULL,
  at_head INTEGER NOT NULL,
  head_seq INTEGER NOT NULL,
  generation TEXT NOT NULL,
  sum_high INTEGER NOT NULL,
  sum_low INTEGER NOT NULL
);
CREATE TABLE row (
  feed INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  day INTEGER NOT NULL,
  snapshot INTEGER NOT NULL,      -- the snapshot that was the newest when the row was written
  entity BLOB NOT NULL,
  PRIMARY KEY (feed, kind, id)
) WITHOUT ROWID;
CREATE TABLE left_visit (
  id TEXT PRIMARY KEY,
  feed INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  reason TEXT NOT NULL,
  successor TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE kept_identity (one INTEGER PRIMARY KEY CHECK (one = 1), identity BLOB NOT NULL);
)sql";

// A screen says as of when it shows everything.
constexpr absl::string_view kProofSchema = "ALTER TABLE feed ADD COLUMN proved_us INTEGER NOT NULL DEFAULT 0;";

// Somebody who opens the phone asks when the office was heard last, which the exchanges of the journal tell only
// roughly.
constexpr absl::string_view kContactSchema = R"sql(
CREATE TABLE contact (one INTEGER PRIMARY KEY CHECK (one = 1), server_time_us INTEGER NOT NULL);
)sql";

// Whoever asks what became of an entry is told so after a restart, too.
constexpr absl::string_view kNotKnownSchema = "ALTER TABLE contact ADD COLUMN not_known INTEGER NOT NULL DEFAULT 0;";

}  // namespace

absl::StatusOr<std::unique_ptr<Replica>> Replica::Open(sqlite::Database* db) {
  RETURN_IF_ERROR(sqlite::Migrate(*db, {kFirstSchema, kContactSchema, kProofSchema, kNotKnownSchema}));
  // What was fetched for somebody who has signed out is not for others to find in the file, nor are the versions of a
  // row that newer ones have replaced: their bytes lie in pages that other feeds share, where DropFeed never comes.
  RETURN_IF_ERROR(db->Execute("PRAGMA secure_delete=ON"));
  std::unique_ptr<Replica> replica(new Replica(db));
  ASSIGN_OR_RETURN(replica->read_version_,
                   db->Prepare("SELECT version FROM row WHERE feed = $1 AND kind = $2 AND id = $3"));
  ASSIGN_OR_RETURN(replica->put_,
                   db->Prepare("INSERT INTO row (feed, kind, id, version, seq, day, snapshot, entity) VALUES ($1, $2, "
                               "$3, $4, $5, $6, $7, $8) ON CONFLICT (feed, kind, id) DO UPDATE SET version = $4, "
                               "seq = $5, day = $6, snapshot = $7, entity = $8"));
  ASSIGN_OR_RETURN(replica->drop_, db->Prepare("DELETE FROM row WHERE feed = $1 AND kind = $2 AND id = $3"));
  ASSIGN_OR_RETURN(replica->read_entity_,
                   db->Prepare("SELECT version, entity FROM row WHERE feed = $1 AND kind = $2 AND id = $3"));
  ASSIGN_OR_RETURN(replica->note_contact_,
                   db->Prepare("INSERT INTO contact (one, server_time_us) VALUES (1, $1) ON CONFLICT (one) DO UPDATE "
                               "SET server_time_us = $1, not_known = 0"));
  RETURN_IF_ERROR(replica->Load());
  return replica;
}

absl::Status Replica::Load() {
  ASSIGN_OR_RETURN(sqlite::Statement read,
                   db_->Prepare("SELECT feed, name, cursor, snapshot, in_snapshot, at_head, head_seq, sum_high, "
                                "sum_low, generation, proved_us FROM feed"));
  while (true) {
    ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) break;
    Feed feed;
    feed.number = read.Int(0);
    feed.state.name = std::string(read.Text(1));
    feed.state.cursor = std::string(read.Blob(2));
    feed.snapshot = read.Int(3);
    feed.state.in_snapshot = read.Int(4) != 0;
    feed.state.at_head = read.Int(5) != 0;
    feed.state.head_seq = read.Int(6);
    feed.state.sum = {static_cast<uint64_t>(read.Int(7)), static_cast<uint64_t>(read.Int(8))};
    feed.state.generation = std::string(read.Text(9));
    feed.state.proved_us = read.Int(10);
    feeds_[feed.state.name] = std::move(feed);
  }
  {
    ASSIGN_OR_RETURN(sqlite::Statement contact, db_->Prepare("SELECT server_time_us, not_known FROM contact"));
    ASSIGN_OR_RETURN(const bool row, contact.Step());
    last_contact_us_ = row ? contact.Int(0) : 0;
    not_known_ = row && contact.Int(1) != 0;
  }
  return ForEach(kDeviceFeed, v1::ENTITY_KIND_JUDGEMENT, [this](absl::string_view id, absl::string_view entity) {
    TakeJudgement(id, entity);
    return absl::OkStatus();
  });
}

// A judgement in a form that this version does not know stays a row and says nothing: it must not stop the feed.
std::optional<v1::Judgement> Replica::TakeJudgement(absl::string_view id, absl::string_view entity) {
  const absl::StatusOr<v1::JournalPosition> position = ParsePosition(id);
  v1::Judgement judgement;
  if (!position.ok() || !judgement.ParseFromArray(entity.data(), static_cast<int>(entity.size()))) return std::nullopt;
  judgements_[{position->epoch(), position->seq()}] = judgement;
  return judgement;
}

std::string Replica::Cursor(absl::string_view feed) const {
  const FeedState* state = FindFeed(feed);
  return state != nullptr ? state->cursor : "";
}

const FeedState* Replica::FindFeed(absl::string_view feed) const {
  const auto found = feeds_.find(std::string(feed));
  return found != feeds_.end() ? &found->second.state : nullptr;
}

std::vector<FeedState> Replica::Feeds() const {
  std::vector<FeedState> states;
  for (const auto& [name, feed] : feeds_) states.push_back(feed.state);
  return states;
}

absl::Status Replica::ReadAnew(absl::string_view name) {
  const auto found = feeds_.find(std::string(name));
  if (found == feeds_.end()) return absl::OkStatus();
  Feed feed = found->second;
  feed.state.cursor.clear();
  feed.state.at_head = false;
  RETURN_IF_ERROR(WriteFeed(feed));
  found->second = std::move(feed);
  told_heads_.clear();  // Numbers of what is read anew may mean something else.
  return absl::OkStatus();
}

absl::Status Replica::DropFeed(absl::string_view name) {
  const auto found = feeds_.find(std::string(name));
  if (found == feeds_.end()) return absl::OkStatus();
  // Its name stays until nothing of its rows is in the file: it says, also after a restart, that this is not done yet.
  Feed empty;
  empty.number = found->second.number;
  empty.snapshot = found->second.snapshot;
  empty.state.name = std::string(name);
  RETURN_IF_ERROR(db_->Transaction([&]() -> absl::Status {
    for (const absl::string_view sql : {"DELETE FROM row WHERE feed = $1", "DELETE FROM left_visit WHERE feed = $1"}) {
      ASSIGN_OR_RETURN(sqlite::Statement remove, db_->Prepare(sql));
      RETURN_IF_ERROR(remove.Bind(1, empty.number).Run());
    }
    return WriteFeed(empty);
  }));
  // Not read again: a disk that fails now must not leave a memory that is empty.
  ++version_;
  if (name == kDeviceFeed) judgements_.clear();
  found->second = std::move(empty);
  // Until then they may be read in the log.
  RETURN_IF_ERROR(db_->CheckpointAll());
  ASSIGN_OR_RETURN(sqlite::Statement forget, db_->Prepare("DELETE FROM feed WHERE feed = $1"));
  RETURN_IF_ERROR(forget.Bind(1, found->second.number).Run());
  feeds_.erase(found);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::string>> Replica::Entity(v1::EntityKind kind, absl::string_view id) {
  std::optional<std::string> newest;
  int64_t newest_version = 0;
  for (const auto& [name, feed] : feeds_) {
    ASSIGN_OR_RETURN(const bool row, read_entity_.Bind(1, feed.number).Bind(2, kind).BindText(3, id).Step());
    if (!row) continue;
    if (!newest.has_value() || read_entity_.Int(0) > newest_version) {
      newest_version = read_entity_.Int(0);
      newest = std::string(read_entity_.Blob(1));
    }
    read_entity_.Reset();
  }
  return newest;
}

absl::StatusOr<std::vector<std::string>> Replica::Rows(v1::EntityKind kind, absl::string_view id) {
  std::vector<std::string> rows;
  for (const auto& [name, feed] : feeds_) {
    ASSIGN_OR_RETURN(const bool row, read_entity_.Bind(1, feed.number).Bind(2, kind).BindText(3, id).Step());
    if (row) rows.emplace_back(read_entity_.Blob(1));
    read_entity_.Reset();
  }
  return rows;
}

absl::Status Replica::ForEach(absl::string_view name, v1::EntityKind kind,
                              const std::function<absl::Status(absl::string_view, absl::string_view)>& visit) {
  int64_t number = 0;
  if (!name.empty()) {
    const auto found = feeds_.find(std::string(name));
    if (found == feeds_.end()) return absl::OkStatus();
    number = found->second.number;
  }
  // In any feed: the newest version of an id comes first, its other rows are passed over.
  ASSIGN_OR_RETURN(sqlite::Statement read,
                   db_->Prepare(number > 0 ? "SELECT id, entity FROM row WHERE feed = $1 AND kind = $2 ORDER BY id"
                                           : "SELECT id, entity FROM row WHERE $1 = 0 AND feed IN (SELECT feed FROM "
                                             "feed) AND kind = $2 ORDER BY id, version DESC"));
  read.Bind(1, number).Bind(2, kind);
  std::string last;
  bool first = true;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) return absl::OkStatus();
    if (!first && read.Text(0) == last) continue;
    first = false;
    last = std::string(read.Text(0));
    RETURN_IF_ERROR(visit(last, read.Blob(1)));
  }
}

absl::StatusOr<std::optional<LeftVisit>> Replica::Left(absl::string_view visit_id) {
  ASSIGN_OR_RETURN(sqlite::Statement read, db_->Prepare("SELECT reason, successor FROM left_visit WHERE id = $1"));
  ASSIGN_OR_RETURN(const bool row, read.BindText(1, visit_id).Step());
  if (!row) return std::optional<LeftVisit>();
  return std::optional<LeftVisit>(
      LeftVisit{std::string(visit_id), std::string(read.Text(0)), std::string(read.Text(1))});
}

const v1::Judgement* Replica::JudgementOf(uint64_t epoch, uint64_t seq) const {
  const auto found = judgements_.find({epoch, seq});
  return found != judgements_.end() ? &found->second : nullptr;
}

bool Replica::TechniciansCaughtUp() const {
  const std::string device(kDeviceFeed);
  const auto device_told = told_heads_.find(device);
  // The moment of the last Hello had the JournalState already.
  const bool told_since = device_told != told_heads_.end() && device_told->second >= journals_seq_ &&
                          feeds_.count(device) > 0 && feeds_.at(device).state.generation == told_generation_;
  for (const auto& [name, feed] : feeds_) {
    if (name == device) continue;
    if (feed.state.in_snapshot) return false;
    if (feed.head_page > journals_page_) continue;
    const auto told = told_heads_.find(name);
    if (!told_since || told == told_heads_.end() || feed.state.generation != told_generation_) return false;
    if (!feed.state.at_head || feed.state.head_seq < told->second) return false;
  }
  return feeds_.size() > 1;
}

absl::StatusOr<std::vector<v1::JournalState>> Replica::JournalStates() {
  std::vector<v1::JournalState> states;
  RETURN_IF_ERROR(ForEach(kDeviceFeed, v1::ENTITY_KIND_JOURNAL, [&](absl::string_view, absl::string_view entity) {
    v1::JournalState state;
    if (!state.ParseFromArray(entity.data(), static_cast<int>(entity.size()))) {
      return absl::DataLossError("replica: a journal state is damaged");
    }
    states.push_back(std::move(state));
    return absl::OkStatus();
  }));
  return states;
}

absl::StatusOr<std::optional<v1::DeviceState>> Replica::Device() {
  std::optional<v1::DeviceState> device;
  RETURN_IF_ERROR(ForEach(kDeviceFeed, v1::ENTITY_KIND_DEVICE, [&](absl::string_view, absl::string_view entity) {
    device.emplace();
    return device->ParseFromArray(entity.data(), static_cast<int>(entity.size()))
               ? absl::OkStatus()
               : absl::DataLossError("replica: the device's state is damaged");
  }));
  return device;
}

// A feed whose head moved on while nobody pulled is not at its head any more, also after a restart.
absl::Status Replica::NoteHeads(const std::vector<v1::FeedHead>& heads, const std::string& generation,
                                int64_t server_time_us, bool write) {
  told_generation_ = generation;
  told_heads_.clear();
  std::vector<Feed> changed;
  for (const v1::FeedHead& head : heads) {
    told_heads_[head.feed()] = head.seq();
    const auto known = feeds_.find(head.feed());
    if (known == feeds_.end() || !known->second.state.at_head) continue;
    if (known->second.state.generation != generation) continue;  // Its numbers mean something else.
    Feed feed = known->second;
    if (head.seq() == feed.state.head_seq) {
      feed.state.proved_us = server_time_us;
    } else {
      feed.state.at_head = false;
    }
    changed.push_back(std::move(feed));
  }
  if (write && !changed.empty()) {
    RETURN_IF_ERROR(db_->Transaction([&]() -> absl::Status {
      for (const Feed& feed : changed) RETURN_IF_ERROR(WriteFeed(feed));
      return absl::OkStatus();
    }));
  }
  for (Feed& feed : changed) feeds_[feed.state.name] = std::move(feed);
  return absl::OkStatus();
}

absl::Status Replica::NoteContact(int64_t server_time_us, bool write) {
  last_contact_us_ = server_time_us;
  not_known_ = false;
  return write ? note_contact_.Bind(1, server_time_us).Run() : absl::OkStatus();
}

absl::Status Replica::NoteNotKnown(bool write) {
  not_known_ = true;
  if (!write) return absl::OkStatus();
  return db_->Execute(
      "INSERT INTO contact (one, server_time_us, not_known) VALUES (1, 0, 1) ON CONFLICT (one) DO UPDATE "
      "SET not_known = 1");
}

absl::Status Replica::KeepIdentity(absl::string_view identity) {
  ASSIGN_OR_RETURN(sqlite::Statement write,
                   db_->Prepare("INSERT INTO kept_identity (one, identity) VALUES (1, $1) ON CONFLICT (one) DO UPDATE "
                                "SET identity = $1"));
  return write.BindBlob(1, identity).Run();
}

absl::StatusOr<std::string> Replica::KeptIdentity() {
  ASSIGN_OR_RETURN(sqlite::Statement read, db_->Prepare("SELECT identity FROM kept_identity"));
  ASSIGN_OR_RETURN(const bool row, read.Step());
  return row ? std::string(read.Blob(0)) : std::string();
}

}  // namespace doorstep
