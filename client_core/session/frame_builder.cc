#include "client_core/session/frame_builder.h"

#include <algorithm>
#include <utility>

#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "client_core/rules/frame_codec.h"
#include "client_core/rules/frame_signature.h"

namespace doorstep {
namespace {

// Room for the header: two hashes and at most 64 clock samples of some 70 bytes.
constexpr uint64_t kHeaderBytesMax = 6 * 1024;

}  // namespace

v1::ClockSample SampleOf(const ClockReading& reading) {
  v1::ClockSample sample;
  sample.set_boot_id(reading.boot_id);
  sample.set_wall_time_us(reading.wall_time_us);
  sample.set_monotonic_us(reading.monotonic_us);
  return sample;
}

absl::StatusOr<BuiltFrame> BuildNextFrame(const SendPush& push, const ClockReading& now, LocalStore& store) {
  if (!store.journal().identity().has_value()) return absl::FailedPreconditionError("this phone is not enrolled");
  // The bound is on the compressed frame; counting the entries uncompressed keeps within it without trying.
  const uint64_t bytes_max = push.bytes_max - std::min(push.bytes_max / 2, kHeaderBytesMax);
  ASSIGN_OR_RETURN(FrameEntries run,
                   store.ReadForFrame(push.epoch, push.after_seq, push.opaque ? 1 : push.entries_max, bytes_max));
  if (run.entries.empty()) return absl::NotFoundError("nothing is left to send in this epoch");

  v1::FrameHeader header;
  header.set_device(store.journal().identity()->device());
  header.set_epoch(run.epoch);
  header.set_first_seq(run.first_seq);
  header.set_last_seq(run.last_seq);
  header.set_prev_hash(run.prev_hash.data(), run.prev_hash.size());
  header.set_head_hash(run.head_hash.data(), run.head_hash.size());
  header.set_empties_queue(run.empties_queue);
  *header.add_clock() = store.journal().boots().Tied(SampleOf(now));
  for (v1::ClockSample& sample : run.clock) *header.add_clock() = std::move(sample);

  v1::FrameBody body;
  for (v1::EntryEnvelope& envelope : run.entries) *body.add_entries() = std::move(envelope);
  if (push.opaque) body.mutable_entries(0)->set_opaque(true);
  BuiltFrame built;
  built.covers.set_epoch(run.epoch);
  built.covers.set_received_through(run.last_seq);
  built.covers.set_hash(std::string(AsBytes(run.head_hash)));
  built.signed_text = SignedText(header);
  ASSIGN_OR_RETURN(built.bytes, BuildFrame(std::move(header), body));
  return built;
}

}  // namespace doorstep
