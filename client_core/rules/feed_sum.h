// The 128-bit sum over a feed's rows: equal on phone and server exactly when both hold the same versions. Rows are
// added and removed in any order.
#ifndef DOORSTEP_CLIENT_CORE_RULES_FEED_SUM_H_
#define DOORSTEP_CLIENT_CORE_RULES_FEED_SUM_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "client_core/base/big_endian.h"
#include "client_core/base/sha256.h"
#include "doorstep/v1/sync.pb.h"

namespace doorstep {

struct FeedSum {
  uint64_t high = 0;
  uint64_t low = 0;
  bool operator==(const FeedSum&) const = default;
};

// The term of one row: the first 16 bytes of SHA-256(u32 kind | u32 len, id | u64 version), big-endian.
template <typename Hasher>
FeedSum FeedTerm(Hasher& hasher, v1::EntityKind kind, absl::string_view id, int64_t version) {
  std::string bytes;
  big_endian::AppendU32(static_cast<uint32_t>(kind), bytes);
  big_endian::AppendSized(id, bytes);
  big_endian::AppendU64(static_cast<uint64_t>(version), bytes);
  hasher.Reset();
  hasher.Update(bytes);
  const Hash hash = hasher.Finish();
  FeedSum term;
  for (int i = 0; i < 8; ++i) term.high = term.high << 8 | hash[i];
  for (int i = 8; i < 16; ++i) term.low = term.low << 8 | hash[i];
  return term;
}

inline void Add(const FeedSum& term, FeedSum& sum) {
  sum.low += term.low;
  sum.high += term.high + (sum.low < term.low ? 1 : 0);
}

inline void Subtract(const FeedSum& term, FeedSum& sum) {
  sum.high -= term.high + (sum.low < term.low ? 1 : 0);
  sum.low -= term.low;
}

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_RULES_FEED_SUM_H_
