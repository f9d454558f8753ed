// Who may sign in on a phone. First half, as in dispatch_commands.h.
// Invariant: a phone is never without a technician, because a phone that hears of none goes by those of its enrolment.
#ifndef DOORSTEP_SERVER_APPLY_COMMANDS_DEVICE_TECHNICIANS_H_
#define DOORSTEP_SERVER_APPLY_COMMANDS_DEVICE_TECHNICIANS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "doorstep/v1/admin_service.pb.h"
#include "server/apply/transaction.h"

namespace doorstep {

absl::Status CheckFields(const v1::SetDeviceTechnicianRequest& request);
absl::StatusOr<v1::SetDeviceTechnicianResponse> RunCommand(const v1::SetDeviceTechnicianRequest& request,
                                                           Transaction& tx);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_COMMANDS_DEVICE_TECHNICIANS_H_
