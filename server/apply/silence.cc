#include "server/apply/silence.h"

#include <vector>

#include "client_core/base/status.h"
#include "server/storage/device_table.h"

namespace doorstep {

absl::StatusOr<bool> IsSilent(Group& group, const v1::Visit& visit, int64_t instant_us) {
  for (const v1::Assignment& assignment : visit.assignments()) {
    if (assignment.revoked()) continue;
    ASSIGN_OR_RETURN(const std::vector<DeviceRow> devices,
                     ActiveDevicesOfTechnician(group.sql(), assignment.technician_id()));
    for (const DeviceRow& device : devices) {
      if (device.reported_through_us < instant_us) return true;
    }
  }
  return false;
}

absl::StatusOr<bool> HasPhone(Group& group, const v1::Visit& visit) {
  for (const v1::Assignment& assignment : visit.assignments()) {
    if (assignment.revoked()) continue;
    ASSIGN_OR_RETURN(const std::vector<DeviceRow> devices,
                     ActiveDevicesOfTechnician(group.sql(), assignment.technician_id()));
    if (!devices.empty()) return true;
  }
  return false;
}

}  // namespace doorstep
