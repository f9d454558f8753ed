// Whether a push gateway is to be told now that a phone is to be woken. A pure rule.
//
// A push costs the phone's battery, and push services hold back what comes too often (Apple, "Pushing background
// updates to your App": not more than two or three an hour; FCM delivers with less haste what shows nothing). So it is
// sent only where nothing else brings the news, and once until the phone has asked.
#ifndef DOORSTEP_SERVER_SERVICES_WAKE_RULE_H_
#define DOORSTEP_SERVER_SERVICES_WAKE_RULE_H_

#include <cstdint>

namespace doorstep {

// Between two wakes of one phone, however often it asks meanwhile: as often as a phone in somebody's hand asks by
// itself (tuning::kPollForegroundUs), so that an office that plans its day does not push at every click.
inline constexpr int64_t kWakeIntervalUs = int64_t{60} * 1000000;

// Instants of one monotonic clock, above 0; 0: never.
struct WakeFacts {
  int64_t wanted_us = 0;     // Something urgent came to wait.
  int64_t contacted_us = 0;  // The phone asked last.
  int64_t woken_us = 0;      // Any gateway was told of this phone last.
  bool told = false;         // This gateway was told since `wanted_us`.
  bool watching = false;     // The phone has a stream of hints open.
};

enum class WakeVerdict {
  kSettled,  // The phone has asked since.
  kTold,     // More wakes would not wake it more.
  kAwake,    // The hint goes to its stream. If that ends before the phone has asked, it is woken.
  kLater,    // Too soon after the wake before.
  kNow,
};
WakeVerdict JudgeWake(const WakeFacts& facts, int64_t now_us);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_SERVICES_WAKE_RULE_H_
