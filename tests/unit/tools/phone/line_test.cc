// A line is read as a person means it.
#include "tools/phone/line.h"

#include <gtest/gtest.h>

#include "tools/phone/words.h"

namespace doorstep::phone {
namespace {

TEST(LineTest, WhatAnErrorQuotesEndsWithAWholeCharacter) {
  EXPECT_EQ(Quotable("师傅来得很快，但是冷库还是有异响"), "师傅来得很快，但是冷库还是");
  EXPECT_EQ(Quotable("nonsense"), "nonsense");
}

TEST(LineTest, QuotesKeepBlanksAndApostrophesAreLetters) {
  const struct {
    const char* line;
    std::vector<std::string> want;
  } kCases[] = {
      {"", {}},
      {"  note   the customer's boiler ", {"note", "the", "customer's", "boiler"}},
      {"note \"two  words\"", {"note", "two  words"}},
      {"text=\"很好 谢谢\" x", {"text=很好 谢谢", "x"}},
      {"note \"\"", {"note", ""}},
      {"note \"she said \\\"no\\\" \\\\ \"", {"note", "she said \"no\" \\ "}},
      {"note a\\b", {"note", "a\\b"}},
  };
  for (const auto& c : kCases) {
    const auto words = SplitLine(c.line);
    ASSERT_TRUE(words.ok()) << c.line;
    EXPECT_EQ(*words, c.want) << c.line;
  }
}

TEST(LineTest, OptionsStandAnywhereAndAreKnown) {
  const auto words =
      Arguments::Parse({"used", "--serial", "S-1", "VS-200", "--asset=E=1", "--late"}, "asset= serial= late", "part");
  ASSERT_TRUE(words.ok()) << words.status();
  EXPECT_EQ(words->Text(0), "used VS-200");
  EXPECT_EQ(words->Option("serial"), "S-1");
  EXPECT_EQ(words->Option("asset"), "E=1");
  EXPECT_TRUE(words->Has("late"));
  EXPECT_FALSE(words->Has("early"));
  EXPECT_FALSE(Arguments::Parse({"--colour", "red"}, "asset=", "part").ok());
  EXPECT_FALSE(Arguments::Parse({"--asset"}, "asset=", "part").ok());
  EXPECT_FALSE(Arguments::Parse({"--late=yes"}, "late", "part").ok());
  const absl::Status twice = Arguments::Parse({"--asset=E-1", "--asset", "E-2"}, "asset=", "part").status();
  EXPECT_EQ(twice.message(), "--asset is given twice") << "none of the two is dropped silently";
}

}  // namespace
}  // namespace doorstep::phone
