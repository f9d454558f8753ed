#include "server/storage/work_order_table.h"

#include "client_core/base/status.h"

namespace doorstep {
namespace {

// Columns n, account, version, bytes.
WorkOrderRow ReadRow(const Query& query) {
  return {query.Int(0), query.Int(1), query.Int(2), std::string(query.Blob(3))};
}

absl::StatusOr<std::optional<WorkOrderRow>> ReadOne(Query& query) {
  ASSIGN_OR_RETURN(const bool found, query.Step());
  if (!found) return std::optional<WorkOrderRow>();
  return std::optional<WorkOrderRow>(ReadRow(query));
}

}  // namespace

absl::StatusOr<std::optional<WorkOrderRow>> FindWorkOrder(SqlSession& sql, absl::string_view id) {
  Query query = sql.Use("SELECT n, account, version, bytes FROM work_order WHERE id = $1");
  query.Text(1, id);
  return ReadOne(query);
}

absl::StatusOr<std::optional<WorkOrderCase>> FindWorkOrderCase(SqlSession& sql, int64_t n) {
  Query query = sql.Use("SELECT id, state FROM work_order WHERE n = $1");
  ASSIGN_OR_RETURN(const bool found, query.Int(1, n).Step());
  if (!found) return std::optional<WorkOrderCase>();
  return std::optional<WorkOrderCase>({std::string(query.Text(0)), query.Int(1)});
}

absl::StatusOr<std::optional<WorkOrderRow>> FindWorkOrderByNumber(SqlSession& sql, int64_t n) {
  Query query = sql.Use("SELECT n, account, version, bytes FROM work_order WHERE n = $1");
  query.Int(1, n);
  return ReadOne(query);
}

absl::StatusOr<int64_t> FindWorkOrderNumber(SqlSession& sql, absl::string_view id) {
  Query query = sql.Use("SELECT n FROM work_order WHERE id = $1");
  ASSIGN_OR_RETURN(const bool found, query.Text(1, id).Step());
  return found ? query.Int(0) : 0;
}

absl::StatusOr<int64_t> WriteWorkOrder(SqlSession& sql, const v1::WorkOrder& order, int64_t account) {
  const std::string bytes = order.SerializeAsString();
  Query query = sql.Use(
      "INSERT INTO work_order (n, id, account, state, version, bytes) "
      "VALUES ((SELECT coalesce(max(n), 0) + 1 FROM work_order), $1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET "
      "account = excluded.account, state = excluded.state, version = excluded.version, bytes = excluded.bytes "
      "RETURNING n");
  query.Text(1, order.id()).Int(2, account).Int(3, order.state()).Int(4, order.version()).Blob(5, bytes);
  ASSIGN_OR_RETURN(const bool row, query.Step());
  if (!row) return absl::InternalError("table work_order: the insert returned no number");
  const int64_t n = query.Int(0);
  RETURN_IF_ERROR(query.Run());
  return n;
}

absl::Status UpdateWorkOrderState(SqlSession& sql, int64_t n, const v1::WorkOrder& order) {
  const std::string bytes = order.SerializeAsString();
  Query query = sql.Use("UPDATE work_order SET state = $2, version = $3, bytes = $4 WHERE n = $1");
  return query.Int(1, n).Int(2, order.state()).Int(3, order.version()).Blob(4, bytes).Run();
}

absl::StatusOr<std::vector<WorkOrderRow>> ListWorkOrders(SqlSession& sql, int64_t account, int64_t after_n,
                                                         int64_t limit) {
  Query all = sql.Use("SELECT n, account, version, bytes FROM work_order WHERE n > $1 ORDER BY n LIMIT $2");
  Query of_account =
      sql.Use("SELECT n, account, version, bytes FROM work_order WHERE account = $3 AND n > $1 ORDER BY n LIMIT $2");
  Query& query = account == 0 ? all : of_account;
  if (account != 0) query.Int(3, account);
  query.Int(1, after_n).Int(2, limit);
  std::vector<WorkOrderRow> rows;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return rows;
    rows.push_back(ReadRow(query));
  }
}

}  // namespace doorstep
