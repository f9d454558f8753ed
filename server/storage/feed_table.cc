#include "server/storage/feed_table.h"

#include <utility>

#include "client_core/base/status.h"

namespace doorstep {
namespace {

// Columns n, name, seq, sum_high, sum_low, pruned_seq, window_day.
FeedHead ReadHead(const Query& query) {
  FeedHead head;
  head.n = query.Int(0);
  head.name = std::string(query.Text(1));
  head.seq = query.Int(2);
  head.sum.high = static_cast<uint64_t>(query.Int(3));
  head.sum.low = static_cast<uint64_t>(query.Int(4));
  head.pruned_seq = query.Int(5);
  head.window_day = query.Int(6);
  return head;
}

// Columns kind, entity, seq, version, day, gone, reason, successor.
FeedRow ReadRow(const Query& query) {
  FeedRow row;
  row.kind = static_cast<v1::EntityKind>(query.Int(0));
  row.entity = std::string(query.Text(1));
  row.seq = query.Int(2);
  row.version = query.Int(3);
  row.day = query.Int(4);
  row.gone = query.Int(5) != 0;
  row.reason = std::string(query.Text(6));
  row.successor = std::string(query.Text(7));
  return row;
}

absl::StatusOr<std::vector<FeedRow>> ReadRows(Query& query) {
  std::vector<FeedRow> rows;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return rows;
    rows.push_back(ReadRow(query));
  }
}

}  // namespace

absl::StatusOr<std::optional<FeedHead>> FindFeed(SqlSession& sql, absl::string_view name) {
  Query query =
      sql.Use("SELECT n, name, seq, sum_high, sum_low, pruned_seq, window_day FROM feed_head WHERE name = $1");
  ASSIGN_OR_RETURN(const bool found, query.Text(1, name).Step());
  if (!found) return std::optional<FeedHead>();
  return std::optional<FeedHead>(ReadHead(query));
}

absl::StatusOr<FeedHead> InternFeed(SqlSession& sql, absl::string_view name) {
  ASSIGN_OR_RETURN(std::optional<FeedHead> known, FindFeed(sql, name));
  if (known.has_value()) return *std::move(known);
  Query query = sql.Use(
      "INSERT INTO feed_head (n, name, seq, sum_high, sum_low, pruned_seq, window_day) "
      "VALUES ((SELECT coalesce(max(n), 0) + 1 FROM feed_head), $1, 0, 0, 0, 0, 0) "
      "RETURNING n, name, seq, sum_high, sum_low, pruned_seq, window_day");
  ASSIGN_OR_RETURN(const bool made, query.Text(1, name).Step());
  if (!made) return absl::InternalError("table feed_head: the insert returned no row");
  FeedHead head = ReadHead(query);
  RETURN_IF_ERROR(query.Run());
  return head;
}

absl::Status WriteFeedHead(SqlSession& sql, const FeedHead& head) {
  return sql
      .Use("UPDATE feed_head SET seq = $2, sum_high = $3, sum_low = $4, pruned_seq = $5, window_day = $6 WHERE n = $1")
      .Int(1, head.n)
      .Int(2, head.seq)
      .Int(3, static_cast<int64_t>(head.sum.high))
      .Int(4, static_cast<int64_t>(head.sum.low))
      .Int(5, head.pruned_seq)
      .Int(6, head.window_day)
      .Run();
}

absl::StatusOr<std::vector<std::string>> TechnicianFeedsBehind(SqlSession& sql, int64_t day, int64_t limit) {
  Query query = sql.Use(
      "SELECT substr(name, length('technician:') + 1) FROM feed_head "
      "WHERE name LIKE 'technician:%' AND window_day <> $1 ORDER BY n LIMIT $2");
  query.Int(1, day).Int(2, limit);
  std::vector<std::string> technicians;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return technicians;
    technicians.emplace_back(query.Text(0));
  }
}

absl::StatusOr<std::optional<FeedRow>> FindFeedRow(SqlSession& sql, int64_t feed, v1::EntityKind kind,
                                                   absl::string_view entity) {
  Query query = sql.Use(
      "SELECT kind, entity, seq, version, day, gone, reason, successor FROM feed "
      "WHERE feed = $1 AND kind = $2 AND entity = $3");
  ASSIGN_OR_RETURN(const bool found, query.Int(1, feed).Int(2, kind).Text(3, entity).Step());
  if (!found) return std::optional<FeedRow>();
  return std::optional<FeedRow>(ReadRow(query));
}

namespace {

absl::Status BindAndRun(Query& query, int64_t feed, const FeedRow& row) {
  query.Int(1, feed).Int(2, row.kind).Text(3, row.entity).Int(4, row.seq).Int(5, row.version).Int(6, row.day);
  query.Int(7, row.gone ? 1 : 0).Text(8, row.reason).Text(9, row.successor);
  return query.Run();
}

}  // namespace

