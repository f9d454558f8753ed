#include "client_core/base/clock.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace doorstep {
namespace {

constexpr int64_t kHourUs = int64_t{3600} * 1000000;

void Write(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::trunc) << text; }

TEST(ClockTest, SystemClockTellsItsBootAndNeverRunsBackwards) {
  SystemClock clock;
  const ClockReading first = clock.Now();
  const ClockReading second = clock.Now();
  EXPECT_FALSE(first.boot_id.empty());
  EXPECT_LE(first.boot_id.size(), 36u);
  EXPECT_EQ(first.boot_id, second.boot_id);
  EXPECT_GE(second.monotonic_us, first.monotonic_us);
  EXPECT_LE(std::abs(first.utc_offset_s), 14 * 3600);
}

TEST(ClockTest, ShiftMovesBothClocksAndIsReadAgainEachTime) {
  const std::string path = testing::TempDir() + "/shift";
  SystemClock system;
  ShiftedClock shifted(path);
  for (const int64_t shift_us : {24 * kHourUs, -kHourUs, int64_t{0}}) {
    Write(path, std::to_string(shift_us) + "\n");
    const ClockReading before = system.Now();
    const ClockReading now = shifted.Now();
    const ClockReading after = system.Now();
    EXPECT_GE(now.wall_time_us, before.wall_time_us + shift_us);
    EXPECT_LE(now.wall_time_us, after.wall_time_us + shift_us);
    EXPECT_GE(now.monotonic_us, before.monotonic_us + shift_us);
    EXPECT_LE(now.monotonic_us, after.monotonic_us + shift_us);
    EXPECT_EQ(now.boot_id, before.boot_id);
  }
}

TEST(ClockTest, UnreadableShiftCountsAsNone) {
  SystemClock system;
  ShiftedClock shifted(testing::TempDir() + "/no-such-file");
  EXPECT_LT(shifted.Now().monotonic_us - system.Now().monotonic_us, kHourUs);
}

}  // namespace
}  // namespace doorstep
