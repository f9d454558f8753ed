#include "server/services/wake_rule.h"

namespace doorstep {

WakeVerdict JudgeWake(const WakeFacts& facts, int64_t now_us) {
  if (facts.wanted_us == 0 || facts.contacted_us >= facts.wanted_us) return WakeVerdict::kSettled;
  if (facts.told) return WakeVerdict::kTold;
  if (facts.watching) return WakeVerdict::kAwake;
  // What another gateway was told already is the same wake.
  const bool is_new = facts.woken_us < facts.wanted_us;
  if (is_new && facts.woken_us != 0 && now_us - facts.woken_us < kWakeIntervalUs) return WakeVerdict::kLater;
  return WakeVerdict::kNow;
}

}  // namespace doorstep
