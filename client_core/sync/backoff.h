// When to try again: decorrelated jitter (Brooker, "Exponential Backoff and Jitter", 2015). Each wait is drawn between
// the base and three times the wait before, so that phones which failed together do not come back together.
#ifndef DOORSTEP_CLIENT_CORE_SYNC_BACKOFF_H_
#define DOORSTEP_CLIENT_CORE_SYNC_BACKOFF_H_

#include <algorithm>
#include <cstdint>

#include "client_core/sync/tuning.h"

namespace doorstep {

// One thing that may have to be repeated. A fresh value may be tried at once.
struct Retry {
  int64_t ready_us = 0;  // Not before this instant of the monotonic clock.
  int64_t wait_us = 0;   // The last wait; 0 after a success.
  int64_t asked_us = 0;  // The server asked not to come before this instant, which no failure or success changes.

  bool Ready(int64_t now_us) const { return now_us >= ReadyAt(); }
  int64_t ReadyAt() const { return std::max(ready_us, asked_us); }

  // What was put off here may be tried at once.
  void Forget() { ready_us = wait_us = 0; }

  // The server asks for patience, and adds the jitter itself.
  void Ask(int64_t patience_us, int64_t now_us) { asked_us = now_us + std::min(patience_us, tuning::kGrantWaitMaxUs); }

  // `draw` is 64 random bits.
  void Fail(int64_t now_us, uint64_t draw) {
    const int64_t before = std::max(wait_us, tuning::kBackoffBaseUs);
    const int64_t most = std::min(before * 3, tuning::kBackoffCapUs);
    const uint64_t span = static_cast<uint64_t>(most - tuning::kBackoffBaseUs) + 1;
    wait_us = tuning::kBackoffBaseUs + static_cast<int64_t>(draw % span);
    ready_us = now_us + wait_us;
  }
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_SYNC_BACKOFF_H_
