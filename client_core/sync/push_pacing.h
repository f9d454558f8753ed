// How much of the queue the next frame takes, and what happens to a frame that keeps failing.
//
// Two different troubles:
//   too large   the server says RESOURCE_EXHAUSTED, or the link is too slow for the deadline: halve, grow again with
//               each success. No single entry is too large, so one that stands alone just waits.
//   poisonous   the frame fails again and again although the server answers other calls: search for the entry that
//               kills it by halving the run it must be in, and when it stands alone send it marked opaque.
// A failure that a missing network or an ailing server explains is neither. A Hello that was begun after the failure
// and answered tells: the frame was refused with an error, or the server had to start anew since the frame was sent,
// and that is a strike against it. That nothing came back says little, for a bad link loses large requests and lets
// small ones through; but a frame that nothing ever comes back for, so many times in a row, is poisonous too.
//
// Invariant: every entry is sent in the end, in order; nothing is skipped.
#ifndef DOORSTEP_CLIENT_CORE_SYNC_PUSH_PACING_H_
#define DOORSTEP_CLIENT_CORE_SYNC_PUSH_PACING_H_

#include <cstdint>

#include "absl/status/status.h"
#include "client_core/base/limits.h"

namespace doorstep {

// The frame that failed last, or is on its way.
struct FrameRun {
  uint64_t after_seq = 0;  // Its entries are after_seq + 1 ...
  uint64_t last_seq = 0;   // ... to last_seq.
  bool opaque = false;
  int64_t server_started_us = 0;  // Of the process that answered the last Hello before it was sent. 0: not known.
};

struct PushPacing {
  uint64_t entries_max = limits::kFrameEntriesMax;  // Halved when too large.
  uint64_t culprit_through = 0;                     // An entry up to here kills its frame. 0: none known.
  uint64_t opaque_seq = 0;                          // This entry goes alone and opaque. 0: none.
  uint32_t strikes = 0;
  uint32_t lost = 0;          // So many times in a row nothing came back, and the server was there.
  bool suspect = false;       // `failed` failed, and it is not yet known whether the server is there at all.
  uint64_t suspect_call = 0;  // A Hello from this number on shows that it is.
  bool said_so = false;       // What came back was an error, not silence.
  FrameRun failed;
};

// How many entries the next frame may hold, and whether it must be opaque, when all up to `acknowledged` are received.
struct FramePlan {
  uint64_t entries_max = 1;
  bool opaque = false;
};
FramePlan PlanFrame(const PushPacing& pacing, uint64_t acknowledged, uint64_t granted_entries);

enum class PushFailure {
  kRetryNow,    // Something changed: the next frame is another one.
  kRetryLater,  // Back off.
  kProbe,       // Back off, and find out with a Hello whether the server is there.
};
// `next_call`: the number that the next call will get.
PushFailure NoteFailure(const FrameRun& run, absl::StatusCode code, uint64_t next_call, PushPacing& pacing);

// The Hello `call` was answered by a process that began at `server_started_us`. Once the frame that failed has arrived
// all the same, its failures are not held against the next.
void NoteHello(uint64_t call, uint64_t acknowledged, int64_t server_started_us, PushPacing& pacing);

// Entries up to `acknowledged` are received.
void NoteProgress(uint64_t acknowledged, PushPacing& pacing);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_SYNC_PUSH_PACING_H_
