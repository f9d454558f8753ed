#include "server/apply/feed_writer.h"

#include <algorithm>
#include <utility>

#include "client_core/base/limits.h"
#include "client_core/base/planted_bug.h"
#include "client_core/base/status.h"
#include "client_core/rules/feed_sum.h"
#include "server/openssl_sha256.h"

namespace doorstep {
namespace {

bool Shown(const FeedRow& row) { return row.seq != 0 && !row.gone; }

// The version that the sum of the head counts of this row.
std::optional<int64_t> CountedVersion(const FeedRow& row) {
  if (!Shown(row) || row.kind == v1::ENTITY_KIND_JUDGEMENT) return std::nullopt;
  return row.version;
}

// Gives the row the next place of its feed.
void MoveUp(OpenFeed& feed, OpenFeed::Row& row) {
  row.now.seq = ++feed.head.seq;
  if (!row.changed) feed.changed.push_back(&row);
  row.changed = true;
}

absl::Status WriteRows(SqlSession& sql, OpenFeed& feed) {
  OpensslSha256 hasher;
  for (OpenFeed::Row* row : feed.changed) {
    const FeedRow& now = row->now;
    if (row->counted.has_value()) Subtract(FeedTerm(hasher, now.kind, now.entity, *row->counted), feed.head.sum);
    row->counted = CountedVersion(now);
    if (row->counted.has_value()) Add(FeedTerm(hasher, now.kind, now.entity, *row->counted), feed.head.sum);
    RETURN_IF_ERROR(row->stored ? UpdateFeedRow(sql, feed.head.n, now) : InsertFeedRow(sql, feed.head.n, now));
    row->stored = true;
    row->changed = false;
  }
  feed.changed.clear();
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteFeed(SqlSession& sql, OpenFeed& feed) {
  RETURN_IF_ERROR(WriteRows(sql, feed));
  // A head is pruned only when its window moves.
  if (feed.head.seq == feed.stored_seq && feed.head.window_day == feed.stored_window_day) return absl::OkStatus();
  feed.stored_seq = feed.head.seq;
  feed.stored_window_day = feed.head.window_day;
  if (Planted("feed_head_outside_transaction")) return absl::OkStatus();
  return WriteFeedHead(sql, feed.head);
}

absl::Status WriteFeeds(SqlSession& sql, Recent& recent) {
  for (OpenFeed* feed : recent.Feeds()) RETURN_IF_ERROR(WriteFeed(sql, *feed));
  return absl::OkStatus();
}

absl::StatusOr<OpenFeed*> FeedWriter::Open(absl::string_view name) {
  std::unique_ptr<OpenFeed>& kept = feeds_[std::string(name)];
  if (kept != nullptr) return kept.get();
  std::unique_ptr<OpenFeed> feed = recent_->TakeFeed(name);
  if (feed == nullptr) {
    feed = std::make_unique<OpenFeed>();
    ASSIGN_OR_RETURN(feed->head, InternFeed(*sql_, name));
    feed->stored_seq = feed->head.seq;
    feed->stored_window_day = feed->head.window_day;
    feed->is_whole = feed->head.seq == 0;
  }
  kept = std::move(feed);
  return kept.get();
}

absl::StatusOr<OpenFeed::Row*> FeedWriter::FindRow(OpenFeed& feed, v1::EntityKind kind, absl::string_view entity) {
  const auto known = feed.rows.find({kind, entity});
  if (known != feed.rows.end()) return known->second.get();
  std::optional<FeedRow> stored;
  if (!feed.is_whole) {
    ASSIGN_OR_RETURN(stored, FindFeedRow(*sql_, feed.head.n, kind, entity));
  }
  auto row = std::make_unique<OpenFeed::Row>();
  row->stored = stored.has_value();
  if (stored.has_value()) {
    row->now = *std::move(stored);
    row->counted = CountedVersion(row->now);
  } else {
    row->now.kind = kind;
    row->now.entity = std::string(entity);
  }
  OpenFeed::Row* const kept = row.get();
  feed.rows[{kind, kept->now.entity}] = std::move(row);
  return kept;
}

absl::StatusOr<bool> FeedWriter::Shows(OpenFeed& feed, v1::EntityKind kind, absl::string_view entity) {
  ASSIGN_OR_RETURN(const OpenFeed::Row* row, FindRow(feed, kind, entity));
  return Shown(row->now);
}

absl::StatusOr<bool> FeedWriter::Put(OpenFeed& feed, v1::EntityKind kind, absl::string_view entity, int64_t version,
                                     int64_t day) {
  ASSIGN_OR_RETURN(OpenFeed::Row * row, FindRow(feed, kind, entity));
  const bool shown = Shown(row->now);
  if (shown && row->now.version == version && row->now.day == day) return false;
  row->now.version = version;
  row->now.day = day;
  row->now.gone = false;
  row->now.reason.clear();
  row->now.successor.clear();
  MoveUp(feed, *row);
  return !shown;
}

absl::StatusOr<bool> FeedWriter::Leave(OpenFeed& feed, v1::EntityKind kind, absl::string_view entity,
                                       absl::string_view reason, absl::string_view successor) {
  if (Planted("gone_rows_kept_quiet")) return false;
  ASSIGN_OR_RETURN(OpenFeed::Row * row, FindRow(feed, kind, entity));
  if (!Shown(row->now)) return false;
  row->now.gone = true;
  row->now.day = today_;
  row->now.reason = std::string(reason);
  row->now.successor = std::string(successor);
  MoveUp(feed, *row);
  return true;
}

absl::StatusOr<std::vector<FeedRow>> FeedWriter::Present(OpenFeed& feed) {
  RETURN_IF_ERROR(WriteRows(*sql_, feed));
  return PresentFeedRows(*sql_, feed.head.n);
}

absl::Status FeedWriter::Prune(OpenFeed& feed) {
  RETURN_IF_ERROR(WriteRows(*sql_, feed));
  ASSIGN_OR_RETURN(const int64_t pruned_seq, PruneLeftRows(*sql_, feed.head.n, today_ - limits::kLeftRowDays));
  if (pruned_seq == 0) return absl::OkStatus();
  feed.head.pruned_seq = std::max(feed.head.pruned_seq, pruned_seq);
  feed.rows.clear();  // Some of them are gone from the file.
  feed.is_whole = false;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> FeedWriter::TechniciansBehind(int64_t limit) {
  RETURN_IF_ERROR(WriteFeeds(*sql_, *recent_));
  RETURN_IF_ERROR(WriteAll());
  return TechnicianFeedsBehind(*sql_, today_, limit);
}

absl::Status FeedWriter::WriteAll() {
  for (const auto& [name, feed] : feeds_) RETURN_IF_ERROR(WriteFeed(*sql_, *feed));
  return absl::OkStatus();
}

std::vector<std::unique_ptr<OpenFeed>> FeedWriter::Take() {
  std::vector<std::unique_ptr<OpenFeed>> feeds;
  for (auto& [name, feed] : feeds_) feeds.push_back(std::move(feed));
  return feeds;
}

}  // namespace doorstep
