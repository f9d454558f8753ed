// SHA-256 by OpenSSL: what the server hashes with, because it uses the processor's SHA instructions. The same
// interface as SodiumSha256, so that the rules hash with either.
#ifndef DOORSTEP_SERVER_OPENSSL_SHA256_H_
#define DOORSTEP_SERVER_OPENSSL_SHA256_H_

#include <openssl/evp.h>

#include "absl/strings/string_view.h"
#include "client_core/base/sha256.h"

namespace doorstep {

// One hash at a time: Reset, Update any number of times, Finish. Reuse one object: the context is what costs.
class OpensslSha256 {
 public:
  OpensslSha256() : context_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(context_, EVP_sha256(), nullptr); }
  ~OpensslSha256() { EVP_MD_CTX_free(context_); }
  OpensslSha256(const OpensslSha256&) = delete;
  OpensslSha256& operator=(const OpensslSha256&) = delete;

  // Naming the algorithm again would look it up again, which costs more than hashing an entry.
  void Reset() { EVP_DigestInit_ex(context_, nullptr, nullptr); }
  void Update(absl::string_view bytes) { EVP_DigestUpdate(context_, bytes.data(), bytes.size()); }
  Hash Finish() {
    Hash hash;
    EVP_DigestFinal_ex(context_, hash.data(), nullptr);
    return hash;
  }

 private:
  EVP_MD_CTX* const context_;
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_OPENSSL_SHA256_H_
