// Integer arithmetic that scoring and decay share. Everything floors, also below zero.
#pragma once

#include "absl/numeric/int128.h"

namespace doorstep::health {

// floor(numerator / denominator), for denominator > 0. The operator alone would truncate towards zero.
absl::int128 FloorDivide(absl::int128 numerator, absl::int128 denominator);

// floor(sqrt(value)), exact.
absl::uint128 FloorSquareRoot(absl::uint128 value);

}  // namespace doorstep::health
