#include "tools/doorstep/source_row.h"

#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_cat.h"

namespace doorstep::cli {
namespace {

std::vector<SourceRow> Csv(absl::string_view text, char delimiter = 0) {
  std::vector<SourceRow> rows;
  const absl::Status status = ReadCsv(text, delimiter, [&](SourceRow row) { rows.push_back(std::move(row)); });
  EXPECT_TRUE(status.ok()) << status;
  return rows;
}

std::vector<SourceRow> Json(absl::string_view text) {
  std::vector<SourceRow> rows;
  const absl::Status status = ReadJsonLines(text, [&](SourceRow row) { rows.push_back(std::move(row)); });
  EXPECT_TRUE(status.ok()) << status;
  return rows;
}

// "column=text|column=text", or the problem.
std::string Shape(const SourceRow& row) {
  if (!row.problem.empty()) return absl::StrCat(row.line, "! ", row.problem_column);
  std::string out = absl::StrCat(row.line, ":");
  for (const SourceCell& cell : row.cells) {
    absl::StrAppend(&out, " ", cell.column, "=", cell.text);
    for (const std::string& item : cell.items) absl::StrAppend(&out, "[", item, "]");
  }
  return out;
}

TEST(CsvReaderTest, EveryRowKnowsTheLineItBeginsOn) {
  const auto rows = Csv("# a comment\nid,name\nA,one\n\nB,\"two\nlines\"\nC,\"say \"\"three\"\"\"\r\nD,four");
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(Shape(rows[0]), "3: id=A name=one");
  EXPECT_EQ(Shape(rows[1]), "5: id=B name=two\nlines");
  EXPECT_EQ(Shape(rows[2]), "7: id=C name=say \"three\"");
  EXPECT_EQ(Shape(rows[3]), "8: id=D name=four");
}

TEST(CsvReaderTest, TheSeparatorIsFoundInTheHeader) {
  EXPECT_EQ(Shape(Csv("id;name\nA;1,5\n")[0]), "2: id=A name=1,5");
  EXPECT_EQ(Shape(Csv("id\tname\nA\tx;y\n")[0]), "2: id=A name=x;y");
  EXPECT_EQ(Shape(Csv("\"id;x\",name\nA,b\n")[0]), "2: id;x=A name=b");
  EXPECT_EQ(Shape(Csv("id,a;b\nA,c\n", ',')[0]), "2: id=A a;b=c");
}

TEST(CsvReaderTest, ABadRowCostsItselfAndNoOther) {
  const auto rows = Csv("id,name\nA,one\nB,two,three\nC\nD,\"x\"y\nE,\"never closed\nF,six\nG,\xB1\xB1\nH,eight\n");
  ASSERT_EQ(rows.size(), 8u);
  const char* kWant[] = {"2: id=A name=one",  "3! ", "4! ", "5! ", "6! ", "7: id=F name=six", "8! name",
                         "9: id=H name=eight"};
  for (size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(Shape(rows[i]), kWant[i]);
}

TEST(CsvReaderTest, AHeaderThatCannotBeTrustedIsRefused) {
  const auto ignore = [](const SourceRow&) { FAIL() << "a row came through"; };
  EXPECT_FALSE(ReadCsv("", 0, ignore).ok());
  EXPECT_FALSE(ReadCsv("# only a comment\n", 0, ignore).ok());
  EXPECT_FALSE(ReadCsv("id,ID\nA,B\n", 0, ignore).ok());
  EXPECT_FALSE(ReadCsv("id,\"x\ny\"z\nA,B\n", 0, ignore).ok());
}

TEST(JsonLinesReaderTest, MembersBecomeCells) {
  const auto rows = Json(
      "{\"id\":\"A\",\"priority\":2,\"ok\":true,\"skills\":[\"gas\",7]}\n\n"
      "{\"outcome\":{\"fault\":{\"code\":\"F\"}},\"none\":null,\"price\":12.5}\n");
  ASSERT_EQ(rows.size(), 2u);
  std::set<std::string> columns;
  for (const SourceCell& cell : rows[0].cells) columns.insert(Shape({0, {cell}, "", ""}));
  EXPECT_EQ(columns, (std::set<std::string>{"0: id=A", "0: priority=2", "0: ok=true", "0: skills=[gas][7]"}));
  columns.clear();
  for (const SourceCell& cell : rows[1].cells) columns.insert(Shape({0, {cell}, "", ""}));
  EXPECT_EQ(columns, (std::set<std::string>{"0: outcome.fault.code=F", "0: none=", "0: price=12.5"}));
  EXPECT_EQ(rows[1].line, 3);
}

TEST(JsonLinesReaderTest, NothingIsRoundedAndABadLineCostsItselfOnly) {
  const auto rows =
      Json("{\"id\":12345678901234567890}\n{\"id\":\"A\"\n[1]\n{\"l\":[{\"x\":1}]}\n{\"id\":123456789012345}");
  ASSERT_EQ(rows.size(), 5u);
  const char* kWant[] = {"1! id", "2! ", "3! ", "4! l", "5: id=123456789012345"};
  for (size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(Shape(rows[i]), kWant[i]);
}

TEST(SourceRowTest, TheColumnsOfAFileAreKnownBeforeItsRows) {
  EXPECT_EQ(ColumnNames("# x\nid;name\nA;B\n", 0), (std::vector<std::string>{"id", "name"}));
  EXPECT_EQ(ColumnNames("\n {\"id\":1}\n{\"name\":2}", 0), (std::vector<std::string>{"id"}));
}

}  // namespace
}  // namespace doorstep::cli
