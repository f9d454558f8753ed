// One page of a feed becomes rows: step C1.
#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/limits.h"
#include "client_core/base/planted_bug.h"
#include "client_core/base/status.h"
#include "client_core/rules/frame_codec.h"
#include "client_core/rules/verdicts.h"
#include "client_core/store/replica.h"
#include "doorstep/v1/account.pb.h"
#include "doorstep/v1/visit.pb.h"

namespace doorstep {
namespace {

// Visits that left are remembered to answer questions, not for ever.
constexpr int64_t kLeftVisitsMax = 500;

// Judgements stand apart from a feed's sum.
bool IsSummed(v1::EntityKind kind) { return kind != v1::ENTITY_KIND_JUDGEMENT; }

template <typename Message>
bool Reads(const std::string& entity) {
  return Message().ParseFromString(entity);
}

// A row that cannot be read is refused here: once it is among the others it looks like damage to the file, and what
// was fetched would be thrown away and fetched again, with this row in it.
bool IsReadable(const v1::Change& change) {
  switch (change.kind()) {
    case v1::ENTITY_KIND_JOURNAL:
      return Reads<v1::JournalState>(change.entity());
    case v1::ENTITY_KIND_DEVICE:
      return Reads<v1::DeviceState>(change.entity());
    case v1::ENTITY_KIND_VISIT:
      return Reads<v1::Visit>(change.entity());
    case v1::ENTITY_KIND_BRIEF:
      return Reads<v1::AccountBrief>(change.entity());
    default:
      return true;  // Read nowhere, or left out where it cannot be.
  }
}

absl::StatusOr<v1::PullPage> OpenPage(const v1::PullResponse& response) {
  // Not RESOURCE_EXHAUSTED, which is the disk's word.
  if (response.raw_bytes() > limits::kMessageBytesDownMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("raw_bytes: ", response.raw_bytes(), " is outside 0 to ", limits::kMessageBytesDownMax));
  }
  ASSIGN_OR_RETURN(const std::string raw,
                   Decompress(response.page(), response.codec(), response.raw_bytes(), limits::kMessageBytesDownMax));
  v1::PullPage page;
  if (!page.ParseFromString(raw)) return absl::InvalidArgumentError("page: not a PullPage");
  for (const v1::Change& change : page.changes()) {
    if (change.id().empty() || change.id().size() > limits::kIdBytesMax) {
      return absl::InvalidArgumentError(absl::StrCat("page.changes.id: must be 1 to ", limits::kIdBytesMax, " bytes"));
    }
    if (change.what_case() == v1::Change::WHAT_NOT_SET) {
      return absl::InvalidArgumentError(absl::StrCat("page.changes: \"", change.id(), "\" is neither there nor left"));
    }
    if (!change.has_left() && !IsReadable(change)) {
      return absl::InvalidArgumentError(absl::StrCat("page.changes: \"", change.id(), "\" cannot be read"));
    }
  }
  if (response.cursor().size() > limits::kCursorBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("cursor: must be at most ", limits::kCursorBytesMax, " bytes"));
  }
  return page;
}

}  // namespace

// A page while it is applied: the feed as it will be, and what changed.
struct Replica::Applying {
  Feed feed;
  PageChanges changed;
  std::set<std::string> visits;
  Doubtful doubtful;
};

absl::Status Replica::ForgetTerm(Applying& page, v1::EntityKind kind, absl::string_view id, bool* had) {
  ASSIGN_OR_RETURN(*had, read_version_.Bind(1, page.feed.number).Bind(2, kind).BindText(3, id).Step());
  if (!*had) return absl::OkStatus();
  if (IsSummed(kind)) Subtract(FeedTerm(hasher_, kind, id, read_version_.Int(0)), page.feed.state.sum);
  read_version_.Reset();
  return absl::OkStatus();
}

bool Replica::IsLeftOut(const v1::JournalPosition& position) const {
  const v1::Judgement* judgement = JudgementOf(position.epoch(), position.seq());
  return judgement != nullptr && !Counts(judgement->verdict());
}

// Of a visit that was not here, only the journal knows what was recorded on it.
absl::StatusOr<bool> Replica::MayLackEntries(const Applying& page, const v1::Change& change) {
  ASSIGN_OR_RETURN(const bool row,
                   read_entity_.Bind(1, page.feed.number).Bind(2, change.kind()).BindText(3, change.id()).Step());
  if (!row) return true;
  v1::Visit before;
  v1::Visit now;
  const absl::string_view bytes = read_entity_.Blob(1);
  const bool parsed = before.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  read_entity_.Reset();
  if (!parsed || !now.ParseFromString(change.entity())) return true;
  return std::any_of(before.folded().begin(), before.folded().end(), [&now](const v1::FoldedJournal& had) {
    return std::none_of(now.folded().begin(), now.folded().end(), [&had](const v1::FoldedJournal& has) {
      return has.device() == had.device() && has.epoch() == had.epoch() && has.seq() >= had.seq();
    });
  });
}

