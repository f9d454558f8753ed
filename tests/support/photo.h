// Bytes that stand for a photo, and the name they go by.
#ifndef DOORSTEP_TESTS_SUPPORT_PHOTO_H_
#define DOORSTEP_TESTS_SUPPORT_PHOTO_H_

#include <cstddef>
#include <random>
#include <string>

#include "absl/strings/string_view.h"
#include "client_core/base/sha256.h"

namespace doorstep::testing {

// The same for the same seed.
inline std::string Photo(size_t bytes, unsigned seed = 1) {
  std::mt19937 draw(seed);
  std::string photo(bytes, '\0');
  for (char& c : photo) c = static_cast<char>(draw());
  return photo;
}

inline Hash Sha256Of(absl::string_view bytes) {
  SodiumSha256 hasher;
  hasher.Update(bytes);
  return hasher.Finish();
}
// As attachments are named.
inline std::string HashOf(absl::string_view bytes) { return std::string(AsBytes(Sha256Of(bytes))); }

}  // namespace doorstep::testing

#endif  // DOORSTEP_TESTS_SUPPORT_PHOTO_H_
