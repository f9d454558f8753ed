// crash: lets a scenario crash wherever it can, and prints one line of JSON: what was done and what was violated.
//   crash journal                    every crash, and some during the opening after one
//   crash journal --part 2/4         every fourth case only
//   crash journal --crashes 500      so many of them, drawn (all: every one)
//   crash journal --again 100        so many crashes during the opening after a crash
//   crash journal --faults 100       so many calls of the disk that fail
//   crash journal --image written    crashes that leave this kind of disk only
//   crash journal --draws 5          so many disks where it depends on luck what is left
//   crash journal --seed 7           other draws
//   crash CASE                       one case, as a line of "violations" names it
//   crash --list                     the names of the scenarios
// Exit status: 0 every promise held, 1 one did not, 2 wrong usage.
#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "tests/crash/enumerator.h"

namespace doorstep::crash {
namespace {

constexpr size_t kViolationsMax = 20;    // More say nothing new.
constexpr size_t kOpeningsPerCrash = 8;  // Crashes during one opening, unless all are wanted.

struct Wish {
  std::string scenario;
  std::string image;  // Empty: all of them.
  uint64_t part = 1;
  uint64_t parts = 1;
  uint64_t crashes = UINT64_MAX;
  uint64_t again = 200;
  uint64_t faults = UINT64_MAX;
  uint64_t draws = 1;
  uint64_t seed = 1;
};

struct Tally {
  uint64_t crashes = 0;
  uint64_t again = 0;
  uint64_t faults = 0;
  std::vector<std::pair<std::string, std::string>> violations;  // Case, what.
  bool enough() const { return violations.size() >= kViolationsMax; }
};

std::vector<std::unique_ptr<Scenario>> AllScenarios() {
  std::vector<std::string> keys = {""};
#ifdef DOORSTEP_SQLITE_CIPHER
  keys.push_back("a key of exactly 32 bytes, as is");
#endif
  std::vector<std::unique_ptr<Scenario>> all;
  for (const std::string& key : keys) {
    for (const auto make : {MakeEnrolment, MakeJournal, MakeCheckpoint, MakeReplica, MakeSalvage}) {
      all.push_back(make(key));
    }
  }
  for (const auto make : {MakeServer, MakeInvitations, MakePhotos, MakeBackups, MakeRestores}) all.push_back(make());
  return all;
}

// Null: there is none of this name.
std::unique_ptr<Scenario> FindScenario(const std::string& name) {
  for (std::unique_ptr<Scenario>& scenario : AllScenarios()) {
    if (scenario->name() == name) return std::move(scenario);
  }
  return nullptr;
}

std::string Quoted(const std::string& text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", " "}}), "\"");
}

bool ParseCount(const std::string& text, uint64_t* count) {
  if (text == "all") *count = UINT64_MAX;
  return text == "all" || absl::SimpleAtoi(text, count);
}

bool ParseWish(const std::vector<std::string>& arguments, Wish* wish) {
  if (arguments.size() % 2 != 1) return false;
  wish->scenario = arguments[0];
  for (size_t i = 1; i < arguments.size(); i += 2) {
    const std::string& value = arguments[i + 1];
    bool good = false;
    if (arguments[i] == "--part") {
      const std::vector<std::string> ends = absl::StrSplit(value, '/');
      good = ends.size() == 2 && absl::SimpleAtoi(ends[0], &wish->part) && absl::SimpleAtoi(ends[1], &wish->parts) &&
             wish->part >= 1 && wish->part <= wish->parts;
    } else if (arguments[i] == "--crashes") {
      good = ParseCount(value, &wish->crashes);
    } else if (arguments[i] == "--image") {
      wish->image = value;
      for (const Image image : kImages) good |= value == ImageName(image);
    } else if (arguments[i] == "--again") {
      good = ParseCount(value, &wish->again);
    } else if (arguments[i] == "--faults") {
      good = ParseCount(value, &wish->faults);
    } else if (arguments[i] == "--draws") {
      good = absl::SimpleAtoi(value, &wish->draws);
    } else if (arguments[i] == "--seed") {
      good = absl::SimpleAtoi(value, &wish->seed);
    }
    if (!good) return false;
  }
  return true;
}

// Draws so many of them, in their order.
std::vector<CrashCase> Some(std::vector<CrashCase> cases, uint64_t wanted, Random& random) {
  if (cases.size() <= wanted) return cases;
  std::vector<size_t> left(cases.size());
  for (size_t i = 0; i < left.size(); ++i) left[i] = i;
  for (size_t i = 0; i < wanted; ++i) std::swap(left[i], left[i + random.Below(left.size() - i)]);
  left.resize(wanted);
  std::sort(left.begin(), left.end());
  std::vector<CrashCase> some;
  for (const size_t i : left) some.push_back(cases[i]);
  return some;
}

std::vector<CrashCase> PartOf(std::vector<CrashCase> cases, const Wish& wish) {
  std::vector<CrashCase> part;
  for (size_t i = wish.part - 1; i < cases.size(); i += wish.parts) part.push_back(cases[i]);
  return part;
}

void RunAll(Enumerator& enumerator, const std::vector<CrashCase>& cases, uint64_t* count, Tally& tally) {
  for (const CrashCase& which : cases) {
    if (tally.enough()) return;
    ++*count;
    if (std::string wrong = enumerator.Run(which); !wrong.empty()) tally.violations.emplace_back(TextOf(which), wrong);
  }
}

void RunWish(Enumerator& enumerator, const Wish& wish, Tally& tally) {
  SeededRandom random(wish.seed * 1000 + wish.part);
  std::vector<CrashCase> all = enumerator.Crashes(wish.draws, wish.seed);
  if (!wish.image.empty()) {
    std::erase_if(all, [&](const CrashCase& one) { return ImageName(one.crash->image) != wish.image; });
  }
  const std::vector<CrashCase> crashes = PartOf(std::move(all), wish);
  RunAll(enumerator, Some(crashes, wish.crashes, random), &tally.crashes, tally);
  const bool every = wish.again == UINT64_MAX;
  const uint64_t firsts = every ? UINT64_MAX : (wish.again + kOpeningsPerCrash - 1) / kOpeningsPerCrash;
  for (const CrashCase& first : Some(crashes, firsts, random)) {
    if (wish.again == 0 || tally.enough()) break;
    const std::vector<CrashCase> openings = enumerator.CrashesWhileOpening(first, wish.draws, wish.seed);
    RunAll(enumerator, Some(openings, every ? UINT64_MAX : kOpeningsPerCrash, random), &tally.again, tally);
  }
  RunAll(enumerator, Some(PartOf(enumerator.Faults(), wish), wish.faults, random), &tally.faults, tally);
}

int Report(const std::string& scenario, const Enumerator& enumerator, const Tally& tally) {
  std::string violations;
  for (const auto& [which, what] : tally.violations) {
    absl::StrAppend(&violations, violations.empty() ? "" : ",", "{\"case\":", Quoted(which), ",\"what\":", Quoted(what),
                    "}");
  }
  std::printf("%s\n",
              absl::StrCat("{\"scenario\":", Quoted(scenario), ",\"changes\":", enumerator.changes(),
                           ",\"crashes\":", tally.crashes, ",\"again\":", tally.again, ",\"faults\":", tally.faults,
                           ",\"disks\":", enumerator.disks(), ",\"violations\":[", violations, "]}")
                  .c_str());
  return tally.violations.empty() ? 0 : 1;
}

int Main(const std::vector<std::string>& arguments) {
  if (arguments == std::vector<std::string>{"--list"}) {
    for (const auto& scenario : AllScenarios()) std::printf("%s\n", scenario->name().c_str());
    return 0;
  }
  Wish wish;
  std::optional<CrashCase> one;
  if (arguments.size() == 1) one = ParseCase(arguments[0]);
  const bool understood = one.has_value() || ParseWish(arguments, &wish);
  std::unique_ptr<Scenario> scenario = FindScenario(one.has_value() ? one->scenario : wish.scenario);
  if (!understood || scenario == nullptr) {
    std::fprintf(stderr,
                 "Error: crash takes a scenario, or one case of it.\nTry: crash journal --crashes 500, or crash "
                 "journal@37:written\n");
    return 2;
  }
  // In memory where the machine has such a folder: the disks are made up anyway.
  const bool has_memory = std::filesystem::exists("/dev/shm");
  std::string folder = (has_memory ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path()) /
                       "doorstep-crash.XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) {
    std::fprintf(stderr, "Error: no folder for the disks.\nTry: make room in /dev/shm\n");
    return 1;
  }
  const std::string name = scenario->name();
  Enumerator enumerator(std::move(scenario), folder + "/disk");
  Tally tally;
  if (std::string wrong = enumerator.Begin(); !wrong.empty()) {
    tally.violations.emplace_back(name, absl::StrCat("without any crash: ", wrong));
  } else if (one.has_value()) {
    RunAll(enumerator, {*one}, &tally.crashes, tally);
  } else {
    RunWish(enumerator, wish, tally);
  }
  std::filesystem::remove_all(folder);
  return Report(name, enumerator, tally);
}

}  // namespace
}  // namespace doorstep::crash

int main(int argc, char** argv) { return doorstep::crash::Main({argv + 1, argv + argc}); }
