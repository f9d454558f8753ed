#include "tools/doorstep/table_layout.h"

#include <algorithm>
#include <cwchar>

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
