// SHA-256, by libsodium.
#ifndef DOORSTEP_TOOLS_PHONE_SHA256_H_
#define DOORSTEP_TOOLS_PHONE_SHA256_H_

#include <sodium.h>

#include <string>

#include "absl/strings/string_view.h"

namespace doorstep::phone {

class Sha256 {
 public:
  Sha256() { crypto_hash_sha256_init(&state_); }
  void Update(absl::string_view bytes) {
    crypto_hash_sha256_update(&state_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  }
  // 32 bytes. Once.
  std::string Finish() {
    std::string hash(crypto_hash_sha256_BYTES, '\0');
    crypto_hash_sha256_final(&state_, reinterpret_cast<unsigned char*>(hash.data()));
    return hash;
  }

 private:
  crypto_hash_sha256_state state_;
};

}  // namespace doorstep::phone

#endif  // DOORSTEP_TOOLS_PHONE_SHA256_H_
