// A technician leaves the company: what was recorded before counts, what was recorded from then on is parked, whatever
// came first, the entry or the word of the office.
#ifndef DOORSTEP_SERVER_APPLY_LEAVE_H_
#define DOORSTEP_SERVER_APPLY_LEAVE_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/command.pb.h"
#include "doorstep/v1/sync.pb.h"
#include "server/apply/group.h"
#include "server/apply/prepared_frame.h"

namespace doorstep {

// Whether `author` had left when the entry was recorded, which came in a frame with this header.
absl::StatusOr<bool> HadLeft(Group& group, absl::string_view author, const PreparedEntry& entry,
                             const v1::FrameHeader& header, int64_t received_us);
absl::Status ParkAfterLeaving(Group& group, int64_t device, const v1::JournalPosition& position,
                              absl::string_view author, absl::string_view visit_id);

absl::Status ApplyLeave(Group& group, const v1::RecordLeaveCommand& command);

// DRAIN_ONLY while all who use the phone have left the company, else ACTIVE; a BLOCKED one stays so. Call when either
// has changed.
absl::Status SettleLane(Group& group, DeviceRow& device);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_LEAVE_H_
