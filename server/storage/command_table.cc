#include "server/storage/command_table.h"

#include <utility>

#include "client_core/base/status.h"

namespace doorstep {

absl::Status InsertCommand(SqlSession& sql, const CommandRow& row) {
  return sql
      .Use(
          "INSERT INTO command (commit_us, ordinal, principal, request_id, body_hash, bytes) "
          "VALUES ($1, $2, $3, $4, $5, $6)")
      .Int(1, row.commit_us)
      .Int(2, row.ordinal)
      .Text(3, row.principal)
      .Text(4, row.request_id)
      .Blob(5, row.body_hash)
      .Blob(6, row.bytes)
      .Run();
}

absl::StatusOr<std::vector<CommandRow>> CommandsAfter(SqlSession& sql, int64_t after_us, int64_t after_ordinal,
                                                      int64_t limit) {
  Query query = sql.Use(
      "SELECT commit_us, ordinal, principal, request_id, body_hash, bytes FROM command "
      "WHERE (commit_us, ordinal) > ($1, $2) ORDER BY commit_us, ordinal LIMIT $3");
  query.Int(1, after_us).Int(2, after_ordinal).Int(3, limit);
  std::vector<CommandRow> rows;
  while (true) {
    ASSIGN_OR_RETURN(const bool found, query.Step());
    if (!found) return rows;
    CommandRow row;
    row.commit_us = query.Int(0);
    row.ordinal = static_cast<uint32_t>(query.Int(1));
    row.principal = std::string(query.Text(2));
    row.request_id = std::string(query.Text(3));
    row.body_hash = std::string(query.Blob(4));
    row.bytes = std::string(query.Blob(5));
    rows.push_back(std::move(row));
  }
}

absl::StatusOr<std::string> FindCommandBytes(SqlSession& sql, int64_t commit_us, uint32_t ordinal) {
  Query query = sql.Use("SELECT bytes FROM command WHERE commit_us = $1 AND ordinal = $2");
  query.Int(1, commit_us).Int(2, ordinal);
  ASSIGN_OR_RETURN(const bool row, query.Step());
  return row ? std::string(query.Blob(0)) : std::string();
}

absl::StatusOr<int64_t> LastCommandCommit(SqlSession& sql) {
  Query query = sql.Use("SELECT coalesce(max(commit_us), 0) FROM command");
  ASSIGN_OR_RETURN(const bool row, query.Step());
  return row ? query.Int(0) : 0;
}

absl::StatusOr<uint64_t> CountCommands(SqlSession& sql) {
  Query query = sql.Use("SELECT count(*) FROM command");
  ASSIGN_OR_RETURN(const bool row, query.Step());
  return row ? static_cast<uint64_t>(query.Int(0)) : 0;
}

absl::StatusOr<std::optional<RequestRow>> FindRequest(SqlSession& sql, absl::string_view principal,
                                                      absl::string_view request_id) {
  Query query = sql.Use("SELECT body_hash, answer FROM request WHERE principal = $1 AND request_id = $2");
  ASSIGN_OR_RETURN(const bool found, query.Text(1, principal).Text(2, request_id).Step());
  if (!found) return std::optional<RequestRow>();
  return std::optional<RequestRow>(RequestRow{std::string(query.Blob(0)), std::string(query.Blob(1))});
}

absl::Status InsertRequest(SqlSession& sql, absl::string_view principal, absl::string_view request_id,
                           const RequestRow& row, int64_t commit_us) {
  return sql
      .Use("INSERT INTO request (principal, request_id, body_hash, answer, commit_us) VALUES ($1, $2, $3, $4, $5)")
      .Text(1, principal)
      .Text(2, request_id)
      .Blob(3, row.body_hash)
      .Blob(4, row.answer)
      .Int(5, commit_us)
      .Run();
}

}  // namespace doorstep
