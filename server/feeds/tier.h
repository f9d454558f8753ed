// In which order a snapshot hands out a feed: what a technician needs first comes first. Computed for the day on which
// the snapshot began, never stored.
#ifndef DOORSTEP_SERVER_FEEDS_TIER_H_
#define DOORSTEP_SERVER_FEEDS_TIER_H_

#include <cstdint>

#include "doorstep/v1/sync.pb.h"

namespace doorstep {

// 0 control (journals, judgements, devices), 1 visits of today and tomorrow, 2 what visits refer to, 3 other visits
// from today on and those without a day, 4 visits of the past.
int FeedTier(v1::EntityKind kind, int64_t day, int32_t today);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_FEEDS_TIER_H_
