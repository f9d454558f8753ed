// The score: rows of evidence, a day and a model in, the account's health out.
//
// Health is a pure function of (evidence, day, model): integers only, every division floors, no clock and no
// score from before. With D the decay of its dimension, K and m its prior and V its share:
//   Omega = sum w D(T - t)        p = (K m + sum w D q) / (K + Omega)
//   H = 100 sum V p               H_0 = 100 sum V m
//   variance = p (1 - p) / (K + Omega + 1), interval H -+ 1.282 * 100 sqrt(sum V^2 variance)
//   evidence share = sum V Omega / (K + Omega)
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "doorstep/v1/health.pb.h"
#include "server/health/buckets.h"
#include "server/health/model.h"

namespace doorstep::health {

// An asset with so many repeats within so many days, the day of the question included, makes its account RED.
inline constexpr int kCapRepeats = 3;
inline constexpr int32_t kCapRepeatDays = 60;

// What makes an account RED whatever its score. Each is the id of what stands behind it; empty: there is
// none.
struct Caps {
  std::string safety_event_id = "";
  std::string cancellation_notice_id = "";
  std::string repeating_asset_id = "";
};

// The asset with at least kCapRepeats repeat visits in the kCapRepeatDays up to and with `day`, the first by
// id when there are several; empty when there is none. Looks at the signals REPEAT_VISIT and
// REPEAT_VISIT_AGAIN only, so the caller may hand over just those.
std::string FindRepeatingAsset(absl::Span<const v1::Observation> observations, int32_t day);

// `rows`: the account's buckets of this model, in any order (in the order of KeyLess it is quickest); rows
// after `day` do not count. DATA_LOSS when the sums contradict themselves, which only damaged buckets do.
absl::StatusOr<v1::AccountHealth> Score(absl::Span<const BucketRow> rows, const Caps& caps, int32_t day,
                                        const Model& model);

}  // namespace doorstep::health
