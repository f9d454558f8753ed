// JSON lines over protobuf's JSON reader.
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <charconv>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client_core/base/limits.h"
#include "tools/doorstep/charset.h"
#include "tools/doorstep/source_row.h"

namespace doorstep::cli {
namespace {

using google::protobuf::Value;

constexpr double kExactIntegerMax = 999999999999999;  // 15 digits survive the way through a double.

// The text that the file had for a value that is neither object nor list. False: it cannot be known exactly.
bool ScalarText(const Value& value, std::string* text) {
  switch (value.kind_case()) {
    case Value::kStringValue:
      *text = value.string_value();
      return true;
    case Value::kBoolValue:
      *text = value.bool_value() ? "true" : "false";
      return true;
    case Value::kNumberValue: {
      const double number = value.number_value();
      if (!std::isfinite(number) || std::fabs(number) > kExactIntegerMax) return false;
      char digits[64];
      const auto end = std::to_chars(digits, digits + sizeof(digits), number, std::chars_format::fixed);
      text->assign(digits, end.ptr);
      return true;
    }
    default:
      text->clear();
      return true;
  }
}

constexpr char kTooManyDigits[] = "a number of more than 15 digits must be written as text, in quotes";

// Appends the cells of one member; nested objects become cells of their own. False: `row->problem` says why.
bool AddCells(const std::string& column, const Value& value, SourceRow* row) {
  if (value.has_struct_value()) {
    for (const auto& [name, member] : value.struct_value().fields()) {
      if (!AddCells(absl::StrCat(column, ".", name), member, row)) return false;
    }
    return true;
  }
  SourceCell cell;
  cell.column = column;
  row->problem_column = column;
  if (value.has_list_value()) {
    cell.is_list = true;
    for (const Value& item : value.list_value().values()) {
      if (item.has_struct_value() || item.has_list_value()) {
        row->problem = "a list holds text and numbers only";
        return false;
      }
      if (!ScalarText(item, &cell.items.emplace_back())) {
        row->problem = kTooManyDigits;
        return false;
      }
    }
  } else if (!ScalarText(value, &cell.text)) {
    row->problem = kTooManyDigits;
    return false;
  }
  row->problem_column.clear();
  row->cells.push_back(std::move(cell));
  return true;
}

SourceRow ReadObject(absl::string_view line) {
  SourceRow row;
  row.names_its_cells = true;
  if (line.size() > limits::kImportRowBytesMax) {
    row.problem = absl::StrCat("the row has ", line.size(), " bytes, at most ", limits::kImportRowBytesMax);
    return row;
  }
  if (!IsUtf8(line)) {
    row.problem = "the line is not UTF-8, as the rest of the file is";
    return row;
  }
  google::protobuf::Struct object;
  const auto parsed =
      google::protobuf::util::JsonStringToMessage(google::protobuf::StringPiece(line.data(), line.size()), &object);
  if (!parsed.ok()) {
    row.problem = absl::StrCat("not a JSON object: ", std::string(parsed.message().data(), parsed.message().size()));
    row.problem = row.problem.substr(0, row.problem.find('\n'));
    return row;
  }
  for (const auto& [name, value] : object.fields()) {
    if (!AddCells(name, value, &row)) break;
  }
  return row;
}

}  // namespace

absl::Status ReadJsonLines(absl::string_view text, const RowSink& sink) {
  int64_t line_number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++line_number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty()) continue;
    SourceRow row = ReadObject(line);
    row.line = line_number;
    sink(std::move(row));
  }
  return absl::OkStatus();
}

bool LooksLikeJsonLines(absl::string_view text) {
  return absl::StartsWith(absl::StripLeadingAsciiWhitespace(text.substr(0, 4096)), "{");
}

}  // namespace doorstep::cli
