// Whose phones are to hear at once of what a group has done.
// Operational: nothing that is recorded depends on it, and a rebuild leaves it out.
#ifndef DOORSTEP_SERVER_APPLY_WAKE_PROJECTION_H_
#define DOORSTEP_SERVER_APPLY_WAKE_PROJECTION_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/push_gateway_service.pb.h"
#include "server/apply/group.h"

namespace doorstep {

// Gathers what is urgent while the feeds are projected.
class WakeProjection {
 public:
  // The first reason stays. WAKE_REASON_UNSPECIFIED is none.
  void OfTechnician(absl::string_view technician, v1::WakeReason reason);
  void OfDevice(int64_t device);

  // Notes it for those whose phones can be woken, in the file and in `group.wakes`.
  absl::Status Write(Group& group) const;

 private:
  std::map<std::string, v1::WakeReason> technicians_;
  std::map<int64_t, v1::WakeReason> devices_;
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_WAKE_PROJECTION_H_
