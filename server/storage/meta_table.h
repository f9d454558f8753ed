// What a file says about itself: its generation, its secret, its last backup. Operational: no part of
// the truth, and not made again by a rebuild.
#ifndef DOORSTEP_SERVER_STORAGE_META_TABLE_H_
#define DOORSTEP_SERVER_STORAGE_META_TABLE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client_core/base/random.h"
#include "server/storage/sql_session.h"

namespace doorstep {

// 16 hexadecimal digits.
std::string DrawGeneration(Random& random);

// Draws what the file lacks: in a new file everything.
absl::Status FillMeta(SqlSession& sql, Random& random);

absl::StatusOr<std::string> ReadGeneration(SqlSession& sql);
absl::Status WriteGeneration(SqlSession& sql, absl::string_view generation);

// 64 hexadecimal digits, as old as the file: a copy of the file gives the same tokens, and knows the countersigns that
// were made after it was copied.
absl::StatusOr<std::string> ReadSecret(SqlSession& sql);

// When the last verified backup was made; 0: there is none.
absl::StatusOr<int64_t> ReadLastBackup(SqlSession& sql);
absl::Status WriteLastBackup(SqlSession& sql, int64_t time_us);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_META_TABLE_H_
