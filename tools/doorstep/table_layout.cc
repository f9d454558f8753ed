#include "tools/doorstep/table_layout.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cwchar>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "tools/doorstep/charset.h"

namespace doorstep::cli {
namespace {

// The character at the start of `text` and the cells it takes.
size_t WidthOfFirst(absl::string_view text, size_t length) {
  wchar_t character = 0;
  std::mbstate_t state = {};
  if (std::mbrtowc(&character, text.data(), length, &state) != length) return 1;
  return static_cast<size_t>(std::max(0, wcwidth(character)));
}

// What stays together on a line: a run of narrow characters, or one wide one with what combines with it.
struct Piece {
  absl::string_view text;
  size_t width = 0;
  bool after_space = false;
};

std::vector<Piece> Pieces(absl::string_view text) {
  std::vector<Piece> pieces;
  bool open = false;  // The last piece takes more narrow characters.
  bool space = false;
  while (!text.empty()) {
    const size_t length = std::max<size_t>(1, Utf8SequenceLength(text));
    const size_t width = WidthOfFirst(text, length);
    if (text[0] == ' ') {
      space = true;
      open = false;
    } else if (!pieces.empty() && !space && (width == 0 || (open && width == 1))) {
      Piece& last = pieces.back();
      last.text = absl::string_view(last.text.data(), last.text.size() + length);
      last.width += width;
    } else {
      pieces.push_back({text.substr(0, length), width, space});
      open = width < 2;
      space = false;
    }
    text.remove_prefix(length);
  }
  return pieces;
}

}  // namespace

size_t TerminalWidth(int file) {
  struct winsize size = {};
  return isatty(file) == 1 && ioctl(file, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

size_t DisplayWidth(absl::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    const size_t length = std::max<size_t>(1, Utf8SequenceLength(text));
    width += WidthOfFirst(text, length);
    text.remove_prefix(length);
  }
  return width;
}

std::string WrapText(absl::string_view text, size_t width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  std::string out;
  size_t used = 0;
  for (const Piece& piece : Pieces(text)) {
    const size_t gap = piece.after_space && used > 0 ? 1 : 0;
    if (used > 0 && used + gap + piece.width > width) {
      out += '\n';
      used = 0;
    } else if (gap == 1) {
      out += ' ';
      ++used;
    }
    out.append(piece.text.data(), piece.text.size());
    used += piece.width;
  }
  return out;
}

std::string WrapProse(absl::string_view line, size_t width) {
  if (width == 0 || line.find('\n') != absl::string_view::npos || DisplayWidth(line) <= width) return std::string(line);
  size_t indent = std::min(line.find_first_not_of(' '), line.size());
  if (absl::StartsWith(line.substr(indent), "- ")) indent += 2;
  if (indent >= width) return std::string(line);
  const std::string blanks = absl::StrCat("\n", std::string(indent, ' '));
  return absl::StrCat(line.substr(0, indent),
                      absl::StrReplaceAll(WrapText(line.substr(indent), width - indent), {{"\n", blanks}}));
}

std::string WrapHelp(absl::string_view help, size_t width, size_t column) {
  std::vector<std::string> lines;
  for (const absl::string_view line : absl::StrSplit(help, '\n')) {
    const bool example = absl::StartsWith(absl::StripLeadingAsciiWhitespace(line), "doorstep ");
    const bool described = line.size() > column && line[column - 1] == ' ' && line[column] != ' ';
    if (width <= column || example) {
      lines.emplace_back(line);
    } else if (described && DisplayWidth(line) > width) {
      const std::string rest = WrapText(line.substr(column), width - column);
      lines.push_back(absl::StrCat(line.substr(0, column),
                                   absl::StrReplaceAll(rest, {{"\n", absl::StrCat("\n", std::string(column, ' '))}})));
    } else {
      lines.push_back(WrapProse(line, width));
    }
  }
  return absl::StrJoin(lines, "\n");
}

size_t LongestWord(absl::string_view text) {
  size_t longest = 0;
  for (const Piece& piece : Pieces(text)) longest = std::max(longest, piece.width);
  return longest;
}

std::vector<size_t> FitColumns(std::vector<size_t> natural, const std::vector<size_t>& least,
                               const std::vector<bool>& may_wrap, size_t available) {
  size_t total = 0;
  for (const size_t width : natural) total += width;
  while (total > available) {
    size_t widest = natural.size();
    for (size_t i = 0; i < natural.size(); ++i) {
      if (!may_wrap[i] || natural[i] <= least[i]) continue;
      if (widest == natural.size() || natural[i] > natural[widest]) widest = i;
    }
    if (widest == natural.size()) break;
    --natural[widest];
    --total;
  }
  return natural;
}

}  // namespace doorstep::cli
