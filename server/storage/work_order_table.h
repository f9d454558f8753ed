// Work orders. Their state, which rolls up from their visits, and their version change far more often than the rest and
// have columns of their own; the bytes are everything else.
#ifndef DOORSTEP_SERVER_STORAGE_WORK_ORDER_TABLE_H_
#define DOORSTEP_SERVER_STORAGE_WORK_ORDER_TABLE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/visit.pb.h"
#include "server/storage/sql_session.h"

namespace doorstep {

struct WorkOrderRow {
  int64_t n = 0;
  int64_t account = 0;
  v1::WorkOrder order;
};

// DATA_LOSS: its bytes are damaged.
absl::StatusOr<std::optional<WorkOrderRow>> FindWorkOrder(SqlSession& sql, absl::string_view id);
// The same as bytes of a WorkOrder, read by nobody yet; empty: no such work order.
absl::StatusOr<std::string> FindWorkOrderBytes(SqlSession& sql, absl::string_view id);
// What every change of one of its visits asks: not its texts.
struct WorkOrderCase {
  std::string id;
  v1::WorkOrderState state = v1::WORK_ORDER_STATE_UNSPECIFIED;
  int64_t version = 0;
};
absl::StatusOr<std::optional<WorkOrderCase>> FindWorkOrderCase(SqlSession& sql, int64_t n);
absl::Status UpdateWorkOrderState(SqlSession& sql, int64_t n, v1::WorkOrderState state, int64_t version);
// 0: no such work order.
absl::StatusOr<int64_t> FindWorkOrderVersion(SqlSession& sql, absl::string_view id);
absl::StatusOr<int64_t> FindWorkOrderNumber(SqlSession& sql, absl::string_view id);

// Inserts or replaces by id.
absl::Status WriteWorkOrder(SqlSession& sql, v1::WorkOrder order, int64_t account);

// In the order of creation, those after number `after_n`. `account` 0: all.
absl::StatusOr<std::vector<WorkOrderRow>> ListWorkOrders(SqlSession& sql, int64_t account, int64_t after_n,
                                                         int64_t limit);

// For a file whose work orders have state and version in their bytes.
absl::Status MoveStatesToColumns(SqlSession& sql);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_WORK_ORDER_TABLE_H_
