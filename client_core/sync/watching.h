// The stream of hints that a phone keeps open while somebody looks at it: when it is opened again, when a silent one
// counts as lost, and what its messages say.
//
// Invariant: a hint only brings a pull forward. Whatever is lost here, the next stream's first message or the next poll
// makes up for, so nothing else of the engine depends on a stream being there.
#ifndef DOORSTEP_CLIENT_CORE_SYNC_WATCHING_H_
#define DOORSTEP_CLIENT_CORE_SYNC_WATCHING_H_

#include <cstdint>

#include "absl/status/status.h"
#include "client_core/sync/backoff.h"

namespace doorstep {

struct Watching {
  bool possible = false;  // The transport can.
  Retry retry;
  bool refused = false;
  uint64_t call = 0;  // 0: no stream is open.
  bool heard = false;
  int64_t opened_us = 0;
  int64_t silence_us = 0;  // A stream that says nothing for so long is lost.
  int64_t expires_us = 0;
};

// Hints come: there is no need to ask often.
inline bool IsToldAtOnce(const Watching& watching) { return watching.call != 0 && watching.heard; }

// A stream begins as `call`.
void NoteOpened(uint64_t call, int64_t now_us, Watching& watching);

// A message came. `keep_alive_us` and `wait_us` as the server said, 0: it did not. True: it is the stream's first one,
// which tells all heads.
bool NoteMessage(int64_t keep_alive_us, int64_t wait_us, int64_t now_us, Watching& watching);

// The stream has ended by itself, or its time is up.
void NoteLost(absl::StatusCode code, int64_t now_us, uint64_t draw, Watching& watching);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_SYNC_WATCHING_H_
