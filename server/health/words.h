// What a person reads about health, in plain words. One place, so that the CLI, the phone and the API say the
// same.
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

// What an observation says, with its source, as seen on `day`: "Visit V-17: not fixed at the first visit, and
// still open".
std::string ObservationText(const v1::Observation& observation, int32_t day);

// "76.799": thousandths of a point, all of them. 59.960 is under a red line of 60, whatever it is rounded to.
std::string PointsText(int64_t thousandths);

// "20 %": millionths as whole percent, floored.
std::string PercentText(int64_t millionths);

// "2026-11-22": a civil day counted from 1970-01-01.
std::string DayText(int32_t day);

}  // namespace doorstep::health
