// Why the score is what it is: one contribution for each observation that still counts.
// Invariant: the prior score and the contributions add up to the score exactly, those of a dimension to the
// dimension's contribution; and the health is the one that Score() makes of the same observations' buckets.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "doorstep/v1/health.pb.h"
#include "server/health/model.h"
#include "server/health/score.h"

namespace doorstep::health {

struct Explanation {
  v1::AccountHealth health;
  // The largest effect first, up or down; ties by source id, signal, day. Observations that have faded to
  // nothing or begin after the day are not in it.
  std::vector<v1::Contribution> contributions;
};

// `observations`: all that are open for the account, in any order. INVALID_ARGUMENT as Weigh (buckets.h).
//
// A contribution is 100 V w D (q - m) / (K + Omega), floored to a thousandth of a point; what flooring leaves
// over goes to the largest remainders, a thousandth each (ties by source id, signal, day).
absl::StatusOr<Explanation> Explain(absl::Span<const v1::Observation> observations, const Caps& caps, int32_t day,
                                    const Model& model);

}  // namespace doorstep::health
