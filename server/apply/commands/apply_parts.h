// The second half of each kind of command, as ApplyRecord needs them. Each stands beside its first half.
#ifndef DOORSTEP_SERVER_APPLY_COMMANDS_APPLY_PARTS_H_
#define DOORSTEP_SERVER_APPLY_COMMANDS_APPLY_PARTS_H_

#include "absl/status/status.h"
#include "doorstep/v1/command.pb.h"
#include "server/apply/transaction.h"

namespace doorstep {

// work_order_commands.cc, visit_commands.cc
absl::Status ApplyPart(const v1::CreateWorkOrderRequest& command, Transaction& tx);
absl::Status ApplyPart(const v1::CreateVisitRequest& command, Transaction& tx);
absl::Status ApplyPart(const v1::ScheduleVisitRequest& command, Transaction& tx);
absl::Status ApplyPart(const v1::AssignVisitRequest& command, Transaction& tx);
absl::Status ApplyPart(const v1::ReassignVisitRequest& command, Transaction& tx);
absl::Status ApplyPart(const v1::DispatchVisitRequest& command, Transaction& tx);
absl::Status ApplyPart(const v1::CancelVisitRequest& command, Transaction& tx);
absl::Status ApplyPart(const v1::CloseVisitRequest& command, Transaction& tx);
absl::Status ApplyPart(const v1::RecordMissRequest& command, Transaction& tx);
// attention_commands.cc
absl::Status ApplyPart(const v1::ResolveAttentionRequest& command, Transaction& tx);
// asset_merge_commands.cc
absl::Status ApplyPart(const v1::ResolveAssetMergeCommand& command, Transaction& tx);
// leave_commands.cc
absl::Status ApplyPart(const v1::RecordLeaveCommand& command, Transaction& tx);
// import_commands.cc
absl::Status ApplyPart(const v1::ImportCommand& command, Transaction& tx);
// device_commands.cc
absl::Status ApplyPart(const v1::InviteDeviceCommand& command, Transaction& tx);
absl::Status ApplyPart(const v1::EnrollCommand& command, Transaction& tx);
absl::Status ApplyPart(const v1::ReissueTokenCommand& command, Transaction& tx);
absl::Status ApplyPart(const v1::IssueAdminTokenCommand& command, Transaction& tx);
absl::Status ApplyPart(const v1::ReportedCommand& command, Transaction& tx);
// device_technicians.cc
absl::Status ApplyPart(const v1::DeviceTechnicianCommand& command, Transaction& tx);
// quarantine_commands.cc
absl::Status ApplyPart(const v1::ReplayCommand& command, Transaction& tx);
absl::Status ApplyPart(const v1::RepairCommand& command, Transaction& tx);
absl::Status ApplyPart(const v1::DismissCommand& command, Transaction& tx);
// reconcile.cc
absl::Status ApplyPart(const v1::ReconcileCommand& command, Transaction& tx);
// signing_keys.cc
absl::Status ApplyPart(const v1::SigningKeyCommand& command, Transaction& tx);
// backed_up.cc
absl::Status ApplyPart(const v1::BackedUpCommand& command, Transaction& tx);
// tick.cc
absl::Status ApplyPart(const v1::TickCommand& command, Transaction& tx);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_COMMANDS_APPLY_PARTS_H_
