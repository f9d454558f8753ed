#include "tools/phone/answer.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <libsmartcols/libsmartcols.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tools/phone/errors.h"
#include "tools/phone/words.h"

namespace doorstep::phone {

namespace {

constexpr char kSeparator[] = "  ";
constexpr size_t kColumnLeast = 10;

// The cells as they are printed: the widest columns go on in the next line when the terminal is too narrow.
std::vector<std::vector<std::string>> Fitted(const std::vector<std::string>& titles,
                                             std::vector<std::vector<std::string>> rows, size_t terminal) {
  std::vector<size_t> widths;
  std::vector<size_t> least;
  for (const std::string& title : titles) {
    widths.push_back(Cells(title));
    least.push_back(std::max(Cells(title), kColumnLeast));
  }
  for (std::vector<std::string>& row : rows) {
    row.resize(titles.size());
    for (size_t i = 0; i < row.size(); ++i) {
      row[i] = row[i].empty() ? "-" : Printable(row[i]);
      widths[i] = std::max(widths[i], Cells(row[i]));
      for (const absl::string_view word : absl::StrSplit(row[i], ' ')) least[i] = std::max(least[i], Cells(word));
    }
  }
  const size_t separators = (titles.size() - 1) * std::strlen(kSeparator);
  size_t total = std::accumulate(widths.begin(), widths.end(), separators);
  while (terminal > 0 && total > terminal) {
    size_t widest = widths.size();
    for (size_t i = 0; i < widths.size(); ++i) {
      if (widths[i] > least[i] && (widest == widths.size() || widths[i] > widths[widest])) widest = i;
    }
    if (widest == widths.size()) break;
    --widths[widest];
    --total;
  }
  for (std::vector<std::string>& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) row[i] = Wrapped(row[i], widths[i], /*hang=*/0);
  }
  return rows;
}

}  // namespace

std::string JsonOf(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(message, &json, options).ok()) return "null";
  return json;
}

std::string JsonOf(absl::string_view text) {
  google::protobuf::Value value;
  value.set_string_value(std::string(text));
  return JsonOf(value);
}

Answer& Answer::Line(absl::string_view line) {
  absl::StrAppend(&text_, Wrapped(Printable(line), TerminalWidth(STDOUT_FILENO)), "\n");
  return *this;
}

Answer& Answer::Table(const std::vector<std::string>& titles, const std::vector<std::vector<std::string>>& rows) {
  libscols_table* table = scols_new_table();
  scols_table_set_column_separator(table, kSeparator);
  scols_table_enable_noencoding(table, 1);  // Printable() has done it.
  // The lines are broken here, between words; the library breaks them anywhere.
  scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
  for (const std::string& title : titles) {
    libscols_column* made = scols_table_new_column(table, title.c_str(), 0, SCOLS_FL_WRAP);
    scols_column_set_wrapfunc(made, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, nullptr);
    scols_column_set_safechars(made, "\n");
  }
  for (const std::vector<std::string>& row : Fitted(titles, rows, TerminalWidth(STDOUT_FILENO))) {
    libscols_line* line = scols_table_new_line(table, nullptr);
    for (size_t i = 0; i < row.size(); ++i) scols_line_set_data(line, i, row[i].c_str());
  }
  char* printed = nullptr;
  if (scols_print_table_to_string(table, &printed) == 0 && printed != nullptr) {
    text_ += printed;
    if (!text_.empty() && text_.back() != '\n') text_ += '\n';
  }
  std::free(printed);
  scols_unref_table(table);
  return *this;
}

Answer& Answer::Field(absl::string_view name, absl::string_view json) {
  absl::StrAppend(&fields_, ",", JsonOf(name), ":", json);
  return *this;
}

std::string Answer::Json(absl::string_view command) const {
  return absl::StrCat("{\"command\":", JsonOf(command), ",\"ok\":true", fields_, "}");
}

std::string Answer::Json(absl::string_view command, const absl::Status& error) {
  return absl::StrCat("{\"command\":", JsonOf(command),
                      ",\"ok\":false,\"error\":{\"code\":", JsonOf(absl::StatusCodeToString(error.code())),
                      ",\"message\":", JsonOf(error.message()), ",\"try\":", JsonOf(AdviceOf(error)), "}}");
}

}  // namespace doorstep::phone
