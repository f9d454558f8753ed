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
#include "client_core/base/big_endian.h"
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

// Of the salt that begins a chain.
inline constexpr size_t kChainSaltBytes = 16;

// The hash before the first entry of a journal. `salt` has kChainSaltBytes.
template <typename Hasher>
Hash ChainStart(Hasher& hasher, absl::string_view device, uint64_t epoch, absl::string_view salt) {
  std::string bytes = "doorstep-chain-1";
  big_endian::AppendSized(device, bytes);
  big_endian::AppendU64(epoch, bytes);
  bytes.append(salt.data(), salt.size());
  hasher.Reset();
  hasher.Update(bytes);
  return hasher.Finish();
}

// The hash after `link`, given the hash before it.
template <typename Hasher>
Hash ChainNext(Hasher& hasher, const Hash& prev, const ChainLink& link) {
  // Everything before the entry fits a small buffer: one Update for it and one for the entry.
  std::string bytes;
  bytes.reserve(192);
  bytes.append("doorstep-entry-1");
  bytes.append(reinterpret_cast<const char*>(prev.data()), prev.size());
  big_endian::AppendSized(link.device, bytes);
  big_endian::AppendU64(link.epoch, bytes);
  big_endian::AppendU64(link.seq, bytes);
  big_endian::AppendSized(link.author, bytes);
  big_endian::AppendU64(link.from_epoch, bytes);
  big_endian::AppendU64(link.from_seq, bytes);
  big_endian::AppendU32(static_cast<uint32_t>(link.entry.size()), bytes);
  hasher.Reset();
  hasher.Update(bytes);
  hasher.Update(link.entry);
  return hasher.Finish();
}

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_RULES_JOURNAL_HASH_H_
