// One seed from its first draw to its verdict: a company of a few phones lives through chaos, then every fault is taken
// away and everything must come to rest by itself.
#ifndef DOORSTEP_TESTS_SIM_SEED_STORY_H_
#define DOORSTEP_TESTS_SIM_SEED_STORY_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/sim/script.h"

namespace doorstep::sim {

struct SeedVerdict {
  std::string drawn;           // The faults, as printed.
  std::string violation_kind;  // Empty: every invariant held. Else lost, doubled, stuck or wrong.
  std::string violation;
  std::string trace_hash;
  uint64_t entries = 0;  // Acknowledged by a phone to its user.
  int64_t simulated_us = 0;
  std::vector<uint64_t> faults;  // By FaultKind.
  int64_t chaos_us = 0;          // How long it was.
  uint64_t steps = 0;            // Things that people or fate did, or would have done.
  // Every visit all of whose facts have a trusted time, as the office holds it at the end: what no wall clock changes.
  std::map<std::string, std::string> trusted_visits;
  int64_t course = 0;  // As World::course when people and fate had done everything.
};

// `folder` exists, is empty and stays so. `tell`: prints every event.
SeedVerdict RunStory(const Script& script, const std::string& folder, bool tell);

}  // namespace doorstep::sim

#endif  // DOORSTEP_TESTS_SIM_SEED_STORY_H_
