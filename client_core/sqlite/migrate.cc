#include "client_core/sqlite/migrate.h"

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"

namespace doorstep::sqlite {

absl::Status Migrate(Database& db, const std::vector<absl::string_view>& migrations,
                     const std::function<absl::Status(int64_t)>& then) {
  int64_t version = 0;
  {
    ASSIGN_OR_RETURN(Statement read, db.Prepare("PRAGMA user_version"));
    ASSIGN_OR_RETURN(const bool row, read.Step());
    if (row) version = read.Int(0);
  }
  const int64_t newest = static_cast<int64_t>(migrations.size());
  if (version > newest) {
    return absl::FailedPreconditionError(absl::StrCat("the file has schema ", version, ", this program knows ", newest,
                                                      ": it was written by a newer version"));
  }
  for (; version < newest; ++version) {
    RETURN_IF_ERROR(db.Transaction([&]() -> absl::Status {
      RETURN_IF_ERROR(db.Execute(migrations[version]));
      if (then != nullptr) RETURN_IF_ERROR(then(version + 1));
      return db.Execute(absl::StrCat("PRAGMA user_version=", version + 1));
    }));
  }
  return absl::OkStatus();
}

}  // namespace doorstep::sqlite
