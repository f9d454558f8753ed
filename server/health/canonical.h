// The canonical encoding behind model ids and score receipts: fields in a fixed order, integers big-endian,
// bytes with their length before them. Serialized protobuf is never hashed: its bytes may change with a
// library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace doorstep::health {

class CanonicalEncoder {
 public:
  // `tag` names what is encoded and its version, so that two kinds of things never share a hash.
  explicit CanonicalEncoder(absl::string_view tag) { PutBytes(tag); }

  // Room for so many bytes in all, so that a long encoding is not copied as it grows.
  void Reserve(size_t bytes) { bytes_.reserve(bytes); }

  void PutBool(bool value) { bytes_.push_back(value ? '\1' : '\0'); }
  void PutInt32(int32_t value) { PutBigEndian(static_cast<uint32_t>(value), 4); }
  void PutInt64(int64_t value) { PutBigEndian(static_cast<uint64_t>(value), 8); }
  void PutBytes(absl::string_view value);

  const std::string& bytes() const { return bytes_; }
  // SHA-256 of bytes(), 32 bytes.
  std::string Digest() const;

 private:
  void PutBigEndian(uint64_t value, int width);

  std::string bytes_;
};

}  // namespace doorstep::health
