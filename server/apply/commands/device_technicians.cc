#include "server/apply/commands/device_technicians.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "server/apply/commands/apply_parts.h"
#include "server/apply/commands/checks.h"
#include "server/apply/commands/references.h"
#include "server/storage/device_description.h"
#include "server/storage/device_table.h"

namespace doorstep {

absl::Status CheckFields(const v1::SetDeviceTechnicianRequest& request) {
  RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  RETURN_IF_ERROR(CheckId("device", request.device()));
  return CheckId("technician_id", request.technician_id());
}

absl::StatusOr<v1::SetDeviceTechnicianResponse> RunCommand(const v1::SetDeviceTechnicianRequest& request,
                                                           Transaction& tx) {
  ASSIGN_OR_RETURN(auto device, FindDevice(tx.sql(), request.device()));
  if (!device.has_value()) return absl::NotFoundError(absl::StrCat("device: no device ", request.device()));
  const absl::Status works = RequireTechnician("technician_id", request.technician_id(), tx);
  // Whoever has left the company may be taken off a phone.
  const bool may_go = absl::IsFailedPrecondition(works) && !request.allowed();
  if (!works.ok() && !may_go) return works;
  ASSIGN_OR_RETURN(const std::vector<std::string> before, TechniciansOfDevice(tx.sql(), device->n));
  const bool is_allowed = std::find(before.begin(), before.end(), request.technician_id()) != before.end();
  if (is_allowed && !request.allowed() && before.size() == 1) {
    return absl::FailedPreconditionError(absl::StrCat("technician_id: ", request.technician_id(),
                                                      " is the only one who may use ", request.device(),
                                                      "; let another use it first"));
  }
  if (is_allowed != request.allowed()) {
    v1::CommandRecord record;
    v1::DeviceTechnicianCommand& command = *record.mutable_device_technician();
    command.set_device(request.device());
    command.set_technician_id(request.technician_id());
    command.set_allowed(request.allowed());
    RETURN_IF_ERROR(tx.Apply(std::move(record)));
  }
  v1::SetDeviceTechnicianResponse response;
  ASSIGN_OR_RETURN(*response.mutable_device(), DeviceForOffice(tx.sql(), *device));
  return response;
}

absl::Status ApplyPart(const v1::DeviceTechnicianCommand& command, Transaction& tx) {
  return tx.SetDeviceTechnician(command.device(), command.technician_id(), command.allowed());
}

}  // namespace doorstep
