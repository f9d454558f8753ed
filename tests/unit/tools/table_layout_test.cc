#include "tools/doorstep/table_layout.h"

#include <gtest/gtest.h>

#include <clocale>

namespace doorstep::cli {
namespace {

class TableLayoutTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr); }
};

TEST_F(TableLayoutTest, ChineseTakesTwoCellsACharacter) {
  EXPECT_EQ(DisplayWidth("北京"), 4u);
  EXPECT_EQ(DisplayWidth("Café"), 4u);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1u);  // A letter and the accent on it.
  EXPECT_EQ(DisplayWidth(""), 0u);
}

TEST_F(TableLayoutTest, LinesBreakBetweenWordsAndNeverInAnId) {
  EXPECT_EQ(WrapText("retracted by d1.1.14", 12), "retracted by\nd1.1.14");
  EXPECT_EQ(WrapText("see 0190f2c4-7e1a-7c3b-9d55-8a2f6a3c1e90 there", 10),
            "see\n0190f2c4-7e1a-7c3b-9d55-8a2f6a3c1e90\nthere");
  EXPECT_EQ(WrapText("阀座磨损，需要更换", 8), "阀座磨损\n，需要更\n换");
  EXPECT_EQ(WrapText("fits as it  is", 20), "fits as it  is");
}

TEST_F(TableLayoutTest, TheWidestColumnGivesWayFirstAndNoneBelowItsLongestWord) {
  EXPECT_EQ(FitColumns({10, 50, 30}, {10, 16, 16}, {false, true, true}, 70), (std::vector<size_t>{10, 30, 30}));
  EXPECT_EQ(FitColumns({10, 50, 30}, {10, 36, 16}, {false, true, true}, 50), (std::vector<size_t>{10, 36, 16}));
  EXPECT_EQ(FitColumns({10, 20}, {10, 16}, {false, true}, 80), (std::vector<size_t>{10, 20}));
}

TEST_F(TableLayoutTest, HelpGoesOnInItsColumnAndExamplesStayWhole) {
  EXPECT_EQ(
      WrapHelp("Says things at length\n  --at TIME  from then on\n  doorstep visit show V-501", 16, 13),
      "Says things at\nlength\n  --at TIME  from\n             then\n             on\n  doorstep visit show V-501");
  EXPECT_EQ(WrapHelp("  --at TIME  from then on\n", 0, 13), "  --at TIME  from then on\n");
}

TEST_F(TableLayoutTest, ProseGoesOnBelowWhereItBegan) {
  EXPECT_EQ(WrapProse("one two three", 0), "one two three") << "no terminal";
  EXPECT_EQ(WrapProse("one two three", 13), "one two three");
  EXPECT_EQ(WrapProse("one two three", 8), "one two\nthree");
  EXPECT_EQ(WrapProse("  - one two three", 11), "  - one two\n    three");
  EXPECT_EQ(WrapProse("  one two three", 9), "  one two\n  three");
  EXPECT_EQ(WrapProse("# a file\nwith,lines that are long", 10), "# a file\nwith,lines that are long");
  EXPECT_EQ(WrapProse("", 10), "");
}

}  // namespace
}  // namespace doorstep::cli
