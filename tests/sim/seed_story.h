// One seed from its first draw to its verdict: a company of a few phones lives through chaos, then every fault is taken
// away and everything must come to rest by itself.
#ifndef DOORSTEP_TESTS_SIM_SEED_STORY_H_
#define DOORSTEP_TESTS_SIM_SEED_STORY_H_

#include <cstdint>
#include <string>
#include <vector>

namespace doorstep::sim {

struct SeedVerdict {
  std::string drawn;           // The faults, as printed.
  std::string violation_kind;  // Empty: every invariant held. Else lost, doubled, stuck or wrong.
  std::string violation;
  std::string trace_hash;
  uint64_t entries = 0;  // Acknowledged by a phone to its user.
  int64_t simulated_us = 0;
  std::vector<uint64_t> faults;  // By FaultKind.
};

// `folder` exists, is empty and stays so. `tell`: prints every event.
SeedVerdict RunSeed(uint64_t seed, const std::string& folder, bool tell);

}  // namespace doorstep::sim

#endif  // DOORSTEP_TESTS_SIM_SEED_STORY_H_
