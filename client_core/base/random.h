// Randomness as an argument: ids, salts, nonces and jitter are drawn from here, so that a simulation can repeat itself.
#ifndef DOORSTEP_CLIENT_CORE_BASE_RANDOM_H_
#define DOORSTEP_CLIENT_CORE_BASE_RANDOM_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace doorstep {

// Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual void Fill(void* bytes, size_t length) = 0;

  std::string Bytes(size_t length);
  // Uniform in [0, bound); bound >= 1.
  uint64_t Below(uint64_t bound);
};

// libsodium's generator, fit for secrets.
class SystemRandom final : public Random {
 public:
  SystemRandom();
  void Fill(void* bytes, size_t length) override;
};

// The same draws for the same seed. For tests and simulations, never for secrets.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}
  void Fill(void* bytes, size_t length) override;

 private:
  uint64_t state_;
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_BASE_RANDOM_H_
