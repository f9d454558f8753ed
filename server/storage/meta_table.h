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

// Draws what the file lacks: in a new file everything.
absl::Status FillMeta(SqlSession& sql, Random& random);

// 16 hexadecimal digits.
absl::StatusOr<std::string> ReadGeneration(SqlSession& sql);
// Draws and writes another one, for a file that has lost a time. The numbers that devices may have been given in that
// time are left out from now on: their phones come back and are the same devices again (EnrollRequest.former_device),
// so nobody else may be given them.
absl::StatusOr<std::string> BeginGeneration(SqlSession& sql, Random& random);
// No device that is new gets a number below this one. 0: any.
absl::StatusOr<int64_t> ReadLeastDeviceNumber(SqlSession& sql);

// 64 hexadecimal digits, as old as the file: a copy of the file knows the countersigns that were made after it was
// copied.
absl::StatusOr<std::string> ReadSecret(SqlSession& sql);

// When the last verified backup was made; 0: there is none.
absl::StatusOr<int64_t> ReadLastBackup(SqlSession& sql);
absl::Status WriteLastBackup(SqlSession& sql, int64_t time_us);

// By how many days the server's day is behind that of its commits, as the last TickCommand says; 0 but for a clock that
// was set back. Follows from the truth, and a rebuild sets it in its own file.
absl::StatusOr<int64_t> ReadDaysBehind(SqlSession& sql);
absl::Status WriteDaysBehind(SqlSession& sql, int64_t days);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_META_TABLE_H_
