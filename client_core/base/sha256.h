// SHA-256 by libsodium: what the phone hashes with. The server has its own, faster one with the same interface
// (server/openssl_sha256.h); rules that hash are templates over the two.
#ifndef DOORSTEP_CLIENT_CORE_BASE_SHA256_H_
#define DOORSTEP_CLIENT_CORE_BASE_SHA256_H_

#include <sodium.h>

#include <array>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace doorstep {

using Hash = std::array<uint8_t, 32>;

inline absl::string_view AsBytes(const Hash& hash) {
  return absl::string_view(reinterpret_cast<const char*>(hash.data()), hash.size());
}

// One hash at a time: Reset, Update any number of times, Finish. Reusable after Finish by Reset.
class SodiumSha256 {
 public:
  SodiumSha256() { Reset(); }
  void Reset() { crypto_hash_sha256_init(&state_); }
  void Update(absl::string_view bytes) {
    crypto_hash_sha256_update(&state_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  }
  Hash Finish() {
    Hash hash;
    crypto_hash_sha256_final(&state_, hash.data());
    return hash;
  }

 private:
  crypto_hash_sha256_state state_;
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_BASE_SHA256_H_
