// Whether a frame is new, a repeat, one that overtook another, or a fork; and storing what is new.
// Invariant: the stored frames of a journal, each without the entries it skips, are one unbroken chain up to the mark.
#ifndef DOORSTEP_SERVER_APPLY_FRAME_ADMISSION_H_
#define DOORSTEP_SERVER_APPLY_FRAME_ADMISSION_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "doorstep/v1/command.pb.h"
#include "server/apply/frame_answer.h"
#include "server/apply/group.h"
#include "server/apply/prepared_frame.h"

namespace doorstep {

struct FrameResult {
  // Not OK: the frame is refused, and nothing was written. PERMISSION_DENIED: the device is blocked; INVALID_ARGUMENT:
  // this server knows no such device; FAILED_PRECONDITION: no such epoch of it.
  absl::Status refusal;
  FrameAnswer answer;
};

// An error means that applying failed; the group must be rolled back. `frame` is consumed.
absl::StatusOr<FrameResult> AdmitFrame(Group& group, PreparedFrame& frame);

// Carries a recorded fork out: the new epoch's journal, and the device's state.
absl::Status ApplyFork(Group& group, const v1::ForkCommand& fork);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_FRAME_ADMISSION_H_
