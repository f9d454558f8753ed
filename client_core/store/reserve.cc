#include "client_core/store/reserve.h"

#include <utility>

#include "absl/status/statusor.h"

namespace doorstep {

Reserve::Reserve(sqlite::Filler filler, int64_t bytes) : filler_(std::move(filler)), bytes_(bytes) {
  if (bytes_ == 0) {
    held_ = true;
    return;
  }
  const absl::StatusOr<int64_t> there = sqlite::FillerBytes(filler_);
  held_ = there.ok() && *there == bytes_;  // Shorter or longer: a process ended while it was made.
}

absl::Status Reserve::Make() {
  if (held_) return absl::OkStatus();
  const absl::Status made = sqlite::MakeFiller(filler_, bytes_, bytes_ / 4);
  held_ = made.ok();
  return made;
}

bool Reserve::GiveUp() {
  if (!held_ || bytes_ == 0) return false;
  held_ = !sqlite::RemoveFiller(filler_).ok();
  return !held_;
}

}  // namespace doorstep
