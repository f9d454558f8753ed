#include "server/feeds/visit_audience.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client_core/base/planted_bug.h"

namespace doorstep {
namespace {

std::string RevokedWords(const v1::Assignment& assignment) {
  std::string words =
      assignment.successor_id().empty() ? "taken back" : absl::StrCat("reassigned to ", assignment.successor_id());
  if (!assignment.revoked_reason().empty()) absl::StrAppend(&words, ": ", assignment.revoked_reason());
  return words;
}

}  // namespace

bool InFeedWindow(int64_t day, int32_t today) {
  return day == 0 || (day >= today - kFeedDaysBack && day <= today + kFeedDaysAhead);
}

std::vector<VisitViewer> AudienceOf(const v1::Visit& visit, int64_t day, int32_t today) {
  std::vector<VisitViewer> viewers;
  for (const v1::Assignment& assignment : visit.assignments()) {
    VisitViewer viewer;
    viewer.technician_id = assignment.technician_id();
    if (assignment.revoked() && !Planted("feed_shows_all")) {
      viewer.reason = RevokedWords(assignment);
      viewer.successor = assignment.successor_id();
    } else if (visit.state() == v1::VISIT_STATE_CANCELED) {
      viewer.reason = visit.cancel_reason().empty() ? "cancelled" : absl::StrCat("cancelled: ", visit.cancel_reason());
    } else if (!InFeedWindow(day, today)) {
      viewer.reason = "outside the days that a phone keeps";
    } else {
      viewer.sees = true;
    }
    viewers.push_back(std::move(viewer));
  }
  return viewers;
}

std::vector<std::string> NoLongerOn(const v1::Visit& before, const v1::Visit& after) {
  std::vector<std::string> gone;
  for (const v1::Assignment& was : before.assignments()) {
    const auto& now = after.assignments();
    const bool still = std::any_of(now.begin(), now.end(), [&was](const v1::Assignment& assignment) {
      return assignment.technician_id() == was.technician_id();
    });
    if (!still) gone.push_back(was.technician_id());
  }
  return gone;
}

}  // namespace doorstep
