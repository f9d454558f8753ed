#include "client_core/sync/backoff.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "client_core/base/random.h"

namespace doorstep {
namespace {

TEST(BackoffTest, EveryWaitLiesBetweenOneSecondAndFiveMinutes) {
  SeededRandom random(7);
  for (int phone = 0; phone < 200; ++phone) {
    Retry retry;
    int64_t now_us = 0;
    for (int i = 0; i < 30; ++i) {
      uint64_t draw = 0;
      random.Fill(&draw, sizeof(draw));
      retry.Fail(now_us, draw);
      ASSERT_GE(retry.wait_us, tuning::kBackoffBaseUs);
      ASSERT_LE(retry.wait_us, tuning::kBackoffCapUs);
      ASSERT_EQ(retry.ready_us, now_us + retry.wait_us);
      now_us = retry.ready_us;
    }
  }
}

TEST(BackoffTest, FirstWaitIsAtMostThreeSecondsAndGrowsToTheCap) {
  Retry retry;
  retry.Fail(0, UINT64_MAX);
  EXPECT_LE(retry.wait_us, 3 * tuning::kSecondUs);
  // The longest draw each time: 3 s, 9 s, 27 s, 81 s, 243 s, then the cap.
  const int64_t most_s[] = {3, 9, 27, 81, 243, 300, 300};
  Retry longest;
  for (const int64_t seconds : most_s) {
    const int64_t before = std::max(longest.wait_us, tuning::kBackoffBaseUs);
    const int64_t most = std::min(before * 3, tuning::kBackoffCapUs);
    longest.Fail(0, static_cast<uint64_t>(most - tuning::kBackoffBaseUs));
    EXPECT_EQ(longest.wait_us, seconds * tuning::kSecondUs);
  }
}

TEST(BackoffTest, PhonesThatFailTogetherDoNotComeBackTogether) {
  SeededRandom random(1);
  std::set<int64_t> seconds;
  for (int phone = 0; phone < 100; ++phone) {
    Retry retry;
    for (int i = 0; i < 5; ++i) {
      uint64_t draw = 0;
      random.Fill(&draw, sizeof(draw));
      retry.Fail(0, draw);
    }
    seconds.insert(retry.wait_us / tuning::kSecondUs);
  }
  EXPECT_GT(seconds.size(), 20u);
}

}  // namespace
}  // namespace doorstep
