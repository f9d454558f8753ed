#include "server/storage/assignment_table.h"

#include "client_core/base/status.h"

namespace doorstep {
namespace {

absl::StatusOr<std::vector<int64_t>> ReadNumbers(Query& query) {
  std::vector<int64_t> numbers;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return numbers;
    numbers.push_back(query.Int(0));
  }
}

}  // namespace

absl::Status WriteAssignment(SqlSession& sql, absl::string_view technician, int64_t visit, bool revoked) {
  return sql
      .Use(
          "INSERT INTO assignment (technician, visit, revoked) VALUES ($1, $2, $3) "
          "ON CONFLICT (technician, visit) DO UPDATE SET revoked = excluded.revoked")
      .Text(1, technician)
      .Int(2, visit)
      .Int(3, revoked ? 1 : 0)
      .Run();
}

absl::StatusOr<std::vector<int64_t>> VisitsOfTechnician(SqlSession& sql, absl::string_view technician, int64_t from_day,
                                                        int64_t to_day) {
  Query query = sql.Use(
      "SELECT a.visit FROM assignment a JOIN visit v ON v.n = a.visit "
      "WHERE a.technician = $1 AND a.revoked = 0 AND (v.day = 0 OR (v.day >= $2 AND v.day <= $3)) ORDER BY a.visit");
  query.Text(1, technician).Int(2, from_day).Int(3, to_day);
  return ReadNumbers(query);
}

absl::StatusOr<std::vector<int64_t>> EveryVisitOfTechnician(SqlSession& sql, absl::string_view technician) {
  Query query = sql.Use("SELECT visit FROM assignment WHERE technician = $1 ORDER BY visit");
  query.Text(1, technician);
  return ReadNumbers(query);
}

}  // namespace doorstep
