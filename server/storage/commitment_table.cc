#include "server/storage/commitment_table.h"

#include <utility>

#include "client_core/base/status.h"

namespace doorstep {
namespace {

absl::StatusOr<std::vector<std::string>> ReadTexts(Query& query) {
  std::vector<std::string> texts;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return texts;
    texts.emplace_back(query.Text(0));
  }
}

absl::StatusOr<v1::Commitment> Parse(absl::string_view bytes) {
  v1::Commitment commitment;
  if (!commitment.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError("table commitment: a row is not a Commitment");
  }
  return commitment;
}

}  // namespace

absl::StatusOr<std::vector<CommitmentFact>> FactsOfCommitment(SqlSession& sql, absl::string_view commitment) {
  Query query = sql.Use("SELECT visit, bytes FROM commitment_fact WHERE commitment = $1 ORDER BY visit, item");
  query.Text(1, commitment);
  std::vector<CommitmentFact> facts;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return facts;
    CommitmentFact fact;
    fact.visit = query.Int(0);
    const absl::string_view bytes = query.Blob(1);
    if (!fact.fact.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return absl::DataLossError("table commitment_fact: a row is not a FoldFact");
    }
    facts.push_back(std::move(fact));
  }
}

absl::StatusOr<std::vector<std::string>> CommitmentsOfVisit(SqlSession& sql, int64_t visit) {
  Query query = sql.Use("SELECT DISTINCT commitment FROM commitment_fact WHERE visit = $1 ORDER BY commitment");
  query.Int(1, visit);
  return ReadTexts(query);
}

absl::Status DeleteCommitmentFacts(SqlSession& sql, int64_t visit) {
  return sql.Use("DELETE FROM commitment_fact WHERE visit = $1").Int(1, visit).Run();
}

absl::Status InsertCommitmentFact(SqlSession& sql, absl::string_view commitment, int64_t visit, int64_t item,
                                  absl::string_view bytes) {
  return sql.Use("INSERT INTO commitment_fact (commitment, visit, item, bytes) VALUES ($1, $2, $3, $4)")
      .Text(1, commitment)
      .Int(2, visit)
      .Int(3, item)
      .Blob(4, bytes)
      .Run();
}

absl::StatusOr<std::optional<CommitmentRow>> FindCommitment(SqlSession& sql, absl::string_view id) {
  Query query = sql.Use("SELECT account, visit, pending_until_us, bytes FROM commitment WHERE id = $1");
  ASSIGN_OR_RETURN(const bool found, query.Text(1, id).Step());
  if (!found) return std::optional<CommitmentRow>();
  CommitmentRow row;
  row.account = query.Int(0);
  row.visit = query.Int(1);
  row.pending_until_us = query.Int(2);
  ASSIGN_OR_RETURN(row.commitment, Parse(query.Blob(3)));
  return std::optional<CommitmentRow>(std::move(row));
}

absl::Status WriteCommitment(SqlSession& sql, const CommitmentRow& row) {
  const std::string bytes = row.commitment.SerializeAsString();
  Query query = sql.Use(
      "INSERT INTO commitment (id, account, visit, state, due_us, pending_until_us, bytes) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET account = excluded.account, "
      "visit = excluded.visit, state = excluded.state, due_us = excluded.due_us, "
      "pending_until_us = excluded.pending_until_us, bytes = excluded.bytes");
  query.Text(1, row.commitment.id()).Int(2, row.account).Int(3, row.visit).Int(4, row.commitment.state());
  query.Int(5, row.commitment.due_time_us()).Blob(7, bytes);
  if (row.pending_until_us == 0) {
    query.Null(6);
  } else {
    query.Int(6, row.pending_until_us);
  }
  return query.Run();
}

absl::Status DeleteCommitment(SqlSession& sql, absl::string_view id) {
  return sql.Use("DELETE FROM commitment WHERE id = $1").Text(1, id).Run();
}

absl::StatusOr<std::vector<v1::Commitment>> CommitmentsOfAccount(SqlSession& sql, int64_t account, int64_t state) {
  Query query =
      sql.Use("SELECT bytes FROM commitment WHERE account = $1 AND ($2 = 0 OR state = $2) ORDER BY due_us, id");
  query.Int(1, account).Int(2, state);
  std::vector<v1::Commitment> commitments;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return commitments;
    ASSIGN_OR_RETURN(v1::Commitment commitment, Parse(query.Blob(0)));
    commitments.push_back(std::move(commitment));
  }
}

absl::StatusOr<std::vector<std::string>> PendingCommitmentsOfDevice(SqlSession& sql, int64_t device, int64_t from_us,
                                                                    int64_t to_us) {
  Query query = sql.Use(
      "SELECT DISTINCT c.id FROM commitment c JOIN assignment a ON a.visit = c.visit AND a.revoked = 0 "
      "JOIN device_technician t ON t.technician = a.technician AND t.device = $1 "
      "WHERE c.pending_until_us > $2 AND c.pending_until_us <= $3 ORDER BY c.id");
  query.Int(1, device).Int(2, from_us).Int(3, to_us);
  return ReadTexts(query);
}

absl::StatusOr<std::vector<std::string>> OpenCommitmentsOfTechnician(SqlSession& sql, absl::string_view technician) {
  Query query = sql.Use(
      "SELECT DISTINCT c.id FROM assignment a JOIN commitment_fact f ON f.visit = a.visit "
      "JOIN commitment c ON c.id = f.commitment AND c.visit = a.visit "
      "WHERE a.technician = $1 AND a.revoked = 0 AND c.state = $2 AND c.due_us <> 0 ORDER BY c.id");
  query.Text(1, technician).Int(2, v1::COMMITMENT_STATE_OPEN);
  return ReadTexts(query);
}

}  // namespace doorstep
