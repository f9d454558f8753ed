// Numbered migrations, forward only, one transaction each. The number of the last one stands in `user_version`.
#ifndef DOORSTEP_CLIENT_CORE_SQLITE_MIGRATE_H_
#define DOORSTEP_CLIENT_CORE_SQLITE_MIGRATE_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "client_core/sqlite/database.h"

namespace doorstep::sqlite {

// Brings `db` to migration migrations.size(); migration i (from 1) is migrations[i - 1]. `then` does what SQL cannot,
// in the transaction of the migration whose number it is given. FAILED_PRECONDITION when the file was made by a newer
// program; DATA_LOSS when the number is none that any program writes there, or lower than what the file has.
absl::Status Migrate(Database& db, const std::vector<absl::string_view>& migrations,
                     const std::function<absl::Status(int64_t)>& then = nullptr);

}  // namespace doorstep::sqlite

#endif  // DOORSTEP_CLIENT_CORE_SQLITE_MIGRATE_H_
