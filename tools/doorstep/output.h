// What a command prints: tables for people, one JSON object for scripts. Everything that came from elsewhere passes
// through Printable() or the table library's own encoding, so that no text can move the terminal.
#ifndef DOORSTEP_TOOLS_DOORSTEP_OUTPUT_H_
#define DOORSTEP_TOOLS_DOORSTEP_OUTPUT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace google::protobuf {
class Message;
}

namespace doorstep::cli {

enum class Colour { kPlain, kGood, kWarning, kBad, kFaint };

// `message` on standard output with the field names of the contract. Fields at zero are printed too, so that a script
// finds every name.
absl::Status PrintJson(const google::protobuf::Message& message);

// The same in one line, at once: for what goes on.
absl::Status PrintJsonLine(const google::protobuf::Message& message);

// One line on standard output, wrapped at the width of its terminal; `Say` of nothing is an empty line.
void Say(absl::string_view line = "");
// The same on standard error, for what must not mix with the output.
void Note(absl::string_view line);
// `text` in the colour, when standard output is a terminal and NO_COLOR is not set.
std::string Coloured(absl::string_view text, Colour colour);

// A table, whose columns are as wide as their text is on the screen: Chinese characters take two cells.
class Table {
 public:
  struct Column {
    std::string title;
    bool right = false;  // Aligned to the right: numbers.
    bool wraps = false;  // Long text goes on in the next line when the terminal is narrow; nothing is ever cut off.
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // As many cells as columns; an empty cell is printed as "-".
  void Row(std::vector<std::string> cells, Colour colour = Colour::kPlain);
  bool empty() const { return rows_.empty(); }
  // `without_titles` for names and values side by side.
  void Print(bool without_titles = false) const;

 private:
  struct Line {
    std::vector<std::string> cells;
    Colour colour;
  };
  std::vector<Line> Fitted(bool without_titles) const;

  std::vector<Column> columns_;
  std::vector<Line> rows_;
};

// Names and values side by side; values that are empty are left out.
class Details {
 public:
  void Add(absl::string_view name, absl::string_view value, Colour colour = Colour::kPlain);
  void Print() const { table_.Print(/*without_titles=*/true); }

 private:
  Table table_{{{"", false, false}, {"", false, true}}};
};

}  // namespace doorstep::cli

#endif  // DOORSTEP_TOOLS_DOORSTEP_OUTPUT_H_
