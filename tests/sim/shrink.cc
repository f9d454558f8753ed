#include "tests/sim/shrink.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "tests/sim/seed_story.h"

namespace doorstep::sim {
namespace {

constexpr int kTellingsMax = 400;

class Shrinker {
 public:
  Shrinker(Script script, std::string kind, std::string folder)
      : script_(std::move(script)), kind_(std::move(kind)), folder_(std::move(folder)) {
    last_ = RunStory(script_, folder_, /*tell=*/false);
  }

  Script Run() {
    Shorten();
    DropFaults();
    Shorten();
    DropSteps();
    Shorten();
    return script_;
  }

 private:
  // Takes the script when it fails as the first one did.
  bool Take(Script script) {
    if (++tellings_ > kTellingsMax) return false;
    SeedVerdict verdict = RunStory(script, folder_, /*tell=*/false);
    if (verdict.violation_kind != kind_) return false;
    script_ = std::move(script);
    last_ = std::move(verdict);
    return true;
  }

  // Its beginning alone: what happens until then stays the same.
  void Shorten() {
    int64_t too_short_us = 0;
    int64_t enough_us = last_.chaos_us;
    while (enough_us - too_short_us > kSecond) {
      Script shorter = script_;
      shorter.chaos_us = too_short_us + (enough_us - too_short_us) / 2;
      (Take(shorter) ? enough_us : too_short_us) = shorter.chaos_us;
    }
  }

  void DropFaults() {
    for (int i = 0; i < kFaultKinds; ++i) {
      const auto kind = static_cast<FaultKind>(i);
      if (last_.faults[i] == 0 || script_.without.count(kind) > 0) continue;
      Script without = script_;
      without.without.insert(kind);
      Take(std::move(without));
    }
  }

  // Halves, quarters, and so on to single ones.
  void DropSteps() {
    for (uint64_t size = std::max<uint64_t>(last_.steps / 2, 1); tellings_ <= kTellingsMax; size /= 2) {
      for (uint64_t first = 1; first <= last_.steps; first += size) {
        Script fewer = script_;
        for (uint64_t step = first; step < first + size && step <= last_.steps; ++step) fewer.skipped.insert(step);
        if (fewer.skipped.size() > script_.skipped.size()) Take(std::move(fewer));
      }
      if (size == 1) return;
    }
  }

  Script script_;
  const std::string kind_;
  const std::string folder_;
  SeedVerdict last_;
  int tellings_ = 0;
};

}  // namespace

Script Shrink(Script script, const std::string& kind, const std::string& folder) {
  return Shrinker(std::move(script), kind, folder).Run();
}

}  // namespace doorstep::sim
