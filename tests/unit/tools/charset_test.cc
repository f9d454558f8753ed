#include "tools/doorstep/charset.h"

#include <gtest/gtest.h>

namespace doorstep::cli {
namespace {

// 北京 as GB18030.
constexpr char kBeijing[] = "\xB1\xB1\xBE\xA9";

TEST(CharsetTest, AByteOrderMarkIsNoPartOfTheFirstColumn) {
  const auto decoded = DecodeText("\xEF\xBB\xBFid,name\n");
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->text, "id,name\n");
  EXPECT_FALSE(decoded->was_gb18030);
}

TEST(CharsetTest, Gb18030IsRecognised) {
  const auto decoded = DecodeText(std::string("id,name\nA,") + kBeijing + "\n");
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->text, "id,name\nA,北京\n");
  EXPECT_TRUE(decoded->was_gb18030);
}

TEST(CharsetTest, ABrokenLineDoesNotTurnAUtf8FileIntoAnother) {
  const std::string bytes = std::string("id,name\nA,北京\nB,天津\nC,") + kBeijing + "\n";
  const auto decoded = DecodeText(bytes);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->text, bytes);
  EXPECT_FALSE(decoded->was_gb18030);
}

TEST(CharsetTest, WhatIsNoTextIsRefusedWithAReason) {
  EXPECT_NE(DecodeText("\xFF\xFEi\0d\0").status().message().find("UTF-16"), absl::string_view::npos);
  EXPECT_NE(DecodeText(std::string("PK\x03\x04\0\0", 6))
                .status()
                .message()
                .find("this is no text file (an .xlsx must be saved as CSV)"),
            absl::string_view::npos);
}

TEST(CharsetTest, OnlyWellFormedSequencesAreCharacters) {
  const struct {
    const char* name;
    std::string text;
    size_t want;
  } kCases[] = {
      {"ASCII", "a", 1},
      {"two bytes", "ü", 2},
      {"three bytes", "京", 3},
      {"four bytes", "🔧", 4},
      {"overlong", "\xC0\xAF", 0},
      {"overlong in three", "\xE0\x80\xAF", 0},
      {"surrogate", "\xED\xA0\x80", 0},
      {"above the last", "\xF4\x90\x80\x80", 0},
      {"cut off", "\xE4\xBA", 0},
      {"continuation", "\x80", 0},
      {"nothing", "", 0},
  };
  for (const auto& c : kCases) EXPECT_EQ(Utf8SequenceLength(c.text), c.want) << c.name;
}

}  // namespace
}  // namespace doorstep::cli
