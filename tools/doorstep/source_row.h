// One row of a file before anybody knows what its columns mean, from CSV or JSON lines alike.
#ifndef DOORSTEP_TOOLS_DOORSTEP_SOURCE_ROW_H_
#define DOORSTEP_TOOLS_DOORSTEP_SOURCE_ROW_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace doorstep::cli {

struct SourceCell {
  std::string column;  // As the file names it; members of nested objects are joined with dots.
  std::string text;
  std::vector<std::string> items;  // The elements, when the file has a list here.
  bool is_list = false;
};

struct SourceRow {
  int64_t line = 0;  // Of the file, from 1: where the row begins.
  std::vector<SourceCell> cells;
  // Not empty: the row cannot be read, and `cells` is not to be used.
  std::string problem;
  std::string problem_column;
  bool names_its_cells = false;  // A JSON object; the names of CSV stand in the header.
};

using RowSink = std::function<void(SourceRow row)>;

// CSV with a header line. `delimiter` 0: found from the header (comma, semicolon or tab). Lines before the header that
// begin with # are comments. Rows that cannot be read reach the sink with a problem; reading goes on behind them.
// INVALID_ARGUMENT when the header is missing or names a column twice: then no row reaches the sink.
absl::Status ReadCsv(absl::string_view text, char delimiter, const RowSink& sink);

// One JSON object a line. Blank lines are skipped. A number of more than 15 digits must be written as text, because
// JSON readers round it.
absl::Status ReadJsonLines(absl::string_view text, const RowSink& sink);

// Whether the first thing in the text is a JSON object.
bool LooksLikeJsonLines(absl::string_view text);

// The names in the header of a CSV text, or of the members of the first JSON object; empty when there are none.
std::vector<std::string> ColumnNames(absl::string_view text, char delimiter);

}  // namespace doorstep::cli

#endif  // DOORSTEP_TOOLS_DOORSTEP_SOURCE_ROW_H_
