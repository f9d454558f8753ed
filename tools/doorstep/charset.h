// The bytes of a file as UTF-8. Spreadsheets write a byte order mark, and in China often GB18030.
#ifndef DOORSTEP_TOOLS_DOORSTEP_CHARSET_H_
#define DOORSTEP_TOOLS_DOORSTEP_CHARSET_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace doorstep::cli {

// Length in bytes of the UTF-8 character at the start of `text`; 0 when it is none (overlong forms, surrogates and
// values above U+10FFFF are none).
size_t Utf8SequenceLength(absl::string_view text);
bool IsUtf8(absl::string_view text);

struct DecodedText {
  std::string text;
  bool was_gb18030 = false;
};

// Removes a byte order mark and decides on the character set: a file is GB18030 when more of its lines with other than
// ASCII characters are invalid UTF-8 than valid, and all of it is valid GB18030. Otherwise the text is returned as it
// is, with the invalid bytes of single lines in it, for the reader of the rows to refuse them one by one.
// INVALID_ARGUMENT for UTF-16 and for binary files.
absl::StatusOr<DecodedText> DecodeText(std::string bytes);

}  // namespace doorstep::cli

#endif  // DOORSTEP_TOOLS_DOORSTEP_CHARSET_H_
