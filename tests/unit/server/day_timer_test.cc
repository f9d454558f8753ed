// The turn of the day reaches the writer at the start and whenever the clock has moved into another day, once.

#include "server/day_timer.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "server/storage/feed_table.h"
#include "server/storage/totals.h"
#include "tests/support/office.h"

namespace doorstep {
namespace {

using testing::kDay;
using testing::kMonday;
using testing::Office;

class DayTimerTest : public ::testing::Test {
 protected:
  DayTimerTest() {
    office_.AddPhone("ana");
    office_.AddAccount("acme");
    office_.Plan("v1", "acme", "ana", 8);
  }
  // What was submitted before has been done.
  void Settle() {
    Command command;
    command.principal = "test";
    command.run = [](Transaction&) -> absl::StatusOr<std::string> { return std::string(); };
    EXPECT_TRUE(office_.writer().RunCommand(std::move(command)).ok());
  }
  int64_t WindowDay() {
    Settle();
    int64_t day = 0;
    office_.Read([&](SqlSession& sql) { day = FindFeed(sql, "technician:ana")->value().window_day - kMonday / kDay; });
    return day;
  }
  uint64_t Commands() {
    Settle();
    uint64_t commands = 0;
    office_.Read([&](SqlSession& sql) { commands = CountTotals(sql)->commands; });
    return commands;
  }
  Office office_;
};

TEST_F(DayTimerTest, TurnsTheDayAtTheStartAndOnceEachDay) {
  office_.clock().Set(kMonday + 3 * kDay);
  DayTimer timer(&office_.storage(), &office_.writer(), &office_.clock(), LogSink());
  EXPECT_EQ(WindowDay(), 3);
  const uint64_t commands = Commands();
  timer.Check();
  EXPECT_EQ(Commands(), commands);
  office_.clock().Set(kMonday + 5 * kDay - 1);
  timer.Check();
  EXPECT_EQ(WindowDay(), 4) << "a day that was slept through is made up for";
  office_.clock().Set(kMonday + 5 * kDay);
  timer.Check();
  EXPECT_EQ(WindowDay(), 5);
  EXPECT_EQ(Commands(), commands + 2);
  office_.ExpectRebuildEqual();
  timer.Stop();
  office_.writer().Drain();
}

// A clock that was wrong when the days were turned, and is right again.
TEST_F(DayTimerTest, TurnsTheDayBackWithTheClock) {
  office_.clock().Set(kMonday + 40 * kDay);
  DayTimer timer(&office_.storage(), &office_.writer(), &office_.clock(), LogSink());
  EXPECT_EQ(WindowDay(), 40);
  office_.clock().Set(kMonday + kDay);
  timer.Check();
  EXPECT_EQ(WindowDay(), 1);
  office_.clock().Set(kMonday + 2 * kDay);
  timer.Check();
  EXPECT_EQ(WindowDay(), 2);
  timer.Stop();
  office_.ExpectRebuildEqual();
  office_.writer().Drain();
}

// The writer serves phones between two ticks.
TEST_F(DayTimerTest, ManyFeedsAreMovedAFewAtATime) {
  Command command;
  command.principal = "test";
  command.run = [](Transaction& tx) -> absl::StatusOr<std::string> {
    for (int64_t i = 0; i < 2 * limits::kTickFeedsMax; ++i) {
      const absl::Status made = InternFeed(tx.sql(), absl::StrCat("technician:t", i)).status();
      if (!made.ok()) return made;
    }
    return std::string();
  };
  ASSERT_TRUE(office_.writer().RunCommand(std::move(command)).ok());
  office_.clock().Set(kMonday + 3 * kDay);
  const uint64_t commands = Commands();
  DayTimer timer(&office_.storage(), &office_.writer(), &office_.clock(), LogSink());
  size_t behind = 1;
  while (behind > 0) {
    Settle();
    office_.Read([&](SqlSession& sql) { behind = TechnicianFeedsBehind(sql, kMonday / kDay + 3, 1000)->size(); });
  }
  EXPECT_EQ(Commands(), commands + 3);
  timer.Stop();
  office_.writer().Drain();
}

}  // namespace
}  // namespace doorstep
