#include "server/feeds/urgency.h"

namespace doorstep {
namespace {

bool IsNear(int64_t day, int32_t today) {
  return day != 0 && day >= today - kUrgentDaysBack && day <= today + kUrgentDaysAhead;
}

bool HasEnded(v1::VisitState state) {
  return state == v1::VISIT_STATE_COMPLETED || state == v1::VISIT_STATE_INCOMPLETE || state == v1::VISIT_STATE_CLOSED;
}

}  // namespace

v1::WakeReason UrgencyOf(const VisitMove& move, int32_t today) {
  const bool was_near = move.was_shown && IsNear(move.day_before, today);
  const bool is_near = move.is_shown && IsNear(move.day_after, today);
  if (HasEnded(move.state_after)) return v1::WAKE_REASON_UNSPECIFIED;
  if (was_near && !move.is_shown) {
    return move.state_after == v1::VISIT_STATE_CANCELED ? v1::WAKE_REASON_VISIT_CANCELED : v1::WAKE_REASON_VISIT_GONE;
  }
  if (is_near && !move.was_shown) return v1::WAKE_REASON_VISIT_ASSIGNED;
  if ((was_near || is_near) && move.by_office) return v1::WAKE_REASON_VISIT_CHANGED;
  return v1::WAKE_REASON_UNSPECIFIED;
}

}  // namespace doorstep