absl::Status InsertFeedRow(SqlSession& sql, int64_t feed, const FeedRow& row) {
  Query query = sql.Use(
      "INSERT INTO feed (feed, kind, entity, seq, version, day, gone, reason, successor) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
  return BindAndRun(query, feed, row);
}

absl::Status UpdateFeedRow(SqlSession& sql, int64_t feed, const FeedRow& row) {
  Query query = sql.Use(
      "UPDATE feed SET seq = $4, version = $5, day = $6, gone = $7, reason = $8, successor = $9 "
      "WHERE feed = $1 AND kind = $2 AND entity = $3");
  return BindAndRun(query, feed, row);
}

absl::StatusOr<std::vector<FeedRow>> PresentFeedRows(SqlSession& sql, int64_t feed) {
  Query query = sql.Use(
      "SELECT kind, entity, seq, version, day, gone, reason, successor FROM feed WHERE feed = $1 AND gone = 0 "
      "ORDER BY kind, entity");
  query.Int(1, feed);
  return ReadRows(query);
}

absl::StatusOr<int64_t> PruneLeftRows(SqlSession& sql, int64_t feed, int64_t day) {
  int64_t pruned_seq = 0;
  {
    Query query = sql.Use("SELECT coalesce(max(seq), 0) FROM feed WHERE feed = $1 AND gone = 1 AND day <= $2");
    RETURN_IF_ERROR(query.Int(1, feed).Int(2, day).Step().status());
    pruned_seq = query.Int(0);
  }
  if (pruned_seq == 0) return 0;
  RETURN_IF_ERROR(
      sql.Use("DELETE FROM feed WHERE feed = $1 AND gone = 1 AND day <= $2").Int(1, feed).Int(2, day).Run());
  return pruned_seq;
}

absl::StatusOr<DeltaSize> SizeOfDelta(SqlSession& sql, int64_t feed, int64_t seq) {
  Query query = sql.Use(
      "SELECT count(*) FILTER (WHERE seq > $2 AND gone = 0), count(*) FILTER (WHERE seq > $2 AND gone = 1), "
      "count(*) FILTER (WHERE gone = 0) FROM feed WHERE feed = $1");
  RETURN_IF_ERROR(query.Int(1, feed).Int(2, seq).Step().status());
  return DeltaSize{query.Int(0), query.Int(1), query.Int(2)};
}

absl::StatusOr<std::vector<FeedRow>> FeedRowsAfter(SqlSession& sql, int64_t feed, int64_t seq, int64_t limit) {
  Query query = sql.Use(
      "SELECT kind, entity, seq, version, day, gone, reason, successor FROM feed WHERE feed = $1 AND seq > $2 "
      "ORDER BY seq LIMIT $3");
  query.Int(1, feed).Int(2, seq).Int(3, limit);
  return ReadRows(query);
}

absl::Status AddFeedReference(SqlSession& sql, int64_t feed, v1::EntityKind kind, absl::string_view entity,
                              int64_t visit) {
  return sql
      .Use(
          "INSERT INTO feed_reference (feed, kind, entity, visit) VALUES ($1, $2, $3, $4) "
          "ON CONFLICT (kind, entity, feed, visit) DO NOTHING")
      .Int(1, feed)
      .Int(2, kind)
      .Text(3, entity)
      .Int(4, visit)
      .Run();
}

absl::StatusOr<std::vector<FeedReference>> RemoveFeedReferences(SqlSession& sql, int64_t feed, int64_t visit) {
  std::vector<FeedReference> orphans;
  {
    Query query = sql.Use(
        "SELECT kind, entity FROM feed_reference r WHERE visit = $2 AND feed = $1 AND NOT EXISTS "
        "(SELECT 1 FROM feed_reference o WHERE o.feed = $1 AND o.kind = r.kind AND o.entity = r.entity "
        "AND o.visit <> $2) ORDER BY kind, entity");
    query.Int(1, feed).Int(2, visit);
    while (true) {
      ASSIGN_OR_RETURN(const bool row, query.Step());
      if (!row) break;
      orphans.push_back({static_cast<v1::EntityKind>(query.Int(0)), std::string(query.Text(1))});
    }
  }
  RETURN_IF_ERROR(
      sql.Use("DELETE FROM feed_reference WHERE visit = $2 AND feed = $1").Int(1, feed).Int(2, visit).Run());
  return orphans;
}

absl::StatusOr<std::vector<std::string>> FeedsReferringTo(SqlSession& sql, v1::EntityKind kind,
                                                          absl::string_view entity) {
  Query query = sql.Use(
      "SELECT (SELECT name FROM feed_head WHERE n = feed) FROM feed_reference WHERE kind = $1 AND entity = $2 "
      "GROUP BY feed ORDER BY feed");
  query.Int(1, kind).Text(2, entity);
  std::vector<std::string> feeds;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return feeds;
    feeds.emplace_back(query.Text(0));
  }
}

}  // namespace doorstep
