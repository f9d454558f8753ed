#include "tests/spec/sentences.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client_core/base/status.h"

namespace doorstep::spec {
namespace {

bool IsTime(const std::string& word) { return word.size() == 5 && word[2] == ':'; }

// Takes "at 08:05" away from the front or from behind the first word and moves the clock there.
absl::Status TakeTime(World& world, std::vector<std::string>& words) {
  for (size_t at : {size_t{0}, size_t{1}}) {
    if (words.size() < at + 3 || words[at] != "at" || !IsTime(words[at + 1])) continue;
    ASSIGN_OR_RETURN(const int64_t instant, world.clock().Instant("today", words[at + 1]));
    words.erase(words.begin() + at, words.begin() + at + 2);
    return world.clock().MoveTo(instant);
  }
  return absl::OkStatus();
}

}  // namespace

bool Words::Match(const std::string& pattern, const std::vector<std::string>& words) {
  words_.clear();
  size_t at = 0;
  for (const absl::string_view part : absl::StrSplit(pattern, ' ')) {
    if (at == words.size()) return false;
    if (part[0] != '{') {
      if (words[at++] != part) return false;
      continue;
    }
    const size_t close = part.find('}');
    std::string slot(part.substr(1, close - 1));
    if (absl::EndsWith(slot, "...")) {
      slot.resize(slot.size() - 3);
      words_[slot].assign(words.begin() + at, words.end());
      return true;
    }
    const absl::string_view ending = part.substr(close + 1);
    if (!absl::EndsWith(words[at], absl::string_view(ending.data(), ending.size()))) return false;
    words_[slot] = {words[at].substr(0, words[at].size() - ending.size())};
    ++at;
  }
  return at == words.size();
}

std::string EnumName(const std::string& prefix, const std::vector<std::string>& words) {
  return absl::StrCat(prefix, absl::AsciiStrToUpper(absl::StrJoin(words, "_")));
}

absl::Status RunStep(World& world, const std::vector<std::string>& step) {
  std::vector<std::string> words = step;
  RETURN_IF_ERROR(TakeTime(world, words));
  Words taken;
  for (const auto* sentences :
       {&OfficeSentences(), &DecisionSentences(), &PhoneSentences(), &AttachmentSentences(), &ExpectSentences()}) {
    for (const Sentence& sentence : *sentences) {
      if (taken.Match(sentence.pattern, words)) return sentence.run(world, taken);
    }
  }
  return absl::InvalidArgumentError("no sentence is like this one");
}

}  // namespace doorstep::spec
