#include "server/feeds/tier.h"

namespace doorstep {

int FeedTier(v1::EntityKind kind, int64_t day, int32_t today) {
  switch (kind) {
    case v1::ENTITY_KIND_VISIT:
      if (day == today || day == today + 1) return 1;
      return day == 0 || day > today ? 3 : 4;
    case v1::ENTITY_KIND_WORK_ORDER:
    case v1::ENTITY_KIND_BRIEF:
    case v1::ENTITY_KIND_SITE:
    case v1::ENTITY_KIND_ASSET:
      return 2;
    default:
      return 0;
  }
}

}  // namespace doorstep
