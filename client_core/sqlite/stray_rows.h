// Rows of a table whose tree is broken: a page of the inside that cannot be read hides every row below it.
#ifndef DOORSTEP_CLIENT_CORE_SQLITE_STRAY_ROWS_H_
#define DOORSTEP_CLIENT_CORE_SQLITE_STRAY_ROWS_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "client_core/sqlite/database.h"

namespace doorstep::sqlite {

// Reads each page of the file as if a table with these `columns` began there, and calls `on_row` with a statement that
// selected `selected` for every row that comes of it: in no order, often more than once, also rows of other tables and
// rows that were deleted long ago. The caller knows its own. Nothing is written; what cannot be read is passed over.
void ReadStrayRows(Database& db, absl::string_view columns, absl::string_view selected,
                   const std::function<void(const Statement&)>& on_row);

}  // namespace doorstep::sqlite

#endif  // DOORSTEP_CLIENT_CORE_SQLITE_STRAY_ROWS_H_
