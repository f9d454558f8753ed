// Which moves of a visit in a technician's feed cannot wait until the phone asks by itself. A pure rule.
//
// Urgent is what changes where the technician goes today or tomorrow. What happens at the site is not: whoever is there
// knows it, and a phone that was woken by each step of a colleague would be awake all day. Nor is a visit that has
// ended.
#ifndef DOORSTEP_SERVER_FEEDS_URGENCY_H_
#define DOORSTEP_SERVER_FEEDS_URGENCY_H_

#include <cstdint>

#include "doorstep/v1/push_gateway_service.pb.h"
#include "doorstep/v1/visit.pb.h"

namespace doorstep {

// Beside the server's own day, which is that of UTC: a technician west of Greenwich still works in the day before, and
// tomorrow has to be known when it is planned.
inline constexpr int64_t kUrgentDaysBack = 1;
inline constexpr int64_t kUrgentDaysAhead = 1;

// What a commit did to one visit in one feed.
struct VisitMove {
  bool was_shown = false;
  bool is_shown = false;
  int64_t day_before = 0;  // 0: it had none.
  int64_t day_after = 0;
  v1::VisitState state_after = v1::VISIT_STATE_UNSPECIFIED;
  bool by_office = false;  // By a command; else by facts alone.
};

// WAKE_REASON_UNSPECIFIED: it can wait.
v1::WakeReason UrgencyOf(const VisitMove& move, int32_t today);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_FEEDS_URGENCY_H_
