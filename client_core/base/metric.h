// What the core measures of itself, as values: no ids and no contents. Whoever owns a component hands it a MetricSink.
#ifndef DOORSTEP_CLIENT_CORE_BASE_METRIC_H_
#define DOORSTEP_CLIENT_CORE_BASE_METRIC_H_

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace doorstep {

// One thing that was done. doorstep.h says what each means.
struct Metric {
  const char* what = "";
  absl::string_view method = {};
  absl::StatusCode code = absl::StatusCode::kOk;
  int64_t duration_us = 0;
  uint64_t bytes_up = 0;
  uint64_t bytes_down = 0;
};

// Thread-safe. An empty function drops them.
using MetricSink = std::function<void(const Metric&)>;

inline void TellMetric(const MetricSink& sink, const Metric& metric) {
  if (sink) sink(metric);
}

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_BASE_METRIC_H_
