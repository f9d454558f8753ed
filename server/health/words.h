// What a person reads about health, in plain words. One place, so that the CLI, the phone and the API say the same.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "doorstep/v1/health.pb.h"

namespace doorstep::health {

// "reliability"; empty for UNSPECIFIED.
absl::string_view DimensionWord(v1::Dimension dimension);

// "RED"; empty for UNSPECIFIED.
absl::string_view BandWord(v1::Band band);

// What an observation says, with its source, as seen on `day`: "Visit V-17: not fixed at the first visit, and still
// open".
std::string ObservationText(const v1::Observation& observation, int32_t day);

// "76.7": thousandths of a point as a person reads them, one decimal, floored.
std::string PointsText(int64_t thousandths);

}  // namespace doorstep::health
