// What became of a pushed frame.
#ifndef DOORSTEP_SERVER_APPLY_FRAME_ANSWER_H_
#define DOORSTEP_SERVER_APPLY_FRAME_ANSWER_H_

#include <cstdint>
#include <optional>

#include "doorstep/v1/sync.pb.h"

namespace doorstep {

struct FrameAnswer {
  // Unchanged when the frame overtook another or was not taken (`wait_ms`).
  v1::JournalMark mark;
  // Present: nothing was stored.
  std::optional<v1::Fork> fork;
  int64_t device_feed_seq = 0;
  // Above 0: the disk is full or the like; nothing was stored, and the phone should ask again then. `mark` is empty.
  uint32_t wait_ms = 0;
  int64_t server_time_us = 0;
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_FRAME_ANSWER_H_
