// CSV over libcsv in its strict mode. The text is fed line by line, because libcsv itself counts no lines.
#include <csv.h>

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client_core/base/limits.h"
#include "tools/doorstep/charset.h"
#include "tools/doorstep/source_row.h"

namespace doorstep::cli {
namespace {

constexpr unsigned char kOptions = CSV_STRICT | CSV_STRICT_FINI;

// Everything up to and with the next newline.
absl::string_view TakeLine(absl::string_view* text) {
  const size_t end = text->find('\n');
  const absl::string_view line = text->substr(0, end == absl::string_view::npos ? end : end + 1);
  text->remove_prefix(line.size());
  return line;
}

bool IsBlank(absl::string_view line) { return absl::StripAsciiWhitespace(line).empty(); }

// libcsv with its two callbacks: the fields of the row being read, and how many rows have ended.
class Parser {
 public:
  explicit Parser(char delimiter) {
    csv_init(&parser_, kOptions);
    csv_set_delim(&parser_, static_cast<unsigned char>(delimiter));
  }
  ~Parser() { csv_free(&parser_); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  // False: the quotes are wrong.
  bool Feed(absl::string_view line) {
    return csv_parse(&parser_, line.data(), line.size(), &OnField, &OnRow, this) == line.size();
  }
  bool Finish() { return csv_fini(&parser_, &OnField, &OnRow, this) == 0; }
  bool TakeRow(std::vector<std::string>* fields) {
    if (!row_ended_) return false;
    row_ended_ = false;
    *fields = std::exchange(fields_, {});
    return true;
  }

 private:
  static void OnField(void* text, size_t size, void* self) {
    static_cast<Parser*>(self)->fields_.emplace_back(static_cast<const char*>(text), size);
  }
  static void OnRow(int, void* self) { static_cast<Parser*>(self)->row_ended_ = true; }

  csv_parser parser_;
  std::vector<std::string> fields_;
  bool row_ended_ = false;
};

// Rows of fields with the line each begins on. After a row with wrong quotes it starts again on the line behind the
// row's first one, so that a quote that is never closed costs one row and not the rest of the file.
class RowReader {
 public:
  RowReader(absl::string_view text, char delimiter) : rest_(text), delimiter_(delimiter) {}

  void SkipComments() {
    while (absl::StartsWith(rest_, "#")) {
      TakeLine(&rest_);
      ++line_;
    }
  }

  // False at the end. `problem` empty: `fields` is a row.
  bool Next(int64_t* line, std::vector<std::string>* fields, std::string* problem) {
    fields->clear();
    problem->clear();
    while (IsBlank(rest_.substr(0, rest_.find('\n'))) && !rest_.empty()) {
      TakeLine(&rest_);
      ++line_;
    }
    if (rest_.empty()) return false;
    *line = line_;
    const absl::string_view start = rest_;
    Parser parser(delimiter_);
    int64_t lines = 0;
    bool good = true;
    while (good && !rest_.empty()) {
      good = parser.Feed(TakeLine(&rest_));
      ++lines;
      if (good && parser.TakeRow(fields)) {
        line_ += lines;
        return true;
      }
      if (start.size() - rest_.size() > limits::kImportRowBytesMax) good = false;
    }
    if (good && parser.Finish() && parser.TakeRow(fields)) {
      line_ += lines;
      return true;
    }
    *problem = lines > 1 ? "a quoted value begins here and is never closed, or the row is larger than 65536 bytes"
                         : "the quotes are wrong: a value with quotes in it is written \"like \"\"this\"\"\"";
    rest_ = start;
    TakeLine(&rest_);
    ++line_;
    return true;
  }

 private:
  absl::string_view rest_;
  const char delimiter_;
  int64_t line_ = 1;
};

// The candidate that stands most often outside quotes in the header.
char FindDelimiter(absl::string_view text) {
  while (!text.empty() && (text[0] == '#' || IsBlank(text.substr(0, text.find('\n'))))) TakeLine(&text);
  char best = ',';
  int64_t best_count = 0;
  for (const char candidate : {',', ';', '\t'}) {
    bool quoted = false;
    int64_t count = 0;
    for (const char c : text.substr(0, text.find('\n'))) {
      if (c == '"') quoted = !quoted;
      if (c == candidate && !quoted) ++count;
    }
    if (count > best_count) {
      best = candidate;
      best_count = count;
    }
  }
  return best;
}

absl::Status CheckHeader(const std::vector<std::string>& header, const std::string& problem) {
  if (!problem.empty()) return absl::InvalidArgumentError(absl::StrCat("the header cannot be read: ", problem));
  std::set<std::string> seen;
  for (const std::string& name : header) {
    if (!IsUtf8(name)) return absl::InvalidArgumentError("the header is neither UTF-8 nor GB18030");
    if (!seen.insert(absl::AsciiStrToLower(name)).second) {
      return absl::InvalidArgumentError(absl::StrCat("the header names the column \"", name, "\" twice"));
    }
  }
  return absl::OkStatus();
}

SourceRow MakeRow(const std::vector<std::string>& header, std::vector<std::string> fields) {
  SourceRow row;
  if (fields.size() != header.size()) {
    row.problem = absl::StrCat("the row has ", fields.size(), " values, the header names ", header.size());
    return row;
  }
  for (size_t i = 0; i < fields.size(); ++i) {
    if (!IsUtf8(fields[i])) {
      row.problem = "the value is not UTF-8, as the rest of the file is";
      row.problem_column = header[i];
      return row;
    }
    row.cells.push_back({header[i], std::move(fields[i]), {}, false});
  }
  return row;
}

}  // namespace

absl::Status ReadCsv(absl::string_view text, char delimiter, const RowSink& sink) {
  RowReader reader(text, delimiter != 0 ? delimiter : FindDelimiter(text));
  reader.SkipComments();
  int64_t line = 0;
  std::vector<std::string> header;
  std::string problem;
  if (!reader.Next(&line, &header, &problem)) return absl::InvalidArgumentError("the file is empty: no header");
  if (absl::Status status = CheckHeader(header, problem); !status.ok()) return status;
  std::vector<std::string> fields;
  while (reader.Next(&line, &fields, &problem)) {
    SourceRow row;
    if (problem.empty()) {
      row = MakeRow(header, std::move(fields));
    } else {
      row.problem = problem;
    }
    row.line = line;
    sink(std::move(row));
  }
  return absl::OkStatus();
}

std::vector<std::string> ColumnNames(absl::string_view text, char delimiter) {
  std::vector<std::string> names;
  if (LooksLikeJsonLines(text)) {
    const absl::string_view first = absl::StripLeadingAsciiWhitespace(text);
    // The reader's status is always OK here; a first line that is no object has no names.
    (void)ReadJsonLines(first.substr(0, first.find('\n')), [&](const SourceRow& row) {
      for (const SourceCell& cell : row.cells) names.push_back(cell.column);
    });
    return names;
  }
  RowReader reader(text, delimiter != 0 ? delimiter : FindDelimiter(text));
  reader.SkipComments();
  int64_t line = 0;
  std::string problem;
  reader.Next(&line, &names, &problem);
  return names;
}

}  // namespace doorstep::cli
