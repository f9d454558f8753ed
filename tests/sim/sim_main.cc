// sim: runs seeds of the simulation one after another and prints one line of JSON for each.
//   sim A..B             seeds A to B
//   sim --tell SEED      one seed, with every event
// Exit status: 0 every invariant held, 1 one did not, 2 wrong usage.
#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "tests/sim/seed_story.h"
#include "tests/sim/world.h"

namespace doorstep::sim {
namespace {

// So often a seed is told twice, which must come out the same.
constexpr uint64_t kTwiceEvery = 50;

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

// True: every invariant held.
bool RunOne(uint64_t seed, const std::string& folder, bool tell) {
  SeedVerdict verdict = RunSeed(seed, folder, tell);
  if (!tell && seed % kTwiceEvery == 0 && verdict.violation_kind.empty()) {
    const SeedVerdict again = RunSeed(seed, folder, tell);
    if (again.trace_hash != verdict.trace_hash) {
      verdict.violation_kind = "wrong";
      verdict.violation = "two runs of this seed differ";
    }
  }
  std::printf("%s\n", AsJson(seed, verdict).c_str());
  std::fflush(stdout);
  return verdict.violation_kind.empty();
}

int Main(const std::vector<std::string>& arguments) {
  const bool tell = arguments.size() == 2 && arguments[0] == "--tell";
  uint64_t first = 0;
  uint64_t last = 0;
  bool understood = false;
  if (tell) {
    understood = absl::SimpleAtoi(arguments[1], &first);
    last = first;
  } else if (arguments.size() == 1) {
    const std::vector<std::string> ends = absl::StrSplit(arguments[0], "..");
    understood = ends.size() == 2 && absl::SimpleAtoi(ends[0], &first) && absl::SimpleAtoi(ends[1], &last);
  }
  if (!understood || last < first) {
    std::fprintf(stderr, "Error: sim takes a range of seeds.\nTry: sim 1..300, or sim --tell 7\n");
    return 2;
  }
  // In memory where the machine has such a folder: the disks are simulated anyway.
  const bool has_memory = std::filesystem::exists("/dev/shm");
  std::string folder =
      (has_memory ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path()) / "doorstep-sim.XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) {
    std::fprintf(stderr, "Error: no folder for the simulated disks.\nTry: make room in /dev/shm\n");
    return 1;
  }
  bool held = true;
  for (uint64_t seed = first; seed <= last; ++seed) held &= RunOne(seed, folder, tell);
  std::filesystem::remove_all(folder);
  return held ? 0 : 1;
}

}  // namespace
}  // namespace doorstep::sim

int main(int argc, char** argv) { return doorstep::sim::Main({argv + 1, argv + argc}); }
