// Sharing out a whole number so that the parts add up to it: the method of the largest remainder.
#pragma once

#include <cstdint>

#include "absl/types/span.h"

namespace doorstep::health {

// One part, exact to a billionth.
struct Part {
  int64_t billionths = 0;
  // What Apportion() gives it: billionths / 10^9, floored, or one more.
  int64_t share = 0;
};

// Sets the shares so that they add up to `total`. What flooring leaves over goes, one each, to the largest
// remainders; among equal ones to those that stand first. `total` must be at least the sum of the floors.
void Apportion(int64_t total, absl::Span<Part> parts);

}  // namespace doorstep::health
