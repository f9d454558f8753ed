// What feeds are called, the same on both sides of the wire.
#ifndef DOORSTEP_CLIENT_CORE_RULES_FEED_NAMES_H_
#define DOORSTEP_CLIENT_CORE_RULES_FEED_NAMES_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace doorstep {

// "technician:ana".
inline std::string TechnicianFeed(absl::string_view technician_id) {
  return absl::StrCat("technician:", technician_id);
}

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_RULES_FEED_NAMES_H_
