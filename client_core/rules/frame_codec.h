// Frames as bytes: built on the phone, opened on the server. A frame is a header and the entries, compressed as a
// whole. Invariant: what OpenFrame accepts is within every bound of limits.h and its entries hash from prev_hash to
// head_hash.
#ifndef DOORSTEP_CLIENT_CORE_RULES_FRAME_CODEC_H_
#define DOORSTEP_CLIENT_CORE_RULES_FRAME_CODEC_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client_core/base/sha256.h"
#include "client_core/rules/journal_hash.h"
#include "doorstep/v1/sync.pb.h"

namespace doorstep {

// A frame whose bounds have been checked and whose body has been decompressed and parsed. Its chain has not been
// checked yet: CheckChain does that.
struct OpenedFrame {
  v1::FrameHeader header;
  v1::FrameBody body;
  std::string signature;  // Not checked either. Empty: there is none.
};

// Serializes a Frame: compresses `body` (zstd, level 3; left as it is when that would not help) and completes
// `header`: codec and raw_bytes. The rest of the header is the caller's. RESOURCE_EXHAUSTED when the frame would pass
// a bound, with room for a signature: take fewer entries.
absl::StatusOr<std::string> BuildFrame(v1::FrameHeader header, const v1::FrameBody& body);

// Parses and checks `frame`: sizes before decompression, number of entries against the header, ids. INVALID_ARGUMENT
// names field and bound; RESOURCE_EXHAUSTED when a size bound is passed.
absl::StatusOr<OpenedFrame> OpenFrame(absl::string_view frame);

// Compresses with the product's settings; `codec` says whether it helped.
std::string Compress(absl::string_view raw, v1::Codec* codec);
// `raw_bytes` must be the exact size. INVALID_ARGUMENT otherwise; nothing larger is ever allocated.
absl::StatusOr<std::string> Decompress(absl::string_view bytes, v1::Codec codec, uint32_t raw_bytes,
                                       size_t raw_bytes_max);

// The chain's hashes after each entry of `frame`. INVALID_ARGUMENT when the last is not header.head_hash.
template <typename Hasher>
absl::StatusOr<std::vector<Hash>> CheckChain(Hasher& hasher, const OpenedFrame& frame) {
  std::vector<Hash> hashes;
  hashes.reserve(frame.body.entries_size());
  Hash prev;
  std::copy(frame.header.prev_hash().begin(), frame.header.prev_hash().end(), prev.begin());
  uint64_t seq = frame.header.first_seq();
  for (const v1::EntryEnvelope& envelope : frame.body.entries()) {
    prev = ChainNext(hasher, prev,
                     {frame.header.device(), frame.header.epoch(), seq++, envelope.author(), envelope.from_epoch(),
                      envelope.from_seq(), envelope.entry()});
    hashes.push_back(prev);
  }
  if (hashes.empty() || AsBytes(prev) != absl::string_view(frame.header.head_hash())) {
    return absl::InvalidArgumentError("frame.header.head_hash: the entries do not hash from prev_hash to it");
  }
  return hashes;
}

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_RULES_FRAME_CODEC_H_
