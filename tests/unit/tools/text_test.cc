#include "tools/doorstep/text.h"

#include <gtest/gtest.h>

#include "doorstep/v1/visit.pb.h"
#include "tools/doorstep/money.h"

namespace doorstep::cli {
namespace {

TEST(TextTest, NoTextFromTheFieldMovesATerminal) {
  EXPECT_EQ(Printable("北京 ok"), "北京 ok");
  EXPECT_EQ(Printable("a\x1b[2Jb"), "a\\x1b[2Jb");
  EXPECT_EQ(Printable("a\xC2\x9B"
                      "31m"),
            "a\\x9b31m");
  EXPECT_EQ(Printable("two\nlines\x7f"), "two lines\\x7f");
  EXPECT_EQ(Printable("\xB1\xB1"), "\\xb1\\xb1");
}

TEST(TextTest, ClosedSetsAreReadAndShownInWords) {
  EXPECT_EQ(Words(v1::OUTCOME_CODE_NOT_RESOLVED), "not resolved");
  EXPECT_EQ(Words(v1::OUTCOME_CODE_UNSPECIFIED), "");
  EXPECT_EQ(EnumWords(*v1::OutcomeCode_descriptor(), 999), "999");
  for (const char* text : {"not resolved", "NOT_RESOLVED", "Not-Resolved", "OUTCOME_CODE_NOT_RESOLVED"}) {
    EXPECT_EQ(ParseEnum(*v1::OutcomeCode_descriptor(), text), v1::OUTCOME_CODE_NOT_RESOLVED) << text;
  }
  EXPECT_EQ(ParseEnum(*v1::OutcomeCode_descriptor(), "unspecified"), -1);
  EXPECT_EQ(ParseEnum(*v1::OutcomeCode_descriptor(), ""), -1);
}

TEST(TextTest, OneSpellingIsReadAndBothAreTaken) {
  EXPECT_EQ(EnumWords(*v1::VisitState_descriptor(), v1::VISIT_STATE_CANCELED), "cancelled");
  EXPECT_NE(EnumChoices(*v1::VisitState_descriptor()).find("cancelled"), std::string::npos);
  for (const char* typed : {"canceled", "cancelled", "VISIT_STATE_CANCELED"}) {
    EXPECT_EQ(ParseEnum(*v1::VisitState_descriptor(), typed), v1::VISIT_STATE_CANCELED) << typed;
  }
}

TEST(TextTest, FiguresAreWrittenFromIntegers) {
  EXPECT_EQ(ExactPoints(59960), "59.960");
  EXPECT_EQ(ExactPoints(-1050), "-1.050");
  EXPECT_EQ(SignedPoints(0), "+0.000");
  EXPECT_EQ(SignedPoints(-7), "-0.007");
  EXPECT_EQ(Percent(199999), "19 %");
  EXPECT_EQ(Grouped(1234567), "1,234,567");
  EXPECT_EQ(Grouped(100), "100");
  EXPECT_EQ(DecimalText(-5, 3), "-0.005");
  EXPECT_EQ(DecimalText(525310000, 7), "52.5310000");
}

TEST(TextTest, AMisspeltWordFindsItsNeighbour) {
  EXPECT_EQ(Nearest("acount", {"account", "visit"}), "account");
  EXPECT_EQ(Nearest("--jsn", {"--json", "--profile"}), "--json");
  EXPECT_EQ(Nearest("zzz", {"account", "visit"}), "");
}

TEST(MoneyTest, AmountsKeepEveryDigit) {
  const struct {
    const char* text;
    const char* currency;
    int64_t minor_units;
  } kCases[] = {{"1250.00 EUR", "", 125000},
                {"EUR 1250", "", 125000},
                {"1250,5 eur", "", 125050},
                {"-0.07 USD", "", -7},
                {"980 JPY", "", 980},
                {"1.234 KWD", "", 1234},
                {"90071992547409.93 EUR", "", 9007199254740993},
                {"12.34", "CHF", 1234}};
  for (const auto& c : kCases) {
    const absl::StatusOr<v1::Money> money = ParseMoney(c.text, c.currency);
    ASSERT_TRUE(money.ok()) << c.text << ": " << money.status();
    EXPECT_EQ(money->minor_units(), c.minor_units) << c.text;
  }
  for (const char* text : {"", "EUR", "12", "1.234 EUR", "1,234.00 EUR", "9.5 JPY", "1e3 EUR", "12. EUR", "--1 EUR",
                           "99999999999999999999 EUR"}) {
    EXPECT_FALSE(ParseMoney(text, "").ok()) << text;
  }
  EXPECT_EQ(ShowMoney(*ParseMoney("980 JPY", "")), "980 JPY");
  EXPECT_EQ(ShowMoney(*ParseMoney("-0.07 USD", "")), "-0.07 USD");
}

}  // namespace
}  // namespace doorstep::cli
