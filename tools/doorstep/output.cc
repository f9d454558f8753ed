#include "tools/doorstep/output.h"

#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>
#include <libsmartcols/libsmartcols.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "tools/doorstep/table_layout.h"
#include "tools/doorstep/text.h"

namespace doorstep::cli {
namespace {

bool ColoursWanted() {
  const char* no_color = std::getenv("NO_COLOR");
  return isatty(STDOUT_FILENO) == 1 && (no_color == nullptr || no_color[0] == '\0');
}

constexpr char kSeparator[] = "  ";
constexpr size_t kWrappedColumnLeast = 10;

const char* Escape(Colour colour) {
  switch (colour) {
    case Colour::kPlain:
      return nullptr;
    case Colour::kGood:
      return "\033[32m";
    case Colour::kWarning:
      return "\033[33m";
    case Colour::kBad:
      return "\033[31m";
    case Colour::kFaint:
      return "\033[2m";
  }
  return nullptr;
}

absl::Status WriteJson(const google::protobuf::Message& message, bool in_lines) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = in_lines;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  if (!status.ok()) return absl::InternalError(absl::StrCat("cannot write JSON: ", status.ToString()));
  std::fputs(json.c_str(), stdout);
  if (json.empty() || json.back() != '\n') std::fputc('\n', stdout);
  return absl::OkStatus();
}

}  // namespace

absl::Status PrintJson(const google::protobuf::Message& message) { return WriteJson(message, /*in_lines=*/true); }

absl::Status PrintJsonLine(const google::protobuf::Message& message) {
  RETURN_IF_ERROR(WriteJson(message, /*in_lines=*/false));
  std::fflush(stdout);
  return absl::OkStatus();
}

void Say(absl::string_view line) {
  std::fprintf(stdout, "%s\n", WrapProse(line, TerminalWidth(STDOUT_FILENO)).c_str());
}

void Note(absl::string_view line) {
  std::fflush(stdout);
  std::fprintf(stderr, "%s\n", WrapProse(Printable(line), TerminalWidth(STDERR_FILENO)).c_str());
}

std::string Coloured(absl::string_view text, Colour colour) {
  const char* escape = ColoursWanted() ? Escape(colour) : nullptr;
  return escape == nullptr ? std::string(text) : absl::StrCat(escape, text, "\033[0m");
}

void Table::Row(std::vector<std::string> cells, Colour colour) {
  cells.resize(columns_.size());
  rows_.push_back({std::move(cells), colour});
}

void Table::Print(bool without_titles) const {
  std::fflush(stdout);
  libscols_table* table = scols_new_table();
  scols_table_enable_noheadings(table, without_titles ? 1 : 0);
  scols_table_enable_colors(table, ColoursWanted() ? 1 : 0);
  scols_table_enable_noencoding(table, 1);  // Printable() has done it; twice would show the escapes of escapes.
  scols_table_set_column_separator(table, kSeparator);
  // The lines are broken here, between words; the library breaks them anywhere.
  scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
  for (const Column& column : columns_) {
    libscols_column* made =
        scols_table_new_column(table, column.title.c_str(), 0, SCOLS_FL_WRAP | (column.right ? SCOLS_FL_RIGHT : 0));
    scols_column_set_wrapfunc(made, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, nullptr);
    scols_column_set_safechars(made, "\n");
  }
  for (const Line& row : Fitted(without_titles)) {
    libscols_line* line = scols_table_new_line(table, nullptr);
    for (size_t i = 0; i < row.cells.size(); ++i) scols_line_set_data(line, i, row.cells[i].c_str());
    if (const char* escape = Escape(row.colour); escape != nullptr) scols_line_set_color(line, escape);
  }
  scols_print_table(table);
  scols_unref_table(table);
}

// The rows as they are printed: harmless, and broken into lines where the terminal is too narrow.
std::vector<Table::Line> Table::Fitted(bool without_titles) const {
  std::vector<Line> rows = rows_;
  const size_t count = columns_.size();
  std::vector<size_t> natural(count), least(count);
  std::vector<bool> may_wrap(count);
  for (size_t i = 0; i < count; ++i) {
    natural[i] = least[i] = without_titles ? 0 : DisplayWidth(columns_[i].title);
    may_wrap[i] = columns_[i].wraps;
    for (Line& row : rows) {
      row.cells[i] = Printable(row.cells[i]);
      if (row.cells[i].empty()) row.cells[i] = "-";
      natural[i] = std::max(natural[i], DisplayWidth(row.cells[i]));
      least[i] = std::max({least[i], LongestWord(row.cells[i]), kWrappedColumnLeast});
    }
  }
  const size_t terminal = TerminalWidth(STDOUT_FILENO);
  const size_t separators = (count - 1) * std::strlen(kSeparator);
  if (terminal <= separators) return rows;  // Not a terminal, or one without a width.
  const std::vector<size_t> widths = FitColumns(natural, least, may_wrap, terminal - separators);
  for (Line& row : rows) {
    for (size_t i = 0; i < count; ++i) {
      if (may_wrap[i]) row.cells[i] = WrapText(row.cells[i], widths[i]);
    }
  }
  return rows;
}

void Details::Add(absl::string_view name, absl::string_view value, Colour colour) {
  if (!value.empty()) table_.Row({std::string(name), std::string(value)}, colour);
}

}  // namespace doorstep::cli
