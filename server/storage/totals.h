// How much the file holds: what an administrator's status shows.
#ifndef DOORSTEP_SERVER_STORAGE_TOTALS_H_
#define DOORSTEP_SERVER_STORAGE_TOTALS_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "server/storage/sql_session.h"

namespace doorstep {

struct Totals {
  uint64_t frames = 0;
  uint64_t entries = 0;  // Each position once.
  uint64_t commands = 0;
  uint64_t visits = 0;
  uint64_t accounts = 0;
  uint64_t devices = 0;
  uint64_t quarantined = 0;
  uint64_t copies = 0;
  uint64_t attention = 0;
};

absl::StatusOr<Totals> CountTotals(SqlSession& sql);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_TOTALS_H_
