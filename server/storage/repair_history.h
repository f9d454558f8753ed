// What the repair histories say: repeats and first-time fix, both read off the same chains as health.
// Invariant: one function (health::TraceChain) decides what a repeat is.
#ifndef DOORSTEP_SERVER_STORAGE_REPAIR_HISTORY_H_
#define DOORSTEP_SERVER_STORAGE_REPAIR_HISTORY_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "doorstep/v1/account_service.pb.h"
#include "doorstep/v1/visit.pb.h"
#include "server/storage/sql_session.h"
#include "server/storage/visit_table.h"

namespace doorstep {

// Corrective visits of the account that began, newest first, at most `limit`. `today` is a civil day: a fix younger
// than 30 days is PENDING.
absl::StatusOr<std::vector<v1::Repair>> RepairsOfAccount(SqlSession& sql, int64_t account, int32_t today,
                                                         int64_t limit);

// Over one account, or all of them when `account` is 0.
absl::StatusOr<v1::RepairStatistics> CountRepairs(SqlSession& sql, int64_t account, int32_t today);

// Of a work order: NO when any of its visits was repeated or did not resolve it at the first attempt, YES or PENDING
// when the first attempt resolved it, UNSPECIFIED while nothing has been resolved.
absl::StatusOr<v1::FirstTimeFix> FirstTimeFixOf(SqlSession& sql, int64_t work_order, int32_t today);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_REPAIR_HISTORY_H_
