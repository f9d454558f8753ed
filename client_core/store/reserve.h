// Room on the disk that is kept for the moment when there is none left: a file beside the phone's own that is given up
// then, so that recording goes on, and made again when there is room.
// Invariant: while it is given up nothing is fetched, so that what it left is for what is recorded.
// Not thread-safe.
#ifndef DOORSTEP_CLIENT_CORE_STORE_RESERVE_H_
#define DOORSTEP_CLIENT_CORE_STORE_RESERVE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "client_core/sqlite/filler.h"

namespace doorstep {

// A day of an eager technician is a few hundred entries of some hundred bytes, and a log that was short may grow to one
// MiB before it is used again: enough for days of recording, and no burden to a phone.
inline constexpr int64_t kReserveBytes = int64_t{4} * 1024 * 1024;

class Reserve {
 public:
  // `bytes` 0: none is kept. Looks whether it is there.
  Reserve(sqlite::Filler filler, int64_t bytes);

  // It is there, or none is wanted.
  bool held() const { return held_; }
  int64_t bytes() const { return held_ ? bytes_ : 0; }

  // Makes it if it is missing. RESOURCE_EXHAUSTED: there is no room for it and a quarter more; with less it would be
  // given up again at the next tap.
  absl::Status Make();
  // True: there was one, and its room is free now.
  bool GiveUp();

 private:
  const sqlite::Filler filler_;
  const int64_t bytes_;
  bool held_ = false;
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_STORE_RESERVE_H_
