// Buckets: sums of evidence by day, from which a score is made without reading a single observation.
//
// Invariant: the rows of an account are the exact integer sum of what its open observations spread, so they
// do not depend on order, and taking an observation out again leaves the very rows that were there before. An
// absent row and a row of zeros mean the same.
//
// Two kinds of rows make "held until it is closed, fading from then on" a matter of sums: what is held counts
// in full, what fades counts by its age.
//   fades from day f         + at (fading, f)
//   held from f, open        + at (held, f)
//   ... closed on day u      + at (held, f), - at (held, u), + at (fading, u)
//   ... replaced on day u    + at (held, f), - at (held, u)
// On day T only rows with day <= T count. Weights come from the model: a new model means new buckets.
#pragma once

#include <cstdint>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "doorstep/v1/health.pb.h"
#include "server/health/model.h"

namespace doorstep::health {

struct BucketRow {
  // The key, beside the account.
  v1::Dimension dimension = v1::DIMENSION_UNSPECIFIED;
  bool held = false;
  int32_t day = 0;

  // The sums. Negative in the rows in which held evidence ends.
  int64_t observations = 0;
  int64_t weight = 0;            // Millionths.
  int64_t weighted_quality = 0;  // Millionths times millionths.

  friend bool operator==(const BucketRow&, const BucketRow&) = default;
};

// Whether the key of `a` comes before that of `b`: by dimension, held, day. The order of the index.
inline bool KeyLess(const BucketRow& a, const BucketRow& b) {
  return std::tie(a.dimension, a.held, a.day) < std::tie(b.dimension, b.held, b.day);
}

// Whether every sum is 0: such a row is the same as no row.
bool IsEmpty(const BucketRow& row);

// What one observation is worth before it fades.
struct Worth {
  int64_t weight_millionths = 0;
  int64_t quality_millionths = 0;
};

// INVALID_ARGUMENT, naming the field, when `observation` could not have been derived: an unknown signal,
// another dimension than the signal's, a value off its scale, a closing day before the effective day.
absl::StatusOr<Worth> Weigh(const v1::Observation& observation, const Model& model);

// Appends the one to three rows of `observation` to `rows`; with `sign` -1 those that take it out again.
// Errors as Weigh; then nothing is appended.
absl::Status Spread(const v1::Observation& observation, int sign, const Model& model, std::vector<BucketRow>* rows);

// Sorts `rows` by key, adds up those with one key, and drops those that come to nothing. What is left of
// several Spread() calls is what to add to the stored rows.
void Combine(std::vector<BucketRow>* rows);

}  // namespace doorstep::health
