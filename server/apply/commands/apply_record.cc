#include "server/apply/commands/apply_record.h"

#include "absl/strings/str_cat.h"
#include "server/apply/commands/apply_parts.h"

namespace doorstep {

absl::Status ApplyRecord(const v1::CommandRecord& record, Transaction& tx) {
  switch (record.command_case()) {
    case v1::CommandRecord::kCreateWorkOrder:
      return ApplyPart(record.create_work_order(), tx);
    case v1::CommandRecord::kCreateVisit:
      return ApplyPart(record.create_visit(), tx);
    case v1::CommandRecord::kScheduleVisit:
      return ApplyPart(record.schedule_visit(), tx);
    case v1::CommandRecord::kAssignVisit:
      return ApplyPart(record.assign_visit(), tx);
    case v1::CommandRecord::kReassignVisit:
      return ApplyPart(record.reassign_visit(), tx);
    case v1::CommandRecord::kDispatchVisit:
      return ApplyPart(record.dispatch_visit(), tx);
    case v1::CommandRecord::kCancelVisit:
      return ApplyPart(record.cancel_visit(), tx);
    case v1::CommandRecord::kCloseVisit:
      return ApplyPart(record.close_visit(), tx);
    case v1::CommandRecord::kRecordLeave:
      return ApplyPart(record.record_leave(), tx);
    case v1::CommandRecord::kResolveAssetMerge:
      return ApplyPart(record.resolve_asset_merge(), tx);
    case v1::CommandRecord::kRecordMiss:
      return ApplyPart(record.record_miss(), tx);
    case v1::CommandRecord::kResolveAttention:
      return ApplyPart(record.resolve_attention(), tx);
    case v1::CommandRecord::kImport:
      return ApplyPart(record.import(), tx);
    case v1::CommandRecord::kInviteDevice:
      return ApplyPart(record.invite_device(), tx);
    case v1::CommandRecord::kEnroll:
      return ApplyPart(record.enroll(), tx);
    case v1::CommandRecord::kReissueToken:
      return ApplyPart(record.reissue_token(), tx);
    case v1::CommandRecord::kIssueAdminToken:
      return ApplyPart(record.issue_admin_token(), tx);
    case v1::CommandRecord::kDeviceTechnician:
      return ApplyPart(record.device_technician(), tx);
    case v1::CommandRecord::kReported:
      return ApplyPart(record.reported(), tx);
    case v1::CommandRecord::kTick:
      return ApplyPart(record.tick(), tx);
    case v1::CommandRecord::kReplay:
      return ApplyPart(record.replay(), tx);
    case v1::CommandRecord::kRepair:
      return ApplyPart(record.repair(), tx);
    case v1::CommandRecord::kDismiss:
      return ApplyPart(record.dismiss(), tx);
    case v1::CommandRecord::kReconcile:
      return ApplyPart(record.reconcile(), tx);
    case v1::CommandRecord::kSigningKey:
      return ApplyPart(record.signing_key(), tx);
    case v1::CommandRecord::kBackedUp:
      return ApplyPart(record.backed_up(), tx);
    case v1::CommandRecord::kFork:
    case v1::CommandRecord::kQuarantine:
    case v1::CommandRecord::COMMAND_NOT_SET:
      break;
  }
  return absl::InternalError(absl::StrCat("no way to apply a command of kind ", record.command_case()));
}

}  // namespace doorstep