absl::Status Replica::PutRow(Applying& page, const v1::Change& change) {
  if (change.kind() == v1::ENTITY_KIND_VISIT) {
    ASSIGN_OR_RETURN(const bool doubtful, MayLackEntries(page, change));
    if (doubtful) page.doubtful.visits.insert(change.id());
  }
  bool had = false;
  RETURN_IF_ERROR(ForgetTerm(page, change.kind(), change.id(), &had));
  RETURN_IF_ERROR(put_.Bind(1, page.feed.number)
                      .Bind(2, change.kind())
                      .BindText(3, change.id())
                      .Bind(4, change.version())
                      .Bind(5, change.seq())
                      .Bind(6, change.day())
                      .Bind(7, page.feed.snapshot)
                      .BindBlobBorrowed(8, change.entity())
                      .Run());
  if (IsSummed(change.kind())) {
    Add(FeedTerm(hasher_, change.kind(), change.id(), change.version()), page.feed.state.sum);
  }
  switch (change.kind()) {
    case v1::ENTITY_KIND_VISIT: {
      page.visits.insert(change.id());
      ASSIGN_OR_RETURN(sqlite::Statement back, db_->Prepare("DELETE FROM left_visit WHERE id = $1"));
      return back.BindText(1, change.id()).Run();
    }
    case v1::ENTITY_KIND_JUDGEMENT: {
      const absl::StatusOr<v1::JournalPosition> position = ParsePosition(change.id());
      const bool was_left_out = position.ok() && IsLeftOut(*position);
      std::optional<v1::Judgement> judgement = TakeJudgement(change.id(), change.entity());
      if (was_left_out && !IsLeftOut(*position)) page.doubtful.entries.insert({position->epoch(), position->seq()});
      if (judgement.has_value()) page.changed.judgements.push_back(*std::move(judgement));
      return absl::OkStatus();
    }
    case v1::ENTITY_KIND_JOURNAL:
      page.changed.journals_changed = true;
      return absl::OkStatus();
    case v1::ENTITY_KIND_DEVICE:
      page.changed.device_changed = true;
      return absl::OkStatus();
    default:
      return absl::OkStatus();
  }
}

absl::Status Replica::DropRow(Applying& page, const v1::Change& change) {
  bool had = false;
  RETURN_IF_ERROR(ForgetTerm(page, change.kind(), change.id(), &had));
  RETURN_IF_ERROR(drop_.Bind(1, page.feed.number).Bind(2, change.kind()).BindText(3, change.id()).Run());
  if (change.kind() == v1::ENTITY_KIND_JUDGEMENT) {
    const absl::StatusOr<v1::JournalPosition> position = ParsePosition(change.id());
    if (position.ok() && IsLeftOut(*position)) page.doubtful.entries.insert({position->epoch(), position->seq()});
    if (position.ok()) judgements_.erase({position->epoch(), position->seq()});
  }
  if (change.kind() != v1::ENTITY_KIND_VISIT) return absl::OkStatus();
  return NoteLeft(page, change.id(), change.seq(), change.left());
}

absl::Status Replica::NoteLeft(Applying& page, const std::string& id, int64_t seq, const v1::Left& left) {
  // Another technician on this phone may still have it.
  ASSIGN_OR_RETURN(const std::optional<std::string> elsewhere, Entity(v1::ENTITY_KIND_VISIT, id));
  if (elsewhere.has_value()) {
    page.visits.insert(id);
    return absl::OkStatus();
  }
  page.visits.erase(id);
  page.changed.visits_left.push_back({id, left.reason(), left.successor()});
  ASSIGN_OR_RETURN(sqlite::Statement note,
                   db_->Prepare("INSERT INTO left_visit (id, feed, seq, reason, successor) VALUES ($1, $2, $3, $4, $5) "
                                "ON CONFLICT (id) DO UPDATE SET feed = $2, seq = $3, reason = $4, successor = $5"));
  return note.BindText(1, id)
      .Bind(2, page.feed.number)
      .Bind(3, seq)
      .BindText(4, left.reason())
      .BindText(5, left.successor())
      .Run();
}

// Rows that neither the snapshot nor the deltas after it have written are no longer in the feed.
absl::Status Replica::EndSnapshot(Applying& page) {
  struct Stale {
    v1::EntityKind kind;
    std::string id;
  };
  std::vector<Stale> stale;
  ASSIGN_OR_RETURN(sqlite::Statement read, db_->Prepare("SELECT kind, id FROM row WHERE feed = $1 AND snapshot < $2"));
  read.Bind(1, page.feed.number).Bind(2, page.feed.snapshot);
  while (true) {
    ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) break;
    stale.push_back({static_cast<v1::EntityKind>(read.Int(0)), std::string(read.Text(1))});
  }
  for (const Stale& gone : stale) {
    v1::Change change;
    change.set_kind(gone.kind);
    change.set_id(gone.id);
    change.set_seq(page.feed.state.head_seq);
    change.mutable_left();
    RETURN_IF_ERROR(DropRow(page, change));
  }
  page.feed.state.in_snapshot = false;
  return absl::OkStatus();
}

