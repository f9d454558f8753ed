// How evidence fades: D(age) = 2^(-age / half-life), as integers that are the same on every machine.
// Invariant: a table depends on its half-life alone. It is built from integer square roots, because exp2 of
// two C libraries differs in the last bit, and one bit is another health.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace doorstep::health {

class DecayTable {
 public:
  // D is in Q30: this is D(0), and half of it is D(half-life).
  static constexpr int64_t kOne = int64_t{1} << 30;

  // 1 <= half_life_days <= 3650. Takes 31 * half_life_days multiplications; build it once per model.
  explicit DecayTable(int32_t half_life_days);

  // D(age_days), for age_days >= 0: from kOne down to 0, which it is from 31 half-lives on. Never more than
  // one unit below the true value, and never above it by more than 2^-16 of a unit.
  int64_t At(int64_t age_days) const {
    return age_days < static_cast<int64_t>(values_.size()) ? values_[static_cast<size_t>(age_days)] : 0;
  }

  // The table itself, up to the last age at which it is not 0.
  const std::vector<int32_t>& values() const { return values_; }

 private:
  std::vector<int32_t> values_;
};

}  // namespace doorstep::health
