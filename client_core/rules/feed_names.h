// What feeds are called and which days they hold, the same on both sides of the wire.
#ifndef DOORSTEP_CLIENT_CORE_RULES_FEED_NAMES_H_
#define DOORSTEP_CLIENT_CORE_RULES_FEED_NAMES_H_

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace doorstep {

// "technician:ana".
inline std::string TechnicianFeed(absl::string_view technician_id) {
  return absl::StrCat("technician:", technician_id);
}

// A technician's feed holds the visits of these days around the server's own (UTC).
inline constexpr int32_t kFeedDaysBack = 7;
inline constexpr int32_t kFeedDaysAhead = 14;

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_RULES_FEED_NAMES_H_
