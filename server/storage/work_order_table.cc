#include "server/storage/work_order_table.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"

namespace doorstep {
namespace {

// Columns n, account, state, version, bytes.
absl::StatusOr<WorkOrderRow> ReadRow(const Query& query) {
  WorkOrderRow row;
  row.n = query.Int(0);
  row.account = query.Int(1);
  if (!row.order.ParseFromArray(query.Blob(4).data(), static_cast<int>(query.Blob(4).size()))) {
    return absl::DataLossError(absl::StrCat("table work_order: row ", row.n, " is not a WorkOrder"));
  }
  row.order.set_state(static_cast<v1::WorkOrderState>(query.Int(2)));
  row.order.set_version(query.Int(3));
  return row;
}

}  // namespace

absl::StatusOr<std::optional<WorkOrderRow>> FindWorkOrder(SqlSession& sql, absl::string_view id) {
  Query query = sql.Use("SELECT n, account, state, version, bytes FROM work_order WHERE id = $1");
  ASSIGN_OR_RETURN(const bool found, query.Text(1, id).Step());
  if (!found) return std::optional<WorkOrderRow>();
  ASSIGN_OR_RETURN(WorkOrderRow row, ReadRow(query));
  return std::optional<WorkOrderRow>(std::move(row));
}

absl::StatusOr<std::string> FindWorkOrderBytes(SqlSession& sql, absl::string_view id) {
  Query query = sql.Use("SELECT state, version, bytes FROM work_order WHERE id = $1");
  ASSIGN_OR_RETURN(const bool found, query.Text(1, id).Step());
  if (!found || query.Blob(2).empty()) return std::string();
  v1::WorkOrder columns;
  columns.set_state(static_cast<v1::WorkOrderState>(query.Int(0)));
  columns.set_version(query.Int(1));
  // Two messages one behind the other are their fields together. The stored one comes last: were its end cut off, it
  // would take what follows for its own.
  return absl::StrCat(columns.SerializeAsString(), query.Blob(2));
}

absl::StatusOr<std::optional<WorkOrderCase>> FindWorkOrderCase(SqlSession& sql, int64_t n) {
  Query query = sql.Use("SELECT id, state, version FROM work_order WHERE n = $1");
  ASSIGN_OR_RETURN(const bool found, query.Int(1, n).Step());
  if (!found) return std::optional<WorkOrderCase>();
  return std::optional<WorkOrderCase>(
      {std::string(query.Text(0)), static_cast<v1::WorkOrderState>(query.Int(1)), query.Int(2)});
}

absl::Status UpdateWorkOrderState(SqlSession& sql, int64_t n, v1::WorkOrderState state, int64_t version) {
  Query query = sql.Use("UPDATE work_order SET state = $2, version = $3 WHERE n = $1");
  return query.Int(1, n).Int(2, state).Int(3, version).Run();
}

absl::StatusOr<int64_t> FindWorkOrderVersion(SqlSession& sql, absl::string_view id) {
  Query query = sql.Use("SELECT version FROM work_order WHERE id = $1");
  ASSIGN_OR_RETURN(const bool found, query.Text(1, id).Step());
  return found ? query.Int(0) : 0;
}

absl::StatusOr<int64_t> FindWorkOrderNumber(SqlSession& sql, absl::string_view id) {
  Query query = sql.Use("SELECT n FROM work_order WHERE id = $1");
  ASSIGN_OR_RETURN(const bool found, query.Text(1, id).Step());
  return found ? query.Int(0) : 0;
}

absl::Status WriteWorkOrder(SqlSession& sql, v1::WorkOrder order, int64_t account) {
  Query query = sql.Use(
      "INSERT INTO work_order (n, id, account, state, version, bytes) "
      "VALUES ((SELECT coalesce(max(n), 0) + 1 FROM work_order), $1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET "
      "account = excluded.account, state = excluded.state, version = excluded.version, bytes = excluded.bytes");
  query.Text(1, order.id()).Int(2, account).Int(3, order.state()).Int(4, order.version());
  order.clear_state();
  order.clear_version();
  const std::string bytes = order.SerializeAsString();
  return query.Blob(5, bytes).Run();
}

absl::StatusOr<std::vector<WorkOrderRow>> ListWorkOrders(SqlSession& sql, int64_t account, int64_t after_n,
                                                         int64_t limit) {
  Query all = sql.Use("SELECT n, account, state, version, bytes FROM work_order WHERE n > $1 ORDER BY n LIMIT $2");
  Query of_account = sql.Use(
      "SELECT n, account, state, version, bytes FROM work_order WHERE account = $3 AND n > $1 ORDER BY n LIMIT $2");
  Query& query = account == 0 ? all : of_account;
  if (account != 0) query.Int(3, account);
  query.Int(1, after_n).Int(2, limit);
  std::vector<WorkOrderRow> rows;
  while (true) {
    ASSIGN_OR_RETURN(const bool found, query.Step());
    if (!found) return rows;
    ASSIGN_OR_RETURN(WorkOrderRow row, ReadRow(query));
    rows.push_back(std::move(row));
  }
}

absl::Status MoveStatesToColumns(SqlSession& sql) {
  int64_t n = 0;
  while (true) {
    v1::WorkOrder order;
    bool readable = false;
    {
      Query query = sql.Use("SELECT n, bytes FROM work_order WHERE n > $1 ORDER BY n LIMIT 1");
      ASSIGN_OR_RETURN(const bool found, query.Int(1, n).Step());
      if (!found) return absl::OkStatus();
      n = query.Int(0);
      readable = order.ParseFromArray(query.Blob(1).data(), static_cast<int>(query.Blob(1).size()));
    }
    if (!readable) continue;  // It is told when somebody asks for it.
    order.clear_state();
    order.clear_version();
    const std::string bytes = order.SerializeAsString();
    RETURN_IF_ERROR(sql.Use("UPDATE work_order SET bytes = $2 WHERE n = $1").Int(1, n).Blob(2, bytes).Run());
  }
}

}  // namespace doorstep
