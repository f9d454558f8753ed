#include "client_core/sync/push_pacing.h"

#include <algorithm>

#include "client_core/base/planted_bug.h"
#include "client_core/sync/tuning.h"

namespace doorstep {
namespace {

// The server read the frame and says what is wrong with it.
bool BlamesFrame(absl::StatusCode code) { return code == absl::StatusCode::kInvalidArgument; }

// The network, a server that is not well (gRPC itself says INTERNAL and UNKNOWN for streams that were cut), or a frame
// that made it so.
bool MayBlameFrame(absl::StatusCode code) {
  return code == absl::StatusCode::kUnavailable || code == absl::StatusCode::kDeadlineExceeded ||
         code == absl::StatusCode::kInternal || code == absl::StatusCode::kUnknown;
}

// One more failure that only the frame explains.
void Strike(PushPacing& pacing) {
  const FrameRun& run = pacing.failed;
  const bool alone = run.last_seq <= run.after_seq + 1;
  ++pacing.strikes;
  // Once the search is on, one failure is enough to halve: each may cost the server a restart.
  const bool searching = pacing.culprit_through > run.after_seq;
  if (pacing.strikes < tuning::kPushStrikesMax && (alone || !searching)) return;
  pacing.strikes = 0;
  if (!alone) {
    pacing.culprit_through = run.last_seq;
  } else {
    // An opaque entry that fails as well is not the entry's fault: it goes back to being sent as it is.
    pacing.opaque_seq = run.opaque ? 0 : run.last_seq;
  }
}

}  // namespace

FramePlan PlanFrame(const PushPacing& pacing, uint64_t acknowledged, uint64_t granted_entries) {
  FramePlan plan;
  plan.entries_max = std::min({pacing.entries_max, granted_entries, limits::kFrameEntriesMax});
  if (pacing.culprit_through > acknowledged) {
    plan.entries_max = std::min(plan.entries_max, (pacing.culprit_through - acknowledged) / 2);
  }
  plan.entries_max = std::max<uint64_t>(plan.entries_max, 1);
  if (pacing.opaque_seq == acknowledged + 1) return {1, true};
  return plan;
}

PushFailure NoteFailure(const FrameRun& run, absl::StatusCode code, uint64_t next_call, PushPacing& pacing) {
  pacing.failed = run;
  pacing.suspect = false;
  const uint64_t entries = run.last_seq > run.after_seq ? run.last_seq - run.after_seq : 1;
  if (code == absl::StatusCode::kDeadlineExceeded && entries > 1) {
    pacing.entries_max = entries / 2;  // Most likely a slow link: less at a time gets through.
    return PushFailure::kRetryLater;
  }
  if (code == absl::StatusCode::kResourceExhausted) {
    if (entries > 1) {
      pacing.entries_max = entries / 2;
      return PushFailure::kRetryNow;
    }
    if (Planted("busy_server_blames_entry")) Strike(pacing);
    return PushFailure::kRetryLater;  // No single entry is too large: the server has no memory to spare.
  }
  if (BlamesFrame(code)) {
    Strike(pacing);
    return PushFailure::kRetryLater;
  }
  if (!MayBlameFrame(code)) return PushFailure::kRetryLater;
  pacing.suspect = true;
  pacing.suspect_call = next_call;
  pacing.said_so = code == absl::StatusCode::kInternal || code == absl::StatusCode::kUnknown;
  return PushFailure::kProbe;
}

void NoteHello(uint64_t call, uint64_t acknowledged, int64_t server_started_us, PushPacing& pacing) {
  // The frame may have arrived and only its answer been lost. What comes next has failed at nothing.
  const bool blamed = pacing.suspect || pacing.strikes > 0 || pacing.lost > 0;
  if (blamed && acknowledged > pacing.failed.after_seq) return NoteProgress(acknowledged, pacing);
  if (!pacing.suspect || call < pacing.suspect_call) return;
  pacing.suspect = false;
  const bool restarted = pacing.failed.server_started_us != 0 && server_started_us != pacing.failed.server_started_us;
  const bool silent = !pacing.said_so && !restarted && !Planted("bad_link_blames_entry");
  if (silent && ++pacing.lost <= tuning::kPushLostMax) return;
  Strike(pacing);
}

void NoteProgress(uint64_t acknowledged, PushPacing& pacing) {
  pacing.strikes = 0;
  pacing.lost = 0;
  pacing.suspect = false;
  pacing.entries_max = std::min(limits::kFrameEntriesMax, pacing.entries_max * 2);
  if (pacing.culprit_through <= acknowledged) pacing.culprit_through = 0;
  if (pacing.opaque_seq <= acknowledged) pacing.opaque_seq = 0;
}

}  // namespace doorstep
