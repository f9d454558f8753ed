// sim: runs seeds of the simulation one after another and prints one line of JSON for each.
//   sim A..B             seeds A to B
//   sim --tell SEED      one seed, with every event
//   sim --shrink SEED    a seed that fails: prints the script of as little of it as fails in the same way
//   sim --script FILE    tells such a script
// Exit status: 0 every invariant held, 1 one did not, 2 wrong usage.
#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "client_core/base/random.h"
#include "client_core/base/status.h"
#include "tests/sim/script.h"
#include "tests/sim/seed_story.h"
#include "tests/sim/shrink.h"
#include "tests/sim/world.h"

namespace doorstep::sim {
namespace {

// So often a seed is told twice, which must come out the same.
constexpr uint64_t kTwiceEvery = 50;
// And so often with all clocks shifted.
constexpr uint64_t kShiftedEvery = 20;

std::string Quoted(const std::string& text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", " "}}), "\"");
}

std::string AsJson(uint64_t seed, const SeedVerdict& verdict) {
  std::string faults;
  for (int i = 0; i < kFaultKinds; ++i) {
    if (verdict.faults[i] == 0) continue;
    absl::StrAppend(&faults, faults.empty() ? "" : ",", "\"", FaultName(static_cast<FaultKind>(i)),
                    "\":", verdict.faults[i]);
  }
  return absl::StrCat("{\"seed\":", seed, ",\"entries\":", verdict.entries,
                      ",\"simulated_s\":", verdict.simulated_us / kSecond, ",\"drawn\":", Quoted(verdict.drawn),
                      ",\"faults\":{", faults, "},\"kind\":", Quoted(verdict.violation_kind),
                      ",\"violation\":", Quoted(verdict.violation), ",\"trace\":", Quoted(verdict.trace_hash), "}");
}

// Says what two tellings of one story must have in common and do not; empty: nothing.
std::string DifferenceTwice(const Script& script, const SeedVerdict& verdict, const std::string& folder) {
  const SeedVerdict again = RunStory(script, folder, /*tell=*/false);
  return again.trace_hash == verdict.trace_hash ? "" : "two runs of this seed differ";
}

// What is packed with other times has another length: a disk that dies after so many writes may have done others of
// them, one that fills may have room for others, and a page may end elsewhere.
bool LengthsMatter(const SeedVerdict& verdict) {
  constexpr FaultKind kOfLengths[] = {FaultKind::kServerKilled, FaultKind::kServerPowerCut, FaultKind::kServerFull,
                                      FaultKind::kPhoneKilled,  FaultKind::kPhonePowerCut,  FaultKind::kDiskFull,
                                      FaultKind::kSmallPages,   FaultKind::kJournalDamaged};
  return std::any_of(std::begin(kOfLengths), std::end(kOfLengths),
                     [&verdict](FaultKind kind) { return verdict.faults[static_cast<int>(kind)] > 0; });
}

// Every phone's wall clock is wrong by so much more: nothing that is trusted changes.
std::string DifferenceShifted(Script script, const SeedVerdict& verdict, const std::string& folder) {
  SeededRandom random(script.seed);
  script.clock_shift_us = static_cast<int64_t>(random.Below(4 * kDay)) - 2 * kDay;
  const SeedVerdict shifted = RunStory(script, folder, /*tell=*/false);
  if (!shifted.violation_kind.empty()) {
    return absl::StrCat("with clocks shifted by ", script.clock_shift_us, " us: ", shifted.violation);
  }
  if (shifted.course != verdict.course) {
    if (LengthsMatter(verdict)) return "";  // It is another story.
    return absl::StrCat("something else happens when clocks are shifted by ", script.clock_shift_us, " us");
  }
  for (const auto& [id, bytes] : verdict.trusted_visits) {
    const auto found = shifted.trusted_visits.find(id);
    if (found == shifted.trusted_visits.end() || found->second == bytes) continue;
    if (LengthsMatter(verdict)) return "";  // Another story all the same, which took as many draws.
    return absl::StrCat("visit ", id, " is another when clocks are shifted by ", script.clock_shift_us, " us");
  }
  return "";
}

// True: every invariant held.
bool RunOne(const Script& script, const std::string& folder, bool tell) {
  SeedVerdict verdict = RunStory(script, folder, tell);
  const auto differs = [&verdict](std::string difference) {
    if (difference.empty()) return;
    verdict.violation_kind = "wrong";
    verdict.violation = std::move(difference);
  };
  if (!tell && script.seed % kTwiceEvery == 0 && verdict.violation_kind.empty()) {
    differs(DifferenceTwice(script, verdict, folder));
  }
  if (!tell && script.seed % kShiftedEvery == 1 && verdict.violation_kind.empty()) {
    differs(DifferenceShifted(script, verdict, folder));
  }
  std::printf("%s\n", AsJson(script.seed, verdict).c_str());
  std::fflush(stdout);
  return verdict.violation_kind.empty();
}

int Usage() {
  std::fprintf(
      stderr, "Error: sim takes a range of seeds.\nTry: sim 1..300, sim --tell 7, sim --shrink 7, sim --script FILE\n");
  return 2;
}

// What to do, read from the command line.
struct Wish {
  Script script;
  uint64_t last = 0;  // Seeds from script.seed to this one.
  bool tell = false;
  bool shrink = false;
};

absl::StatusOr<Wish> ReadWish(const std::vector<std::string>& arguments) {
  Wish wish;
  const absl::Status misunderstood = absl::InvalidArgumentError("");
  if (arguments.size() == 1) {
    const std::vector<std::string> ends = absl::StrSplit(arguments[0], "..");
    const bool range =
        ends.size() == 2 && absl::SimpleAtoi(ends[0], &wish.script.seed) && absl::SimpleAtoi(ends[1], &wish.last);
    return range ? absl::StatusOr<Wish>(wish) : misunderstood;
  }
  if (arguments.size() != 2) return misunderstood;
  if (arguments[0] == "--script") {
    std::ifstream in(arguments[1]);
    if (!in) return absl::NotFoundError(absl::StrCat(arguments[1], ": cannot be read"));
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    ASSIGN_OR_RETURN(wish.script, ParseScript(text));
    wish.tell = true;
  } else {
    wish.tell = arguments[0] == "--tell";
    wish.shrink = arguments[0] == "--shrink";
    if (!(wish.tell || wish.shrink) || !absl::SimpleAtoi(arguments[1], &wish.script.seed)) return misunderstood;
  }
  wish.last = wish.script.seed;
  return wish;
}

// Prints the shortest story that fails as this one does.
bool ShrinkOne(const Script& script, const std::string& folder) {
  const SeedVerdict verdict = RunStory(script, folder, /*tell=*/false);
  if (verdict.violation_kind.empty()) {
    std::fprintf(stderr, "Error: seed %llu does not fail.\nTry: sim --tell %llu\n",
                 static_cast<unsigned long long>(script.seed), static_cast<unsigned long long>(script.seed));
    return false;
  }
  const Script shrunk = Shrink(script, verdict.violation_kind, folder);
  const SeedVerdict now = RunStory(shrunk, folder, /*tell=*/false);
  std::printf("# %s: %s\n# %llu of %llu steps, %lld of %lld s; again: sim --script THIS_FILE\n%s",
              now.violation_kind.c_str(), now.violation.c_str(),
              static_cast<unsigned long long>(now.steps - std::min<uint64_t>(now.steps, shrunk.skipped.size())),
              static_cast<unsigned long long>(verdict.steps), static_cast<long long>(now.chaos_us / kSecond),
              static_cast<long long>(verdict.chaos_us / kSecond), FormatScript(shrunk).c_str());
  return true;
}

int Main(const std::vector<std::string>& arguments) {
  absl::StatusOr<Wish> wish = ReadWish(arguments);
  if (!wish.ok() && !wish.status().message().empty()) {
    std::fprintf(stderr, "Error: %s.\nTry: sim --shrink SEED, which writes a script\n",
                 std::string(wish.status().message()).c_str());
    return 2;
  }
  if (!wish.ok() || wish->last < wish->script.seed) return Usage();
  // In memory where the machine has such a folder: the disks are simulated anyway.
  const bool has_memory = std::filesystem::exists("/dev/shm");
  std::string folder =
      (has_memory ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path()) / "doorstep-sim.XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) {
    std::fprintf(stderr, "Error: no folder for the simulated disks.\nTry: make room in /dev/shm\n");
    return 1;
  }
  bool held = true;
  if (wish->shrink) {
    held = ShrinkOne(wish->script, folder);
  } else {
    for (; wish->script.seed <= wish->last; ++wish->script.seed) held &= RunOne(wish->script, folder, wish->tell);
  }
  std::filesystem::remove_all(folder);
  return held ? 0 : 1;
}

}  // namespace
}  // namespace doorstep::sim

int main(int argc, char** argv) { return doorstep::sim::Main({argv + 1, argv + argc}); }
