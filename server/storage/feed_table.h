// Feeds: one row an entity, moved up when it changes, and a head with the sum over what a reader should hold.
#ifndef DOORSTEP_SERVER_STORAGE_FEED_TABLE_H_
#define DOORSTEP_SERVER_STORAGE_FEED_TABLE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client_core/rules/feed_sum.h"
#include "doorstep/v1/sync.pb.h"
#include "server/storage/sql_session.h"

namespace doorstep {

struct FeedHead {
  int64_t n = 0;
  std::string name;
  int64_t seq = 0;
  FeedSum sum;  // Over the rows that are neither LEFT nor judgements.
  int64_t pruned_seq = 0;
  int64_t window_day = 0;
};
absl::StatusOr<std::optional<FeedHead>> FindFeed(SqlSession& sql, absl::string_view name);
// Makes the feed when it is new.
absl::StatusOr<FeedHead> InternFeed(SqlSession& sql, absl::string_view name);
absl::Status WriteFeedHead(SqlSession& sql, const FeedHead& head);
// Technicians whose feed was not moved for `day` yet, in the order of the feeds.
absl::StatusOr<std::vector<std::string>> TechnicianFeedsBehind(SqlSession& sql, int64_t day, int64_t limit);

struct FeedRow {
  v1::EntityKind kind = v1::ENTITY_KIND_UNSPECIFIED;
  std::string entity;
  int64_t seq = 0;
  int64_t version = 0;
  int64_t day = 0;  // Of the entity; of a row that left, the day on which it did.
  bool gone = false;
  std::string reason;
  std::string successor;
};
absl::StatusOr<std::optional<FeedRow>> FindFeedRow(SqlSession& sql, int64_t feed, v1::EntityKind kind,
                                                   absl::string_view entity);
// `row` is new, or is there: whoever moves a row up has looked it up before.
absl::Status InsertFeedRow(SqlSession& sql, int64_t feed, const FeedRow& row);
absl::Status UpdateFeedRow(SqlSession& sql, int64_t feed, const FeedRow& row);
// Every row that is there, without those that left.
absl::StatusOr<std::vector<FeedRow>> PresentFeedRows(SqlSession& sql, int64_t feed);
// Deletes the rows that left on `day` or before; returns the highest seq among them, 0 when there were none.
absl::StatusOr<int64_t> PruneLeftRows(SqlSession& sql, int64_t feed, int64_t day);
// Of the rows after `seq`: how many are there and how many left; and how many are there in all.
struct DeltaSize {
  int64_t present = 0;
  int64_t left = 0;
  int64_t present_in_all = 0;
};
absl::StatusOr<DeltaSize> SizeOfDelta(SqlSession& sql, int64_t feed, int64_t seq);
// Rows after `seq`, by seq, those that left included.
absl::StatusOr<std::vector<FeedRow>> FeedRowsAfter(SqlSession& sql, int64_t feed, int64_t seq, int64_t limit);

// Why an entity is in a feed: the visits that refer to it.
absl::Status AddFeedReference(SqlSession& sql, int64_t feed, v1::EntityKind kind, absl::string_view entity,
                              int64_t visit);
struct FeedReference {
  v1::EntityKind kind = v1::ENTITY_KIND_UNSPECIFIED;
  std::string entity;
  bool operator<(const FeedReference& other) const {
    return kind != other.kind ? kind < other.kind : entity < other.entity;
  }
};
// Takes away every reference of the visit in this feed; returns the entities that nothing refers to any more.
absl::StatusOr<std::vector<FeedReference>> RemoveFeedReferences(SqlSession& sql, int64_t feed, int64_t visit);
// Names of the feeds in which some visit refers to the entity, in the order of the feeds.
absl::StatusOr<std::vector<std::string>> FeedsReferringTo(SqlSession& sql, v1::EntityKind kind,
                                                          absl::string_view entity);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_FEED_TABLE_H_
