#include "client_core/session/bundle.h"

#include <string>
#include <utility>

#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "client_core/session/frame_builder.h"

namespace doorstep {
namespace {

constexpr char kFormat[] = "doorstep bundle 1";

// Adds the frames of one epoch as long as there is room. False: there was not enough.
absl::StatusOr<bool> AddEpoch(const EpochMarks& marks, const ClockReading& now, LocalStore& store, size_t& bytes,
                              v1::Bundle& bundle) {
  SendPush push;
  push.epoch = marks.epoch;
  push.entries_max = limits::kFrameEntriesMax;
  push.bytes_max = limits::kFrameBytesMax;
  for (push.after_seq = marks.received_through; push.after_seq < marks.last_own_seq();) {
    ASSIGN_OR_RETURN(BuiltFrame frame, BuildNextFrame(push, now, store));
    if (bytes + frame.bytes.size() > limits::kBundleFrameBytesMax) return false;
    bytes += frame.bytes.size();
    bundle.set_entries(bundle.entries() + frame.covers.received_through() - push.after_seq);
    push.after_seq = frame.covers.received_through();
    bundle.add_frames(std::move(frame.bytes));
  }
  return true;
}

}  // namespace

absl::StatusOr<v1::Bundle> MakeBundle(const ClockReading& now, LocalStore& store) {
  if (!store.journal().identity().has_value()) return absl::FailedPreconditionError("this phone is not enrolled");
  v1::Bundle bundle;
  bundle.set_format(kFormat);
  bundle.set_made_time_us(now.wall_time_us);
  size_t bytes = 0;
  for (const auto& [epoch, marks] : store.journal().epochs()) {
    ASSIGN_OR_RETURN(const bool all, AddEpoch(marks, now, store, bytes, bundle));
    if (!all) break;
  }
  bundle.set_entries_left_out(store.journal().Counts().saved_here - bundle.entries());
  return bundle;
}

}  // namespace doorstep
