#include "tools/doorstep/charset.h"

#include <iconv.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "client_core/base/status.h"

namespace doorstep::cli {
namespace {

absl::StatusOr<std::string> FromGb18030(absl::string_view bytes) {
  const iconv_t converter = iconv_open("UTF-8", "GB18030");
  if (converter == reinterpret_cast<iconv_t>(-1)) {
    return absl::UnavailableError("this system cannot read GB18030: iconv has no such character set");
  }
  std::string out(bytes.size() * 2 + 16, '\0');  // Two bytes become at most three, four stay four.
  char* in = const_cast<char*>(bytes.data());    // iconv() does not write there; its type is older than const.
  size_t in_left = bytes.size();
  char* to = out.data();
  size_t to_left = out.size();
  const size_t result = iconv(converter, &in, &in_left, &to, &to_left);
  iconv_close(converter);
  if (result == static_cast<size_t>(-1)) return absl::InvalidArgumentError("not GB18030");
  out.resize(out.size() - to_left);
  return out;
}

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

bool IsAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// More lines with characters beyond ASCII are invalid UTF-8 than valid.
bool LooksForeign(absl::string_view text) {
  size_t valid = 0;
  size_t invalid = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (IsAscii(line)) continue;
    ++(IsUtf8(line) ? valid : invalid);
  }
  return invalid > valid;
}

}  // namespace

size_t Utf8SequenceLength(absl::string_view text) {
  if (text.empty()) return 0;
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if (!IsContinuation(text[i])) return 0;
  }
  if (first == 0xE0 && byte(1) < 0xA0) return 0;  // Overlong.
  if (first == 0xED && byte(1) > 0x9F) return 0;  // Surrogates.
  if (first == 0xF0 && byte(1) < 0x90) return 0;  // Overlong.
  if (first == 0xF4 && byte(1) > 0x8F) return 0;  // Above U+10FFFF.
  return length;
}

bool IsUtf8(absl::string_view text) {
  while (!text.empty()) {
    const size_t length = Utf8SequenceLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

absl::StatusOr<DecodedText> DecodeText(std::string bytes) {
  if (absl::StartsWith(bytes, "\xFF\xFE") || absl::StartsWith(bytes, "\xFE\xFF")) {
    return absl::InvalidArgumentError("the file is UTF-16; save it as UTF-8 (in Excel: \"CSV UTF-8\")");
  }
  if (absl::StrContains(bytes, absl::string_view("\0", 1))) {
    return absl::InvalidArgumentError("this is no text file (an .xlsx must be saved as CSV)");
  }
  DecodedText decoded;
  if (absl::StartsWith(bytes, "\xEF\xBB\xBF")) {
    decoded.text = bytes.substr(3);
    return decoded;
  }
  if (LooksForeign(bytes)) {
    if (absl::StatusOr<std::string> converted = FromGb18030(bytes); converted.ok()) {
      decoded.text = *std::move(converted);
      decoded.was_gb18030 = true;
      return decoded;
    } else if (!absl::IsInvalidArgument(converted.status())) {
      return converted.status();
    }
  }
  decoded.text = std::move(bytes);
  return decoded;
}

}  // namespace doorstep::cli
