// Account health as a person reads it, shared by `account health` and `why`.
#ifndef DOORSTEP_TOOLS_DOORSTEP_HEALTH_WORDS_H_
#define DOORSTEP_TOOLS_DOORSTEP_HEALTH_WORDS_H_

#include <string>

#include "doorstep/v1/health.pb.h"
#include "google/protobuf/repeated_field.h"
#include "tools/doorstep/output.h"

namespace doorstep::cli {

using Contributions = google::protobuf::RepeatedPtrField<v1::Contribution>;

Colour BandColour(v1::Band band);
// "AMBER", in its colour.
std::string BandText(v1::Band band);
// "Health 71.342 (80 % interval 64.010 to 78.674) on 2026-11-23: AMBER, because ...".
std::string HealthSentence(const v1::AccountHealth& health);

void PrintDimensions(const v1::AccountHealth& health);
// The largest `most` contributions, with the source of each.
void PrintReasons(const Contributions& contributions, int most);
// Start, every contribution, and their sum. INTERNAL when the sum is not the score to the last thousandth.
absl::Status PrintSum(const v1::AccountHealth& health, const Contributions& contributions);

}  // namespace doorstep::cli

#endif  // DOORSTEP_TOOLS_DOORSTEP_HEALTH_WORDS_H_
