// The visit that somebody looked at last, kept folded: what makes the next entry for it cost no more than itself.
#ifndef DOORSTEP_CLIENT_CORE_STORE_SHOWN_VISIT_H_
#define DOORSTEP_CLIENT_CORE_STORE_SHOWN_VISIT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "client_core/rules/visit_overlay.h"
#include "doorstep/v1/types.pb.h"

namespace doorstep {

// Holds as long as both files have the versions that it names; entries may have been appended since.
struct ShownVisit {
  std::string id;
  uint64_t pending_version = 0;
  uint64_t replica_version = 0;
  std::map<uint64_t, size_t> known;  // How many of each epoch's pending entries of the visit are taken.
  bool has_opening = false;          // One of them opened the visit on site.
  // Where entries that were appended again stand now, by the first position that corrections name.
  std::map<std::pair<uint64_t, uint64_t>, v1::JournalPosition> moved;
  std::optional<VisitOverlay> overlay;  // Absent: not on this phone.
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_STORE_SHOWN_VISIT_H_
