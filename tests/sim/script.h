// A story as a text: its seed, and what was taken out of it because it fails without that too. Whoever has the text
// tells the same story again.
#ifndef DOORSTEP_TESTS_SIM_SCRIPT_H_
#define DOORSTEP_TESTS_SIM_SCRIPT_H_

#include <cstdint>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tests/sim/world.h"

namespace doorstep::sim {

struct Script {
  uint64_t seed = 0;
  int64_t chaos_us = 0;         // How long it is chaos; 0: as drawn.
  std::set<FaultKind> without;  // Faults that were drawn and do not strike.
  // Things that people or fate would have done: taps, what the office does, looking for a fault to strike. By their
  // number in the story.
  std::set<uint64_t> skipped;
  int64_t clock_shift_us = 0;  // By which every phone's wall clock is wrong, on top of what is drawn.
};

std::string FormatScript(const Script& script);
// INVALID_ARGUMENT names the line.
absl::StatusOr<Script> ParseScript(absl::string_view text);

}  // namespace doorstep::sim

#endif  // DOORSTEP_TESTS_SIM_SCRIPT_H_
