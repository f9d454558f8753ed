#include "server/storage/judgement_table.h"

#include <utility>

#include "client_core/base/status.h"

namespace doorstep {
namespace {

absl::StatusOr<v1::Judgement> Parse(absl::string_view bytes) {
  v1::Judgement judgement;
  if (!judgement.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError("table judgement: a row is not a Judgement");
  }
  return judgement;
}

absl::StatusOr<std::vector<v1::Judgement>> ReadAll(Query& query) {
  std::vector<v1::Judgement> judgements;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return judgements;
    ASSIGN_OR_RETURN(v1::Judgement judgement, Parse(query.Blob(0)));
    judgements.push_back(std::move(judgement));
  }
}

absl::StatusOr<std::vector<v1::Judgement>> ReadAfter(Query& query, const QuarantinedPosition& after, int64_t limit) {
  query.Int(1, after.judged_us).Int(2, after.device).Int(3, static_cast<int64_t>(after.epoch));
  query.Int(4, static_cast<int64_t>(after.seq)).Int(5, limit);
  return ReadAll(query);
}

absl::StatusOr<uint64_t> ReadCount(Query& query) {
  ASSIGN_OR_RETURN(const bool row, query.Step());
  return row ? static_cast<uint64_t>(query.Int(0)) : 0;
}

}  // namespace

absl::StatusOr<int64_t> WriteJudgement(SqlSession& sql, int64_t device, const v1::Judgement& judgement) {
  const std::string bytes = judgement.SerializeAsString();
  Query query = sql.Use(
      "INSERT INTO judgement (device, epoch, seq, verdict, reason, judged_us, visit, version, bytes) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8) ON CONFLICT (device, epoch, seq) DO UPDATE SET "
      "verdict = excluded.verdict, reason = excluded.reason, judged_us = excluded.judged_us, visit = excluded.visit, "
      "version = judgement.version + 1, bytes = excluded.bytes RETURNING version");
  query.Int(1, device).Int(2, static_cast<int64_t>(judgement.position().epoch()));
  query.Int(3, static_cast<int64_t>(judgement.position().seq())).Int(4, judgement.verdict());
  query.Int(5, judgement.reason()).Int(6, judgement.judged_time_us()).Text(7, judgement.visit_id()).Blob(8, bytes);
  ASSIGN_OR_RETURN(const bool row, query.Step());
  if (!row) return absl::InternalError("table judgement: the insert returned no version");
  const int64_t version = query.Int(0);
  RETURN_IF_ERROR(query.Run());
  return version;
}

absl::StatusOr<std::optional<v1::Judgement>> FindJudgement(SqlSession& sql, int64_t device, uint64_t epoch,
                                                           uint64_t seq) {
  Query query = sql.Use("SELECT bytes FROM judgement WHERE device = $1 AND epoch = $2 AND seq = $3");
  query.Int(1, device).Int(2, static_cast<int64_t>(epoch)).Int(3, static_cast<int64_t>(seq));
  ASSIGN_OR_RETURN(const bool found, query.Step());
  if (!found) return std::optional<v1::Judgement>();
  ASSIGN_OR_RETURN(v1::Judgement judgement, Parse(query.Blob(0)));
  return std::optional<v1::Judgement>(std::move(judgement));
}

absl::StatusOr<std::vector<v1::Judgement>> JudgementsBetween(SqlSession& sql, int64_t device, uint64_t epoch,
                                                             uint64_t first_seq, uint64_t last_seq) {
  Query query =
      sql.Use("SELECT bytes FROM judgement WHERE device = $1 AND epoch = $2 AND seq >= $3 AND seq <= $4 ORDER BY seq");
  query.Int(1, device).Int(2, static_cast<int64_t>(epoch));
  query.Int(3, static_cast<int64_t>(first_seq)).Int(4, static_cast<int64_t>(last_seq));
  return ReadAll(query);
}

absl::StatusOr<std::vector<QuarantinedPosition>> WaitingForVisit(SqlSession& sql, absl::string_view visit_id) {
  Query query = sql.Use(
      "SELECT device, epoch, seq, judged_us FROM judgement WHERE visit = $1 AND verdict = 3 AND reason = 2 "
      "ORDER BY device, epoch, seq");
  query.Text(1, visit_id);
  std::vector<QuarantinedPosition> positions;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return positions;
    positions.push_back(
        {query.Int(0), static_cast<uint64_t>(query.Int(1)), static_cast<uint64_t>(query.Int(2)), query.Int(3)});
  }
}

absl::StatusOr<std::vector<v1::Judgement>> ListQuarantined(SqlSession& sql, const QuarantinedPosition& after,
                                                           int64_t limit) {
  Query query = sql.Use(
      "SELECT bytes FROM judgement WHERE verdict = 3 AND (judged_us, device, epoch, seq) > ($1, $2, $3, $4) "
      "ORDER BY judged_us, device, epoch, seq LIMIT $5");
  return ReadAfter(query, after, limit);
}

absl::StatusOr<std::vector<v1::Judgement>> ListParked(SqlSession& sql, const QuarantinedPosition& after,
                                                      int64_t limit) {
  Query query = sql.Use(
      "SELECT bytes FROM judgement WHERE verdict IN (3, 6) AND (judged_us, device, epoch, seq) > ($1, $2, $3, $4) "
      "ORDER BY judged_us, device, epoch, seq LIMIT $5");
  return ReadAfter(query, after, limit);
}

absl::StatusOr<std::vector<v1::Judgement>> QuarantinedFor(SqlSession& sql, v1::QuarantineReason reason) {
  Query query = sql.Use("SELECT bytes FROM judgement WHERE verdict = 3 AND reason = $1 ORDER BY device, epoch, seq");
  query.Int(1, reason);
  return ReadAll(query);
}

absl::StatusOr<uint64_t> CountQuarantined(SqlSession& sql) {
  Query query = sql.Use("SELECT count(*) FROM judgement WHERE verdict = 3");
  return ReadCount(query);
}

absl::StatusOr<uint64_t> CountCopies(SqlSession& sql) {
  Query query = sql.Use("SELECT count(*) FROM judgement WHERE verdict = 5");
  return ReadCount(query);
}

}  // namespace doorstep
