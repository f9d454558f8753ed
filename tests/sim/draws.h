// Chance, in the words of a story. One stream of draws is the same each time for the same seed.
#ifndef DOORSTEP_TESTS_SIM_DRAWS_H_
#define DOORSTEP_TESTS_SIM_DRAWS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "client_core/base/random.h"

namespace doorstep::sim {

class Draws {
 public:
  explicit Draws(uint64_t seed) : random_(seed) {}

  // 0 <= draw < bound.
  int64_t Draw(int64_t bound) { return static_cast<int64_t>(random_.Below(static_cast<uint64_t>(bound))); }
  // From `low` to `high`, both possible.
  int64_t Between(int64_t low, int64_t high) { return low + Draw(high - low + 1); }
  bool Chance(int64_t permille) { return Draw(1000) < permille; }
  // Of `all`, which is not empty.
  template <typename T>
  const T& One(const std::vector<T>& all) {
    return all[static_cast<size_t>(Draw(static_cast<int64_t>(all.size())))];
  }
  Random& random() { return random_; }

 private:
  SeededRandom random_;
};

}  // namespace doorstep::sim

#endif  // DOORSTEP_TESTS_SIM_DRAWS_H_
