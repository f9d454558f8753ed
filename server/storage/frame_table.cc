#include "server/storage/frame_table.h"

#include <utility>

#include "client_core/base/status.h"

namespace doorstep {
namespace {

// Columns n, device, epoch, first_seq, last_seq, skip, commit_us, head_hash, bytes.
FrameRow ReadRow(const Query& query) {
  FrameRow row;
  row.n = query.Int(0);
  row.device = query.Int(1);
  row.epoch = static_cast<uint64_t>(query.Int(2));
  row.first_seq = static_cast<uint64_t>(query.Int(3));
  row.last_seq = static_cast<uint64_t>(query.Int(4));
  row.skip = static_cast<uint64_t>(query.Int(5));
  row.commit_us = query.Int(6);
  row.head_hash = std::string(query.Blob(7));
  row.bytes = std::string(query.Blob(8));
  return row;
}

absl::StatusOr<std::vector<FrameRow>> ReadAll(Query& query) {
  std::vector<FrameRow> rows;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return rows;
    rows.push_back(ReadRow(query));
  }
}

}  // namespace

absl::StatusOr<int64_t> InsertFrame(SqlSession& sql, const FrameRow& row, absl::string_view bytes) {
  Query query = sql.Use(
      "INSERT INTO frame (n, device, epoch, first_seq, last_seq, skip, commit_us, prev_hash, head_hash, bytes) "
      "VALUES ((SELECT coalesce(max(n), 0) + 1 FROM frame), $1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING n");
  query.Int(1, row.device).Int(2, static_cast<int64_t>(row.epoch)).Int(3, static_cast<int64_t>(row.first_seq));
  query.Int(4, static_cast<int64_t>(row.last_seq)).Int(5, static_cast<int64_t>(row.skip)).Int(6, row.commit_us);
  query.Blob(7, row.prev_hash).Blob(8, row.head_hash).Blob(9, bytes);
  ASSIGN_OR_RETURN(const bool made, query.Step());
  if (!made) return absl::InternalError("table frame: the insert returned no number");
  const int64_t n = query.Int(0);
  RETURN_IF_ERROR(query.Run());
  return n;
}

absl::StatusOr<std::optional<FrameRow>> FindFrameHolding(SqlSession& sql, int64_t device, uint64_t epoch,
                                                         uint64_t seq) {
  // Of the frames that reach `seq`, the one that ends first came first, so it does not skip it.
  Query query = sql.Use(
      "SELECT n, device, epoch, first_seq, last_seq, skip, commit_us, head_hash, bytes FROM frame "
      "WHERE device = $1 AND epoch = $2 AND last_seq >= $3 ORDER BY last_seq LIMIT 1");
  query.Int(1, device).Int(2, static_cast<int64_t>(epoch)).Int(3, static_cast<int64_t>(seq));
  ASSIGN_OR_RETURN(const bool found, query.Step());
  if (!found) return std::optional<FrameRow>();
  FrameRow row = ReadRow(query);
  if (row.first_seq > seq) return std::optional<FrameRow>();
  return std::optional<FrameRow>(std::move(row));
}

absl::StatusOr<std::vector<FrameRow>> FramesAfter(SqlSession& sql, int64_t device, uint64_t epoch, uint64_t after_seq,
                                                  int64_t limit) {
  Query query = sql.Use(
      "SELECT n, device, epoch, first_seq, last_seq, skip, commit_us, head_hash, bytes FROM frame "
      "WHERE device = $1 AND epoch = $2 AND last_seq > $3 ORDER BY last_seq LIMIT $4");
  query.Int(1, device).Int(2, static_cast<int64_t>(epoch)).Int(3, static_cast<int64_t>(after_seq)).Int(4, limit);
  return ReadAll(query);
}

absl::Status LinkVisitFrame(SqlSession& sql, int64_t visit, int64_t frame) {
  return sql.Use("INSERT INTO visit_frame (visit, frame) VALUES ($1, $2) ON CONFLICT (visit, frame) DO NOTHING")
      .Int(1, visit)
      .Int(2, frame)
      .Run();
}

absl::StatusOr<std::vector<int64_t>> VisitsOfFrame(SqlSession& sql, int64_t frame) {
  Query query = sql.Use("SELECT visit FROM visit_frame WHERE frame = $1 ORDER BY visit");
  query.Int(1, frame);
  std::vector<int64_t> visits;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return visits;
    visits.push_back(query.Int(0));
  }
}

absl::StatusOr<std::vector<FrameRow>> FramesOfVisit(SqlSession& sql, int64_t visit, int64_t limit) {
  Query query = sql.Use(
      "SELECT f.n, f.device, f.epoch, f.first_seq, f.last_seq, f.skip, f.commit_us, f.head_hash, f.bytes "
      "FROM visit_frame l JOIN frame f ON f.n = l.frame WHERE l.visit = $1 ORDER BY l.frame LIMIT $2");
  query.Int(1, visit).Int(2, limit);
  return ReadAll(query);
}

absl::StatusOr<std::vector<FrameRow>> FramesSince(SqlSession& sql, int64_t device, int64_t commit_us) {
  Query query = sql.Use(
      "SELECT n, device, epoch, first_seq, last_seq, skip, commit_us, head_hash, bytes FROM frame "
      "WHERE device = $1 AND commit_us >= $2 ORDER BY n");
  query.Int(1, device).Int(2, commit_us);
  return ReadAll(query);
}

absl::StatusOr<std::vector<FrameRow>> FramesFrom(SqlSession& sql, int64_t after_n, int64_t limit) {
  Query query = sql.Use(
      "SELECT n, device, epoch, first_seq, last_seq, skip, commit_us, head_hash, bytes FROM frame WHERE n > $1 "
      "ORDER BY n LIMIT $2");
  query.Int(1, after_n).Int(2, limit);
  return ReadAll(query);
}

absl::StatusOr<int64_t> LastFrameCommit(SqlSession& sql) {
  Query query = sql.Use("SELECT commit_us FROM frame ORDER BY n DESC LIMIT 1");
  ASSIGN_OR_RETURN(const bool row, query.Step());
  return row ? query.Int(0) : 0;
}

absl::StatusOr<FrameTotals> CountFrames(SqlSession& sql) {
  Query query = sql.Use("SELECT count(*) FROM frame");
  Query marks = sql.Use("SELECT coalesce(sum(mark), 0) FROM journal");
  ASSIGN_OR_RETURN(const bool row, query.Step());
  ASSIGN_OR_RETURN(const bool sum, marks.Step());
  return FrameTotals{row ? static_cast<uint64_t>(query.Int(0)) : 0, sum ? static_cast<uint64_t>(marks.Int(0)) : 0};
}

absl::StatusOr<uint64_t> CountEntriesOfDevice(SqlSession& sql, int64_t device) {
  Query query = sql.Use("SELECT coalesce(sum(mark), 0) FROM journal WHERE device = $1");
  ASSIGN_OR_RETURN(const bool row, query.Int(1, device).Step());
  return row ? static_cast<uint64_t>(query.Int(0)) : 0;
}

}  // namespace doorstep
