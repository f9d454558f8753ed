// By what phones are woken. Operational: neither truth nor rebuilt.
// Invariant: no two devices have one token, and a blocked one has none.
#ifndef DOORSTEP_SERVER_STORAGE_PUSH_TABLE_H_
#define DOORSTEP_SERVER_STORAGE_PUSH_TABLE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/storage/sql_session.h"

namespace doorstep {

// Empty: it has none any more. Another device that had it has none from now on.
absl::Status WritePushToken(SqlSession& sql, int64_t device, absl::string_view token);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_PUSH_TABLE_H_
