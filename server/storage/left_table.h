// Technicians who left the company, and since when.
#ifndef DOORSTEP_SERVER_STORAGE_LEFT_TABLE_H_
#define DOORSTEP_SERVER_STORAGE_LEFT_TABLE_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/storage/sql_session.h"

namespace doorstep {

// 0: has not left.
absl::StatusOr<int64_t> FindLeft(SqlSession& sql, absl::string_view technician);
// Everybody who left, by id: few, and not those of today alone.
absl::StatusOr<std::map<std::string, int64_t>> ListLeft(SqlSession& sql);
// 0: has not left after all.
absl::Status WriteLeft(SqlSession& sql, absl::string_view technician, int64_t left_us);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_LEFT_TABLE_H_
