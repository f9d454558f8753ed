#include "server/apply/wake_projection.h"

#include <utility>
#include <vector>

#include "client_core/base/status.h"
#include "server/storage/push_table.h"

namespace doorstep {
namespace {

absl::Status Want(std::vector<WantedWake> wakeable, v1::WakeReason reason, Group& group) {
  for (WantedWake& wake : wakeable) {
    wake.reason = reason;
    wake.wanted_us = group.commit_us();
    RETURN_IF_ERROR(WriteWantedWake(group.sql(), wake));
    group.wakes.push_back(std::move(wake));
  }
  return absl::OkStatus();
}

}  // namespace

void WakeProjection::OfTechnician(absl::string_view technician, v1::WakeReason reason) {
  if (reason != v1::WAKE_REASON_UNSPECIFIED) technicians_.emplace(std::string(technician), reason);
}

void WakeProjection::OfDevice(int64_t device) { devices_.emplace(device, v1::WAKE_REASON_DEVICE_CHANGED); }

absl::Status WakeProjection::Write(Group& group) const {
  if (group.writes_later) return absl::OkStatus();
  for (const auto& [technician, reason] : technicians_) {
    ASSIGN_OR_RETURN(std::vector<WantedWake> wakeable, WakeableOfTechnician(group.sql(), technician));
    RETURN_IF_ERROR(Want(std::move(wakeable), reason, group));
  }
  for (const auto& [device, reason] : devices_) {
    ASSIGN_OR_RETURN(std::vector<WantedWake> wakeable, WakeableDevice(group.sql(), device));
    RETURN_IF_ERROR(Want(std::move(wakeable), reason, group));
  }
  return absl::OkStatus();
}

}  // namespace doorstep
