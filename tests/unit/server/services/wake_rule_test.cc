#include "server/services/wake_rule.h"

#include <gtest/gtest.h>

namespace doorstep {
namespace {

constexpr int64_t kSecond = 1000000;
constexpr int64_t kNow = 10000 * kSecond;

TEST(WakeRuleTest, APhoneIsWokenOnceWhereNothingElseBringsTheNews) {
  const struct {
    const char* name;
    WakeFacts facts;
    WakeVerdict want;
  } kCases[] = {
      {"nothing waits", {0, 0, 0, false, false}, WakeVerdict::kSettled},
      {"never heard from, never woken", {kNow, 0, 0, false, false}, WakeVerdict::kNow},
      {"asked before it came to wait", {kNow - 5, kNow - 6, 0, false, false}, WakeVerdict::kNow},
      {"asked at that very moment", {kNow - 5, kNow - 5, 0, false, false}, WakeVerdict::kSettled},
      {"asked since", {kNow - 5, kNow - 4, 0, false, false}, WakeVerdict::kSettled},
      {"asked since it was woken", {kNow - 5, kNow - 3, kNow - 4, true, false}, WakeVerdict::kSettled},
      {"woken and silent", {kNow - 5, 0, kNow - 4, true, false}, WakeVerdict::kTold},
      {"woken an hour ago and silent",
       {kNow - 3601 * kSecond, 0, kNow - 3600 * kSecond, true, false},
       WakeVerdict::kTold},
      {"watches", {kNow - 5, 0, 0, false, true}, WakeVerdict::kAwake},
      {"watches, having been woken", {kNow - 5, 0, kNow - 4, true, true}, WakeVerdict::kTold},
      {"woken for something else 59 s ago",
       {kNow, kNow - 50 * kSecond, kNow - 59 * kSecond, false, false},
       WakeVerdict::kLater},
      {"woken for something else a minute ago",
       {kNow, kNow - 50 * kSecond, kNow - 60 * kSecond, false, false},
       WakeVerdict::kNow},
      {"a new gateway is told what another one was", {kNow - 5, 0, kNow - 4, false, false}, WakeVerdict::kNow},
  };
  for (const auto& c : kCases) EXPECT_EQ(JudgeWake(c.facts, kNow), c.want) << c.name;
}

}  // namespace
}  // namespace doorstep
