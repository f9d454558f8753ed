#include "server/health/integer_math.h"

namespace doorstep::health {

absl::int128 FloorDivide(absl::int128 numerator, absl::int128 denominator) {
  const absl::int128 quotient = numerator / denominator;
  return quotient * denominator > numerator ? quotient - 1 : quotient;
}

absl::uint128 FloorSquareRoot(absl::uint128 value) {
  if (value == 0) return 0;
  int bits = 0;
  for (absl::uint128 rest = value; rest != 0; rest >>= 1) ++bits;
  // Newton's method from above falls until it reaches the floor, and the first step that does not fall is the
  // end.
  absl::uint128 root = absl::uint128{1} << ((bits + 1) / 2);
  for (;;) {
    const absl::uint128 next = (root + value / root) >> 1;
    if (next >= root) return root;
    root = next;
  }
}

}  // namespace doorstep::health
