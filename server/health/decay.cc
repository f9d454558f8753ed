#include "server/health/decay.h"

#include <array>

#include "absl/numeric/int128.h"
#include "server/health/integer_math.h"

namespace doorstep::health {
namespace {

// Working precision. Products of two Q62 numbers fit 128 bits.
constexpr int kWorkBits = 62;
// Bits of age / half-life that are looked at; the rest changes D by less than 2^-18 of a unit.
constexpr int kFractionBits = 48;
constexpr int kResultBits = 30;

// roots[k] = 2^(-2^-(k+1)) in Q62, each the square root of the one before.
std::array<uint64_t, kFractionBits> HalvingRoots() {
  std::array<uint64_t, kFractionBits> roots;
  uint64_t root = uint64_t{1} << (kWorkBits - 1);
  for (uint64_t& slot : roots) {
    root = absl::Uint128Low64(FloorSquareRoot(absl::uint128{root} << kWorkBits));
    slot = root;
  }
  return roots;
}

}  // namespace

DecayTable::DecayTable(int32_t half_life_days) {
  static const std::array<uint64_t, kFractionBits> kRoots = HalvingRoots();
  const int64_t ages = int64_t{kResultBits + 1} * half_life_days;
  values_.reserve(static_cast<size_t>(ages));
  for (int64_t age = 0; age < ages; ++age) {
    // 2^-(age / half-life) = 2^-whole * product of 2^(-2^-(k+1)) over the binary digits k of the fraction.
    const int64_t whole = age / half_life_days;
    int64_t fraction = age % half_life_days;
    absl::uint128 product = absl::uint128{1} << kWorkBits;
    for (int k = 0; k < kFractionBits && fraction != 0; ++k) {
      fraction *= 2;
      if (fraction >= half_life_days) {
        fraction -= half_life_days;
        product = (product * kRoots[static_cast<size_t>(k)]) >> kWorkBits;
      }
    }
    const uint64_t value = absl::Uint128Low64(product) >> (kWorkBits - kResultBits + whole);
    if (value == 0) break;
    values_.push_back(static_cast<int32_t>(value));
  }
}

}  // namespace doorstep::health
