#include "client_core/base/utf8.h"

#include <cstddef>

namespace doorstep {
namespace {

// Of the well-formed sequence that `text` begins with, after table 3-7 of the Unicode standard; 0: there is none.
size_t SequenceBytes(absl::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return 1;
  const size_t length = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
  if (byte(0) < 0xC2 || byte(0) > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  const bool overlong = (byte(0) == 0xE0 && byte(1) < 0xA0) || (byte(0) == 0xF0 && byte(1) < 0x90);
  const bool surrogate = byte(0) == 0xED && byte(1) > 0x9F;
  const bool too_high = byte(0) == 0xF4 && byte(1) > 0x8F;
  return overlong || surrogate || too_high ? 0 : length;
}

}  // namespace

std::string Utf8(absl::string_view text) {
  std::string good(text);
  for (size_t at = 0; at < good.size();) {
    const size_t length = SequenceBytes(text.substr(at));
    if (length == 0) good[at] = '?';
    at += length == 0 ? 1 : length;
  }
  return good;
}

}  // namespace doorstep
