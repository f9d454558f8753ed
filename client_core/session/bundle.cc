#include "client_core/session/bundle.h"

#include <string>
#include <utility>
#include <vector>

#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "client_core/session/frame_builder.h"

namespace doorstep {
namespace {

constexpr char kFormat[] = "doorstep bundle 1";

// What one epoch has to give. A copy: reading a damaged journal replaces it.
struct Run {
  uint64_t epoch = 0;
  uint64_t after_seq = 0;
  uint64_t last_seq = 0;
};

// Adds the run's frames as long as there is room. False: there was not enough.
absl::StatusOr<bool> AddRun(const Run& run, const ClockReading& now, LocalStore& store, size_t& bytes,
                            v1::Bundle& bundle) {
  SendPush push;
  push.epoch = run.epoch;
  push.entries_max = limits::kFrameEntriesMax;
  push.bytes_max = limits::kFrameBytesMax;
  for (push.after_seq = run.after_seq; push.after_seq < run.last_seq;) {
    ASSIGN_OR_RETURN(BuiltFrame frame, BuildNextFrame(push, now, store));
    if (bytes + frame.bytes.size() > limits::kBundleFrameBytesMax) return false;
    bytes += frame.bytes.size();
    bundle.set_entries(bundle.entries() + frame.covers.received_through() - push.after_seq);
    push.after_seq = frame.covers.received_through();
    bundle.add_frames(std::move(frame.bytes));
  }
  return true;
}

absl::StatusOr<v1::Bundle> BundleOf(const ClockReading& now, LocalStore& store) {
  if (!store.journal().identity().has_value()) return absl::FailedPreconditionError("this phone is not enrolled");
  v1::Bundle bundle;
  bundle.set_format(kFormat);
  bundle.set_made_time_us(now.wall_time_us);
  std::vector<Run> runs;
  for (const auto& [epoch, marks] : store.journal().epochs()) {
    runs.push_back({epoch, marks.received_through, marks.last_own_seq()});
  }
  size_t bytes = 0;
  for (const Run& run : runs) {
    ASSIGN_OR_RETURN(const bool all, AddRun(run, now, store, bytes, bundle));
    if (!all) break;
  }
  for (v1::JournalClaim& claim : store.journal().Claims()) *bundle.add_journals() = std::move(claim);
  bundle.set_entries_left_out(store.journal().Counts().saved_here - bundle.entries());
  return bundle;
}

}  // namespace

absl::StatusOr<v1::Bundle> MakeBundle(const ClockReading& now, LocalStore& store) {
  const size_t repairs = store.repairs().size();
  absl::StatusOr<v1::Bundle> bundle = BundleOf(now, store);
  // Damage came to light on the way, and what is left goes on in another epoch.
  if (store.repairs().size() != repairs) return BundleOf(now, store);
  return bundle;
}

}  // namespace doorstep
