// Work orders as bytes, with the state that rolls up from their visits.
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
  int64_t version = 0;
  std::string bytes;  // A WorkOrder.
};

absl::StatusOr<std::optional<WorkOrderRow>> FindWorkOrder(SqlSession& sql, absl::string_view id);
// What every change of one of its visits asks: not its texts.
struct WorkOrderCase {
  std::string id;
  int64_t state = 0;
};
absl::StatusOr<std::optional<WorkOrderCase>> FindWorkOrderCase(SqlSession& sql, int64_t n);
absl::StatusOr<std::optional<WorkOrderRow>> FindWorkOrderByNumber(SqlSession& sql, int64_t n);
// 0: no such work order.
absl::StatusOr<int64_t> FindWorkOrderNumber(SqlSession& sql, absl::string_view id);

// Inserts or replaces by id; returns the number.
absl::StatusOr<int64_t> WriteWorkOrder(SqlSession& sql, const v1::WorkOrder& order, int64_t account);

// Of a work order that is there: all that changes when its state does.
absl::Status UpdateWorkOrderState(SqlSession& sql, int64_t n, const v1::WorkOrder& order);

// In the order of creation, those after number `after_n`. `account` 0: all.
absl::StatusOr<std::vector<WorkOrderRow>> ListWorkOrders(SqlSession& sql, int64_t account, int64_t after_n,
                                                         int64_t limit);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_WORK_ORDER_TABLE_H_
