#include "server/storage/left_table.h"

#include "client_core/base/status.h"

namespace doorstep {

absl::StatusOr<int64_t> FindLeft(SqlSession& sql, absl::string_view technician) {
  Query query = sql.Use("SELECT left_us FROM technician_left WHERE technician = $1");
  ASSIGN_OR_RETURN(const bool found, query.Text(1, technician).Step());
  return found ? query.Int(0) : 0;
}

absl::StatusOr<std::map<std::string, int64_t>> ListLeft(SqlSession& sql) {
  Query query = sql.Use("SELECT technician, left_us FROM technician_left");
  std::map<std::string, int64_t> left;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return left;
    left[std::string(query.Text(0))] = query.Int(1);
  }
}

absl::Status WriteLeft(SqlSession& sql, absl::string_view technician, int64_t left_us) {
  if (left_us == 0) return sql.Use("DELETE FROM technician_left WHERE technician = $1").Text(1, technician).Run();
  return sql
      .Use(
          "INSERT INTO technician_left (technician, left_us) VALUES ($1, $2) ON CONFLICT (technician) DO UPDATE SET "
          "left_us = excluded.left_us")
      .Text(1, technician)
      .Int(2, left_us)
      .Run();
}

}  // namespace doorstep
