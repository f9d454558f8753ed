#include "client_core/sqlite/migrate.h"

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"

namespace doorstep::sqlite {
namespace {

// No program will ever have so many: the number itself is damaged.
constexpr int64_t kVersionMax = 9999;

// The file has what the migration would make: the number is lower than it was.
bool SaysItIsThere(const absl::Status& status) {
  return absl::IsInternal(status) && (status.message().find("duplicate column name") != absl::string_view::npos ||
                                      status.message().find("already exists") != absl::string_view::npos);
}

}  // namespace

absl::Status Migrate(Database& db, const std::vector<absl::string_view>& migrations,
                     const std::function<absl::Status(int64_t)>& then) {
  int64_t version = 0;
  {
    ASSIGN_OR_RETURN(Statement read, db.Prepare("PRAGMA user_version"));
    ASSIGN_OR_RETURN(const bool row, read.Step());
    if (row) version = read.Int(0);
  }
  bool is_empty = false;
  {
    ASSIGN_OR_RETURN(Statement read, db.Prepare("SELECT 1 FROM sqlite_schema"));
    ASSIGN_OR_RETURN(const bool row, read.Step());
    is_empty = !row;
  }
  if (version < 0 || version > kVersionMax || (version == 0 && !is_empty)) {
    return absl::DataLossError(absl::StrCat("the file says that it has schema ", version, ", which cannot be"));
  }
  const int64_t newest = static_cast<int64_t>(migrations.size());
  if (version > newest) {
    return absl::FailedPreconditionError(absl::StrCat("the file has schema ", version, ", this program knows ", newest,
                                                      ": it was written by a newer version"));
  }
  for (; version < newest; ++version) {
    RETURN_IF_ERROR(db.Transaction([&]() -> absl::Status {
      const absl::Status made = db.Execute(migrations[version]);
      if (SaysItIsThere(made)) {
        return absl::DataLossError(
            absl::StrCat("the file says that it has schema ", version, ", which cannot be: ", made.message()));
      }
      RETURN_IF_ERROR(made);
      if (then != nullptr) RETURN_IF_ERROR(then(version + 1));
      return db.Execute(absl::StrCat("PRAGMA user_version=", version + 1));
    }));
  }
  return absl::OkStatus();
}

}  // namespace doorstep::sqlite
