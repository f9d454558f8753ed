#include "client_core/sqlite/stray_rows.h"

#include <sqlite3.h>

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "client_core/sqlite/read_again.h"

namespace doorstep::sqlite {
namespace {

// A table that stands in this connection's schema only, and begins at a page of the caller's choice: what SQLite calls
// an imposter (sqlite.org/imposter.html).
class Imposter {
 public:
  Imposter(Database& db, int64_t page, absl::string_view columns) : db_(db), name_(absl::StrCat("stray_", page)) {
    Begin(1, static_cast<int>(page));
    made_ = db.Execute(absl::StrCat("CREATE TABLE ", name_, " (", columns, ")"));
    Begin(0, 0);
  }
  ~Imposter() { Begin(0, 1); }  // Forgets the schema, and the table with it.
  Imposter(const Imposter&) = delete;
  Imposter& operator=(const Imposter&) = delete;

  const absl::Status& made() const { return made_; }
  // Another for each page: a statement that was compiled for one must not be taken for the next.
  const std::string& name() const { return name_; }

 private:
  void Begin(int on, int page) { (void)sqlite3_test_control(SQLITE_TESTCTRL_IMPOSTER, db_.handle(), "main", on, page); }

  Database& db_;
  const std::string name_;
  absl::Status made_;
};

absl::StatusOr<int64_t> Pages(Database& db) {
  ASSIGN_OR_RETURN(Statement count, db.Prepare("PRAGMA page_count"));
  ASSIGN_OR_RETURN(const bool row, count.Step());
  return row ? count.Int(0) : 0;
}

absl::Status ReadPage(Database& db, int64_t page, absl::string_view columns, absl::string_view selected,
                      const std::function<void(const Statement&)>& on_row) {
  const Imposter imposter(db, page, columns);
  RETURN_IF_ERROR(imposter.made());
  ASSIGN_OR_RETURN(Statement read, db.Prepare(absl::StrCat("SELECT ", selected, " FROM ", imposter.name())));
  while (true) {
    ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) return absl::OkStatus();
    on_row(read);
  }
}

}  // namespace

void ReadStrayRows(Database& db, absl::string_view columns, absl::string_view selected,
                   const std::function<void(const Statement&)>& on_row) {
  const absl::StatusOr<int64_t> pages = ReadAgain([&] { return Pages(db); });
  for (int64_t page = 2; pages.ok() && page <= *pages; ++page) {
    (void)ReadAgain([&] { return ReadPage(db, page, columns, selected, on_row); });
  }
}

}  // namespace doorstep::sqlite
