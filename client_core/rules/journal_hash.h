// The hash chain of a journal: every entry's hash covers the one before it, so that a missing, doubled, moved or
// changed entry breaks the chain. All integers are big-endian; "|" is concatenation:
//   first prev = SHA-256("doorstep-chain-1" | u32 len, device | u64 epoch | 16-byte salt)
//   hash       = SHA-256("doorstep-entry-1" | prev | u32 len, device | u64 epoch | u64 seq | u32 len, author
//                        | u64 from_epoch | u64 from_seq | u32 len, entry bytes)
// Templates over the hasher: libsodium on the phone, OpenSSL on the server.
#ifndef DOORSTEP_CLIENT_CORE_RULES_JOURNAL_HASH_H_
#define DOORSTEP_CLIENT_CORE_RULES_JOURNAL_HASH_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "client_core/base/sha256.h"

namespace doorstep {

// What the hash of one entry covers beside the hash before it.
struct ChainLink {
  absl::string_view device;
  uint64_t epoch = 0;
  uint64_t seq = 0;
  absl::string_view author;
  uint64_t from_epoch = 0;  // 0, 0 unless the entry was appended again.
  uint64_t from_seq = 0;
  absl::string_view entry;  // Serialized LogEntry.
};

namespace journal_hash_internal {

inline void AppendU32(uint32_t value, std::string& out) {
  const char bytes[4] = {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
                         static_cast<char>(value)};
  out.append(bytes, sizeof(bytes));
}

inline void AppendU64(uint64_t value, std::string& out) {
  AppendU32(static_cast<uint32_t>(value >> 32), out);
  AppendU32(static_cast<uint32_t>(value), out);
}

inline void AppendSized(absl::string_view bytes, std::string& out) {
  AppendU32(static_cast<uint32_t>(bytes.size()), out);
  out.append(bytes.data(), bytes.size());
}

}  // namespace journal_hash_internal

// Of the salt that begins a chain.
inline constexpr size_t kChainSaltBytes = 16;

// The hash before the first entry of a journal. `salt` has kChainSaltBytes.
template <typename Hasher>
Hash ChainStart(Hasher& hasher, absl::string_view device, uint64_t epoch, absl::string_view salt) {
  using namespace journal_hash_internal;  // NOLINT: the three writers above.
  std::string bytes = "doorstep-chain-1";
  AppendSized(device, bytes);
  AppendU64(epoch, bytes);
  bytes.append(salt.data(), salt.size());
  hasher.Reset();
  hasher.Update(bytes);
  return hasher.Finish();
}

// The hash after `link`, given the hash before it.
template <typename Hasher>
Hash ChainNext(Hasher& hasher, const Hash& prev, const ChainLink& link) {
  using namespace journal_hash_internal;  // NOLINT: the three writers above.
  // Everything before the entry fits a small buffer: one Update for it and one for the entry.
  std::string bytes;
  bytes.reserve(192);
  bytes.append("doorstep-entry-1");
  bytes.append(reinterpret_cast<const char*>(prev.data()), prev.size());
  AppendSized(link.device, bytes);
  AppendU64(link.epoch, bytes);
  AppendU64(link.seq, bytes);
  AppendSized(link.author, bytes);
  AppendU64(link.from_epoch, bytes);
  AppendU64(link.from_seq, bytes);
  AppendU32(static_cast<uint32_t>(link.entry.size()), bytes);
  hasher.Reset();
  hasher.Update(bytes);
  hasher.Update(link.entry);
  return hasher.Finish();
}

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_RULES_JOURNAL_HASH_H_
