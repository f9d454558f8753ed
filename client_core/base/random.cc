#include "client_core/base/random.h"

#include <sodium.h>

#include <cstring>

#include "absl/numeric/int128.h"

namespace doorstep {

std::string Random::Bytes(size_t length) {
  std::string bytes(length, '\0');
  Fill(bytes.data(), length);
  return bytes;
}

uint64_t Random::Below(uint64_t bound) {
  // The bias is bound / 2^64: nothing that jitter or sampling could show.
  uint64_t draw = 0;
  Fill(&draw, sizeof(draw));
  return absl::Uint128High64(absl::uint128(draw) * bound);
}

SystemRandom::SystemRandom() {
  // Repeating sodium_init is allowed and cheap; it only fails where the system has no randomness at all.
  [[maybe_unused]] const int initialised = sodium_init();
}

void SystemRandom::Fill(void* bytes, size_t length) { randombytes_buf(bytes, length); }

void SeededRandom::Fill(void* bytes, size_t length) {
  // SplitMix64 (Steele, Lea, Flood 2014).
  auto* out = static_cast<unsigned char*>(bytes);
  while (length > 0) {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    const size_t n = length < sizeof(z) ? length : sizeof(z);
    std::memcpy(out, &z, n);
    out += n;
    length -= n;
  }
}

}  // namespace doorstep