absl::Status Replica::WriteFeed(const Feed& feed) {
  ASSIGN_OR_RETURN(sqlite::Statement write,
                   db_->Prepare("INSERT INTO feed (feed, name, cursor, snapshot, in_snapshot, at_head, head_seq, "
                                "sum_high, sum_low, generation, proved_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, "
                                "$10, $11) ON CONFLICT (feed) DO UPDATE SET cursor = $3, snapshot = $4, in_snapshot = "
                                "$5, at_head = $6, head_seq = $7, sum_high = $8, sum_low = $9, generation = $10, "
                                "proved_us = $11"));
  return write.Bind(1, feed.number)
      .BindText(2, feed.state.name)
      .BindBlob(3, feed.state.cursor)
      .Bind(4, feed.snapshot)
      .Bind(5, feed.state.in_snapshot ? 1 : 0)
      .Bind(6, feed.state.at_head ? 1 : 0)
      .Bind(7, feed.state.head_seq)
      .Bind(8, static_cast<int64_t>(feed.state.sum.high))
      .Bind(9, static_cast<int64_t>(feed.state.sum.low))
      .BindText(10, feed.state.generation)
      .Bind(11, feed.state.proved_us)
      .Run();
}

absl::StatusOr<PageChanges> Replica::ApplyPage(absl::string_view name, absl::string_view sent_cursor,
                                               const v1::PullResponse& response,
                                               const LookAtDoubtful& look_at_doubtful) {
  Applying page;
  const auto found = feeds_.find(std::string(name));
  if (found != feeds_.end()) {
    page.feed = found->second;
  } else {
    page.feed.state.name = std::string(name);
    for (const auto& [other, feed] : feeds_) page.feed.number = std::max(page.feed.number, feed.number);
    ++page.feed.number;
  }
  if (absl::string_view(page.feed.state.cursor) != sent_cursor) {
    page.changed.stale = true;
    return page.changed;
  }
  ASSIGN_OR_RETURN(const v1::PullPage changes, OpenPage(response));

  if (Planted("cursor_before_rows")) {
    Feed ahead = page.feed;
    ahead.state.cursor = response.cursor();
    ahead.state.head_seq = response.feed_seq();
    RETURN_IF_ERROR(WriteFeed(ahead));
  }
  page.changed.went_back =
      page.feed.state.generation == response.generation() && response.feed_seq() < page.feed.state.head_seq;
  ++version_;
  // All that applying changes in memory before it is committed. A disk that fails may not let us read it again.
  const auto judgements = judgements_;
  const bool is_new = found == feeds_.end();
  const absl::Status status = db_->Transaction([&]() -> absl::Status {
    FeedState& state = page.feed.state;
    if (response.snapshot_begins()) {
      ++page.feed.snapshot;
      state.in_snapshot = true;
    }
    state.cursor = response.cursor();
    state.at_head = response.at_head();
    state.head_seq = response.feed_seq();
    state.generation = response.generation();
    // A row written while no feed row exists would be nobody's.
    RETURN_IF_ERROR(WriteFeed(page.feed));
    if (is_new) feeds_[state.name] = page.feed;  // Whoever looks at doubtful visits reads its rows.
    for (const v1::Change& change : changes.changes()) {
      RETURN_IF_ERROR(change.has_left() ? DropRow(page, change) : PutRow(page, change));
    }
    if (response.snapshot_ends()) RETURN_IF_ERROR(EndSnapshot(page));
    if (!page.changed.visits_left.empty()) RETURN_IF_ERROR(ForgetOldLeft());
    if (response.at_head() && response.has_sum() && !state.in_snapshot &&
        state.sum != FeedSum{response.sum().high(), response.sum().low()}) {
      page.changed.sum_differed = true;
      state.cursor.clear();
      state.at_head = false;
    }
    if (state.at_head) state.proved_us = response.server_time_us();
    RETURN_IF_ERROR(WriteFeed(page.feed));
    const bool any = !page.doubtful.visits.empty() || !page.doubtful.entries.empty();
    return any && look_at_doubtful ? look_at_doubtful(page.doubtful) : absl::OkStatus();
  });
  if (!status.ok()) {
    judgements_ = judgements;
    if (is_new) feeds_.erase(page.feed.state.name);
    return status;
  }
  ++pages_;
  if (page.changed.journals_changed) {
    journals_page_ = pages_;
    journals_seq_ = page.feed.state.head_seq;
  }
  if (page.feed.state.at_head) page.feed.head_page = pages_;
  page.changed.changes = changes.changes_size();
  page.changed.at_head = page.feed.state.at_head;
  page.changed.visits_changed.assign(page.visits.begin(), page.visits.end());
  feeds_[page.feed.state.name] = std::move(page.feed);
  return std::move(page.changed);
}

absl::Status Replica::ForgetOldLeft() {
  ASSIGN_OR_RETURN(
      sqlite::Statement forget,
      db_->Prepare("DELETE FROM left_visit WHERE seq < (SELECT seq FROM left_visit ORDER BY seq DESC LIMIT "
                   "1 OFFSET $1)"));
  return forget.Bind(1, kLeftVisitsMax).Run();
}

}  // namespace doorstep
