// Observations for tests: short to write, short to read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/health/buckets.h"
#include "server/health/model.h"

namespace doorstep::health {

inline v1::Observation Observed(v1::Signal signal, int32_t day, const std::string& source, int64_t value = 0) {
  v1::Observation observation;
  observation.set_dimension(DimensionOf(signal));
  observation.set_signal(signal);
  observation.set_effective_day(day);
  observation.set_value(value);
  observation.set_aging(v1::AGING_FADES);
  observation.set_source_id(source);
  return observation;
}

// From `day` until `closed` in full; nullopt: still open.
inline v1::Observation Held(v1::Signal signal, int32_t day, std::optional<int32_t> closed, const std::string& source,
                            v1::Aging aging = v1::AGING_HELD) {
  v1::Observation observation = Observed(signal, day, source);
  observation.set_aging(aging);
  if (closed.has_value()) observation.set_closed_day(*closed);
  return observation;
}

// One line an observation: "OUTCOME_RESOLVED V-1 day 10 value 1", "... open", "... closed 40", "... replaced 40".
inline std::string Line(const v1::Observation& o) {
  std::string line =
      absl::StrCat(v1::Signal_Name(o.signal()).substr(7), " ", o.source_id(), " day ", o.effective_day());
  if (o.value() != 0) absl::StrAppend(&line, " value ", o.value());
  if (o.aging() != v1::AGING_FADES) {
    if (!o.has_closed_day()) {
      absl::StrAppend(&line, " open");
    } else {
      absl::StrAppend(&line, o.aging() == v1::AGING_HELD ? " closed " : " replaced ", o.closed_day());
    }
  }
  return line;
}

inline std::vector<std::string> Lines(const std::vector<v1::Observation>& observations) {
  std::vector<std::string> lines;
  for (const v1::Observation& observation : observations) lines.push_back(Line(observation));
  return lines;
}

// The buckets of `observations` under the default model. Empty when one of them is refused.
inline std::vector<BucketRow> BucketsOf(const std::vector<v1::Observation>& observations) {
  std::vector<BucketRow> rows;
  for (const v1::Observation& observation : observations) {
    if (!Spread(observation, 1, Model::Default(), &rows).ok()) return {};
  }
  Combine(&rows);
  return rows;
}

}  // namespace doorstep::health
