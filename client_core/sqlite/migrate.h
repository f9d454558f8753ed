// Numbered migrations, forward only, one transaction each. The number of the last one stands in `user_version`.
#ifndef DOORSTEP_CLIENT_CORE_SQLITE_MIGRATE_H_
#define DOORSTEP_CLIENT_CORE_SQLITE_MIGRATE_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "client_core/sqlite/database.h"

namespace doorstep::sqlite {

// Brings `db` to migration migrations.size(); migration i (from 1) is migrations[i - 1]. FAILED_PRECONDITION when the
// file was made by a newer program.
absl::Status Migrate(Database& db, const std::vector<absl::string_view>& migrations);

}  // namespace doorstep::sqlite

#endif  // DOORSTEP_CLIENT_CORE_SQLITE_MIGRATE_H_
