#include "server/doubting_clock.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace doorstep {
namespace {

constexpr int64_t kMinute = 60 * 1000000;
constexpr int64_t kDay = 24 * 60 * kMinute;
constexpr int64_t kStart = int64_t{20000} * kDay;

// Both clocks of a machine, each set by hand.
struct Machine {
  int64_t wall_us = kStart;
  int64_t monotonic_us = kMinute;
  void Run(int64_t micros) {
    wall_us += micros;
    monotonic_us += micros;
  }
};

class MachineClock final : public Clock {
 public:
  explicit MachineClock(Machine* machine) : machine_(machine) {}
  ClockReading Now() override {
    ClockReading reading;
    reading.wall_time_us = machine_->wall_us;
    reading.monotonic_us = machine_->monotonic_us;
    return reading;
  }

 private:
  Machine* const machine_;
};

class DoubtingClockTest : public ::testing::Test {
 protected:
  DoubtingClockTest()
      : clock_(std::make_unique<MachineClock>(&machine_), [this](LogLevel, absl::string_view) { ++told_; }) {}
  int64_t Now() { return clock_.Now().wall_time_us - kStart; }
  void RunConfirmed() {
    for (int i = 0; i < 30; ++i) {
      machine_.Run(kMinute);
      EXPECT_EQ(Now(), (i + 1) * kMinute);
    }
  }

  Machine machine_;
  int told_ = 0;
  DoubtingClock clock_;
};

TEST_F(DoubtingClockTest, AShortLeapIsNeverSeen) {
  RunConfirmed();
  for (const int64_t leap : {40 * kDay, -40 * kDay}) {
    const int64_t before = Now();
    machine_.wall_us += leap;
    machine_.Run(kMinute);
    EXPECT_EQ(Now(), before + kMinute);
    machine_.Run(5 * kMinute);
    EXPECT_EQ(Now(), before + 6 * kMinute);
    machine_.wall_us -= leap;
    EXPECT_EQ(Now(), before + 6 * kMinute);
  }
  EXPECT_EQ(told_, 2);
}

TEST_F(DoubtingClockTest, AClockThatKeepsToItsLeapIsBelieved) {
  RunConfirmed();
  machine_.wall_us += kDay;
  EXPECT_EQ(Now(), 30 * kMinute);
  machine_.Run(14 * kMinute);
  EXPECT_EQ(Now(), 44 * kMinute);
  machine_.Run(kMinute);
  EXPECT_EQ(Now(), kDay + 45 * kMinute);
  EXPECT_EQ(told_, 2);
}

// Minutes of different leaps do not add up.
TEST_F(DoubtingClockTest, EachLeapIsConfirmedByItself) {
  RunConfirmed();
  machine_.wall_us += kDay;
  EXPECT_EQ(Now(), 30 * kMinute);
  machine_.Run(14 * kMinute);
  machine_.wall_us += kDay;
  EXPECT_EQ(Now(), 44 * kMinute);
  machine_.Run(14 * kMinute);
  EXPECT_EQ(Now(), 58 * kMinute);
}

// A machine without a battery starts with any time and hears the right one from the network.
TEST_F(DoubtingClockTest, RightAfterTheStartTheClockMayStillBeSet) {
  machine_.Run(kMinute);
  EXPECT_EQ(Now(), kMinute);
  machine_.wall_us += 9000 * kDay;
  EXPECT_EQ(Now(), 9000 * kDay + kMinute);
}

TEST_F(DoubtingClockTest, ASlewedClockIsFollowed) {
  RunConfirmed();
  for (int i = 0; i < 100; ++i) {
    machine_.Run(kMinute);
    machine_.wall_us += kMinute / 2;
    EXPECT_EQ(Now(), machine_.wall_us - kStart);
  }
  EXPECT_EQ(told_, 0);
}

// A demonstration moves both clocks, as a machine that slept does.
TEST_F(DoubtingClockTest, ASleepIsNoLeap) {
  RunConfirmed();
  machine_.Run(3 * kDay);
  EXPECT_EQ(Now(), 3 * kDay + 30 * kMinute);
  EXPECT_EQ(told_, 0);
}

}  // namespace
}  // namespace doorstep
