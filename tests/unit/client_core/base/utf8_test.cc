// Whatever bytes go in, text comes out, and text is not changed.
#include "client_core/base/utf8.h"

#include <gtest/gtest.h>

namespace doorstep {
namespace {

TEST(Utf8Test, ReplacesWhatIsNoTextAndNothingElse) {
  const struct {
    const char* name;
    std::string bytes;
    std::string want;
  } kCases[] = {
      {"nothing", "", ""},
      {"text in several scripts", "Zähler 阀座 \U0001F527", "Zähler 阀座 \U0001F527"},
      {"bytes that begin nothing", "a\xFF\x80z", "a??z"},
      {"a sequence that is cut off", "ab\xE9\x98", "ab??"},
      {"a cut sequence before text", "\xE9\x98z", "??z"},
      {"an overlong slash", "\xC0\xAF", "??"},
      {"an overlong sequence of three", "\xE0\x80\xAF", "???"},
      {"an overlong sequence of four", "\xF0\x80\x80\xAF", "????"},
      {"half of a surrogate pair", "\xED\xA0\x80", "???"},
      {"above the last character", "\xF4\x90\x80\x80", "????"},
      {"the last character", "\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"},
      {"a zero byte", std::string("a\0b", 3), std::string("a\0b", 3)},
  };
  for (const auto& c : kCases) EXPECT_EQ(Utf8(c.bytes), c.want) << c.name;
}

}  // namespace
}  // namespace doorstep
