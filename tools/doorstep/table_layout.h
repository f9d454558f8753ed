// How a table fits a terminal: long text goes on in the next line between two words. A word, and so every id, is never
// cut; a table of long words is wider than the terminal instead.
#ifndef DOORSTEP_TOOLS_DOORSTEP_TABLE_LAYOUT_H_
#define DOORSTEP_TOOLS_DOORSTEP_TABLE_LAYOUT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace doorstep::cli {

// Cells of the terminal that the open file is; 0 when it is none.
size_t TerminalWidth(int file);

// Cells of a terminal that `text` takes; a Chinese character takes two. Needs a UTF-8 locale.
size_t DisplayWidth(absl::string_view text);

// `text` in lines of at most `width` cells, joined by newlines. Lines break at spaces and beside wide characters; a
// longer word gets a line of its own.
std::string WrapText(absl::string_view text, size_t width);

// One line of prose for a terminal of `width` cells (0: any), its lines joined by newlines: what goes on stands below
// where the sentence began, behind blanks and "- ". Text of several lines, such as a file to begin with, stays as it
// is.
std::string WrapProse(absl::string_view line, size_t width);

// A command's help for a terminal of `width` cells (0: any): what is said of an option goes on at `column`, where it
// begins. Examples, which begin with the program's name, stay whole, because they are there to be copied.
std::string WrapHelp(absl::string_view help, size_t width, size_t column);

// The narrowest width at which no word of `text` is longer than its line.
size_t LongestWord(absl::string_view text);

// The widths of the columns in a terminal of `available` cells, separators left aside: `natural` where everything
// fits; otherwise the widest of those that may wrap give way first, never below `least`.
std::vector<size_t> FitColumns(std::vector<size_t> natural, const std::vector<size_t>& least,
                               const std::vector<bool>& may_wrap, size_t available);

}  // namespace doorstep::cli

#endif  // DOORSTEP_TOOLS_DOORSTEP_TABLE_LAYOUT_H_
