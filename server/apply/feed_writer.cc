#include "server/apply/feed_writer.h"

#include <algorithm>
#include <utility>

#include "client_core/base/limits.h"
#include "client_core/base/planted_bug.h"
#include "client_core/base/status.h"
#include "client_core/rules/feed_sum.h"

namespace doorstep {

absl::StatusOr<FeedHead*> FeedWriter::Open(absl::string_view name) {
  const auto known = heads_.find(std::string(name));
  if (known != heads_.end()) return &known->second.head;
  std::optional<FeedHead> head = recent_->TakeFeed(name);
  if (!head.has_value()) {
    ASSIGN_OR_RETURN(head, InternFeed(*sql_, name));
  }
  OpenHead& kept = heads_[std::string(name)];
  kept.seq_before = head->seq;
  kept.window_day_before = head->window_day;
  kept.head = *std::move(head);
  return &kept.head;
}

void FeedWriter::Count(FeedHead& head, const FeedRow& row, bool in) {
  if (row.gone || row.kind == v1::ENTITY_KIND_JUDGEMENT) return;
  const FeedSum term = FeedTerm(hasher_, row.kind, row.entity, row.version);
  if (in) {
    Add(term, head.sum);
  } else {
    Subtract(term, head.sum);
  }
}

absl::StatusOr<bool> FeedWriter::Shows(const FeedHead& head, v1::EntityKind kind, absl::string_view entity) {
  ASSIGN_OR_RETURN(const std::optional<FeedRow> row, FindFeedRow(*sql_, head.n, kind, entity));
  return row.has_value() && !row->gone;
}

absl::StatusOr<bool> FeedWriter::Put(FeedHead& head, v1::EntityKind kind, absl::string_view entity, int64_t version,
                                     int64_t day) {
  ASSIGN_OR_RETURN(const std::optional<FeedRow> before, FindFeedRow(*sql_, head.n, kind, entity));
  const bool shown = before.has_value() && !before->gone;
  if (shown && before->version == version && before->day == day) return false;
  if (shown) Count(head, *before, /*in=*/false);
  FeedRow row;
  row.kind = kind;
  row.entity = std::string(entity);
  row.seq = ++head.seq;
  row.version = version;
  row.day = day;
  Count(head, row, /*in=*/true);
  RETURN_IF_ERROR(before.has_value() ? UpdateFeedRow(*sql_, head.n, row) : InsertFeedRow(*sql_, head.n, row));
  return !shown;
}

absl::StatusOr<bool> FeedWriter::Put(FeedHead& head, v1::EntityKind kind, absl::string_view entity, int64_t version,
                                     int64_t day, int64_t version_before, int64_t day_before) {
  if (version == version_before) return Put(head, kind, entity, version, day);
  FeedRow row;
  row.kind = kind;
  row.entity = std::string(entity);
  row.seq = head.seq + 1;
  row.version = version;
  row.day = day;
  ASSIGN_OR_RETURN(const bool moved, MoveFeedRow(*sql_, head.n, version_before, day_before, row));
  if (!moved) return Put(head, kind, entity, version, day);
  head.seq = row.seq;
  Count(head, row, /*in=*/true);
  row.version = version_before;  // The sum counts entities and versions.
  Count(head, row, /*in=*/false);
  return false;
}

absl::StatusOr<bool> FeedWriter::Leave(FeedHead& head, v1::EntityKind kind, absl::string_view entity,
                                       absl::string_view reason, absl::string_view successor) {
  if (Planted("gone_rows_kept_quiet")) return false;
  ASSIGN_OR_RETURN(std::optional<FeedRow> row, FindFeedRow(*sql_, head.n, kind, entity));
  if (!row.has_value() || row->gone) return false;
  Count(head, *row, /*in=*/false);
  row->seq = ++head.seq;
  row->gone = true;
  row->day = today_;
  row->reason = std::string(reason);
  row->successor = std::string(successor);
  RETURN_IF_ERROR(UpdateFeedRow(*sql_, head.n, *row));
  return true;
}

absl::Status FeedWriter::Prune(FeedHead& head) {
  ASSIGN_OR_RETURN(const int64_t pruned_seq, PruneLeftRows(*sql_, head.n, today_ - limits::kLeftRowDays));
  head.pruned_seq = std::max(head.pruned_seq, pruned_seq);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<FeedHead>> FeedWriter::WriteHeads() {
  std::vector<FeedHead> heads;
  for (auto& [name, open] : heads_) {
    // A head is pruned only when its window moves.
    const bool moved = open.head.seq != open.seq_before || open.head.window_day != open.window_day_before;
    if (moved && !Planted("feed_head_outside_transaction")) {
      RETURN_IF_ERROR(WriteFeedHead(*sql_, open.head));
    }
    heads.push_back(std::move(open.head));
  }
  return heads;
}

}  // namespace doorstep
