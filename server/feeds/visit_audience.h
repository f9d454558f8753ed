// Who sees a visit: a pure function of the visit and the day. A technician's phone holds the visits it is expected on,
// from a week back to two weeks ahead.
#ifndef DOORSTEP_SERVER_FEEDS_VISIT_AUDIENCE_H_
#define DOORSTEP_SERVER_FEEDS_VISIT_AUDIENCE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "client_core/rules/feed_names.h"
#include "doorstep/v1/visit.pb.h"

namespace doorstep {

// Whether a visit of `day` (0: no day yet) belongs on a phone on `today`.
bool InFeedWindow(int64_t day, int32_t today);

// One technician who is or was on the visit.
struct VisitViewer {
  std::string technician_id;
  bool sees = false;
  // When not: why, in plain words, and who has the visit now (empty: nobody).
  std::string reason;
  std::string successor;
};

// In the order of the visit's assignments.
std::vector<VisitViewer> AudienceOf(const v1::Visit& visit, int64_t day, int32_t today);

// Technicians who were on the visit and of whom it says nothing any more: their only fact there was retracted.
std::vector<std::string> NoLongerOn(const v1::Visit& before, const v1::Visit& after);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_FEEDS_VISIT_AUDIENCE_H_
