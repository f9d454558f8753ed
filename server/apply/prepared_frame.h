// A frame made ready for the writer: parsed, checked, hashed and decoded, so that what is left to the one writer thread
// is little. Made on the threads that serve calls.
// Invariant: the entries hash from prev_hash to head_hash, and `entries` holds one item for each.
#ifndef DOORSTEP_SERVER_APPLY_PREPARED_FRAME_H_
#define DOORSTEP_SERVER_APPLY_PREPARED_FRAME_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client_core/base/sha256.h"
#include "client_core/rules/frame_codec.h"
#include "doorstep/v1/fold.pb.h"
#include "doorstep/v1/sync.pb.h"
#include "doorstep/v1/visit.pb.h"

namespace doorstep {

// One entry, decoded. What it says never refuses the frame: bytes that cannot count carry a reason instead.
struct PreparedEntry {
  // UNSPECIFIED: nothing against it so far.
  v1::QuarantineReason reason = v1::QUARANTINE_REASON_UNSPECIFIED;
  std::string message;   // For `reason`: what is wrong, naming field and bound.
  std::string visit_id;  // As far as it could be parsed.
  v1::FieldTime time;
  v1::FoldFact fact;  // Without its corrected time. Only position and kind when the fact bears no state.
  bool bears_state = false;
  // Only for facts that do more than change a visit: VisitOpenedOnSite, AssetRegistered.
  std::unique_ptr<v1::LogEntry> log_entry;
  std::string author;  // With `log_entry`.
};

struct PreparedFrame {
  std::string bytes;
  OpenedFrame opened;
  std::vector<Hash> hashes;  // Of the chain, after each entry.
  std::vector<PreparedEntry> entries;
  uint64_t newest_epoch = 0;  // Of the phone that sent it. 0: not told.
  bool handed_in = false;     // By the office, from a file: a fork is not for it to take.

  // Whether the facts have been taken out of `entries` by an attempt that failed: DecodeEntries makes them again.
  bool consumed = false;

  uint64_t first_seq() const { return opened.header.first_seq(); }
  uint64_t last_seq() const { return opened.header.last_seq(); }
};

// INVALID_ARGUMENT: malformed frame or broken chain, naming field and bound; RESOURCE_EXHAUSTED: too large, halve it.
// Thread-safe.
absl::StatusOr<std::unique_ptr<PreparedFrame>> PrepareFrame(std::string bytes);
// The same of a call by `device`. PERMISSION_DENIED: the frame of another device.
absl::StatusOr<std::unique_ptr<PreparedFrame>> PrepareFrame(std::string bytes, absl::string_view device);

// Makes `entries` from what was opened.
void DecodeEntries(PreparedFrame& frame);

// One entry of a frame, decoded as PrepareFrame does.
PreparedEntry PrepareEntry(const v1::FrameHeader& header, uint64_t seq, const v1::EntryEnvelope& envelope);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_PREPARED_FRAME_H_
