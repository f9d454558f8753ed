#include "client_core/sync/watching.h"

#include <algorithm>

#include "client_core/sync/tuning.h"

namespace doorstep {
namespace {

bool IsRefusal(absl::StatusCode code) {
  return code == absl::StatusCode::kUnauthenticated || code == absl::StatusCode::kPermissionDenied ||
         code == absl::StatusCode::kUnimplemented;
}

}  // namespace

void NoteOpened(uint64_t call, int64_t now_us, Watching& watching) {
  watching.call = call;
  watching.heard = false;
  watching.opened_us = now_us;
  watching.silence_us = tuning::kWatchSilenceDefaultUs;
  watching.expires_us = now_us + tuning::kHelloDeadlineMs * int64_t{1000} + tuning::kDeadlineGraceUs;
}

bool NoteMessage(int64_t keep_alive_us, int64_t wait_us, int64_t now_us, Watching& watching) {
  const bool first = !watching.heard;
  watching.heard = true;
  if (keep_alive_us > 0) {
    watching.silence_us = std::min(keep_alive_us + keep_alive_us / 2, tuning::kWatchSilenceMaxUs);
  }
  watching.expires_us = now_us + watching.silence_us + tuning::kDeadlineGraceUs;
  if (wait_us > 0) watching.retry.Ask(wait_us, now_us);
  return first;
}

void NoteLost(absl::StatusCode code, int64_t now_us, uint64_t draw, Watching& watching) {
  watching.refused = IsRefusal(code);
  // Two phones with one identity end each other's streams, and a server may end all that it gets: only a stream that
  // has lasted shows that the next one is worth an early try.
  if (watching.heard && now_us - watching.opened_us >= tuning::kWatchLastedUs) watching.retry.wait_us = 0;
  watching.retry.Fail(now_us, draw);
  watching.call = 0;
  watching.heard = false;
}

}  // namespace doorstep
