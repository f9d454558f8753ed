#include "server/storage/brief_table.h"

#include "client_core/base/status.h"

namespace doorstep {

absl::StatusOr<BriefRow> FindBrief(SqlSession& sql, int64_t account) {
  Query query = sql.Use("SELECT version, bytes FROM brief WHERE account = $1");
  ASSIGN_OR_RETURN(const bool found, query.Int(1, account).Step());
  if (!found) return BriefRow{};
  return BriefRow{query.Int(0), std::string(query.Blob(1))};
}

absl::Status WriteBrief(SqlSession& sql, int64_t account, int64_t version, absl::string_view bytes) {
  return sql
      .Use(
          "INSERT INTO brief (account, version, bytes) VALUES ($1, $2, $3) "
          "ON CONFLICT (account) DO UPDATE SET version = excluded.version, bytes = excluded.bytes")
      .Int(1, account)
      .Int(2, version)
      .Blob(3, bytes)
      .Run();
}

}  // namespace doorstep
