#include "tests/sim/script.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace doorstep::sim {
namespace {

bool FindFault(absl::string_view name, FaultKind* kind) {
  for (int i = 0; i < kFaultKinds; ++i) {
    if (name != FaultName(static_cast<FaultKind>(i))) continue;
    *kind = static_cast<FaultKind>(i);
    return true;
  }
  return false;
}

// "7" or "7..9".
bool AddSteps(absl::string_view text, std::set<uint64_t>& steps) {
  const std::vector<std::string> ends = absl::StrSplit(text, "..");
  uint64_t first = 0;
  uint64_t last = 0;
  if (ends.size() > 2 || !absl::SimpleAtoi(ends.front(), &first) || !absl::SimpleAtoi(ends.back(), &last)) return false;
  for (uint64_t step = first; step <= last; ++step) steps.insert(step);
  return true;
}

bool ParseLine(const std::vector<absl::string_view>& words, Script& script) {
  if (words[0] == "seed") return words.size() == 2 && absl::SimpleAtoi(words[1], &script.seed);
  if (words[0] == "chaos_us") return words.size() == 2 && absl::SimpleAtoi(words[1], &script.chaos_us);
  if (words[0] == "clock_shift_us") return words.size() == 2 && absl::SimpleAtoi(words[1], &script.clock_shift_us);
  for (size_t i = 1; i < words.size(); ++i) {
    FaultKind kind{};
    if (words[0] == "without" && FindFault(words[i], &kind)) {
      script.without.insert(kind);
    } else if (words[0] != "skip" || !AddSteps(words[i], script.skipped)) {
      return false;
    }
  }
  return words[0] == "without" || words[0] == "skip";
}

}  // namespace

std::string FormatScript(const Script& script) {
  std::string text = absl::StrCat("seed ", script.seed, "\n");
  if (script.chaos_us != 0) absl::StrAppend(&text, "chaos_us ", script.chaos_us, "\n");
  if (script.clock_shift_us != 0) absl::StrAppend(&text, "clock_shift_us ", script.clock_shift_us, "\n");
  for (const FaultKind kind : script.without) absl::StrAppend(&text, "without ", FaultName(kind), "\n");
  for (auto first = script.skipped.begin(); first != script.skipped.end();) {
    auto next = first;
    uint64_t last = *first;
    while (++next != script.skipped.end() && *next == last + 1) last = *next;
    absl::StrAppend(&text, "skip ", *first, last > *first ? absl::StrCat("..", last) : "", "\n");
    first = next;
  }
  return text;
}

absl::StatusOr<Script> ParseScript(absl::string_view text) {
  Script script;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.empty() || words[0][0] == '#') continue;
    if (!ParseLine(words, script)) return absl::InvalidArgumentError(absl::StrCat("not a line of a script: ", line));
  }
  return script;
}

}  // namespace doorstep::sim
