#include "client_core/base/ids.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace doorstep {
namespace {

TEST(IdsTest, UuidsCarryVersionVariantAndTime) {
  SeededRandom random(1);
  const std::string id = MakeUuidV7(int64_t{0x0123456789AB} * 1000, random);
  ASSERT_EQ(id.size(), 36u);
  EXPECT_EQ(id.substr(0, 15), "01234567-89ab-7");
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos) << id;
  for (const size_t dash : {8u, 13u, 18u, 23u}) EXPECT_EQ(id[dash], '-');
}

TEST(IdsTest, UuidsOfLaterMillisecondsSortLaterAndNeverRepeat) {
  SeededRandom random(2);
  std::set<std::string> ids;
  std::string before;
  for (int64_t ms = 1; ms <= 1000; ++ms) {
    const std::string id = MakeUuidV7(ms * 1000, random);
    EXPECT_GT(id, before);
    EXPECT_TRUE(ids.insert(id).second);
    before = id;
  }
}

TEST(IdsTest, PositionsReadBackAsWritten) {
  const v1::JournalPosition position = MakePosition("d7", 2, 418);
  EXPECT_EQ(FormatPosition(position), "d7.2.418");
  const absl::StatusOr<v1::JournalPosition> read = ParsePosition("d7.2.418");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(ComparePositions(*read, position), 0);
}

TEST(IdsTest, WhatIsNoPositionIsRefusedByName) {
  for (const char* text : {"", "d7", "d7.2", "d7.2.", ".2.1", "d7.0.1", "d7.2.0", "d7.-1.3", "d7.2.3.4", "d7.x.1",
                           "d7.2.18446744073709551616", "a-device-of-more-than-32-bytes-is-none.1.1"}) {
    const absl::Status status = ParsePosition(text).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << text;
    EXPECT_NE(status.message().find("entry id"), absl::string_view::npos) << text;
  }
}

TEST(IdsTest, PositionsSortByDeviceThenEpochThenSeq) {
  EXPECT_LT(ComparePositions(MakePosition("a", 9, 9), MakePosition("b", 1, 1)), 0);
  EXPECT_LT(ComparePositions(MakePosition("a", 1, 9), MakePosition("a", 2, 1)), 0);
  EXPECT_LT(ComparePositions(MakePosition("a", 1, 9), MakePosition("a", 1, 10)), 0);
  EXPECT_GT(ComparePositions(MakePosition("a", 1, 10), MakePosition("a", 1, 9)), 0);
}

}  // namespace
}  // namespace doorstep
