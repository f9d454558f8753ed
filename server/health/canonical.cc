#include "server/health/canonical.h"

#include <openssl/evp.h>

#include <cstdlib>

namespace doorstep::health {

void CanonicalEncoder::PutBytes(absl::string_view value) {
  PutInt64(static_cast<int64_t>(value.size()));
  bytes_.append(value.data(), value.size());
}

std::string CanonicalEncoder::Digest() const {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  // It fails only without memory or without SHA-256, and a health without its receipt must not leave the
  // server.
  if (EVP_Digest(bytes_.data(), bytes_.size(), digest, &size, EVP_sha256(), nullptr) != 1) std::abort();
  return std::string(reinterpret_cast<const char*>(digest), size);
}

void CanonicalEncoder::PutBigEndian(uint64_t value, int width) {
  char buffer[8];
  for (int i = 0; i < width; ++i) buffer[i] = static_cast<char>(value >> (8 * (width - 1 - i)));
  bytes_.append(buffer, static_cast<size_t>(width));
}

}  // namespace doorstep::health
