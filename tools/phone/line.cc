#include "tools/phone/line.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tools/phone/errors.h"
#include "tools/phone/words.h"

namespace doorstep::phone {
namespace {

const std::string& Nothing() {
  static const std::string* const nothing = new std::string();
  return *nothing;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> SplitLine(absl::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '\\' && i + 1 < line.size() && (line[i + 1] == '"' || line[i + 1] == '\\')) {
      word += line[++i];
    } else if (c == '"') {
      quoted = !quoted;
      in_word = true;
    } else if (!quoted && absl::ascii_isspace(static_cast<unsigned char>(c))) {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quoted) return UsageError("a double quote is not closed", "\"text with blanks\"");
  if (in_word) words.push_back(std::move(word));
  return words;
}

absl::StatusOr<Arguments> Arguments::Parse(const std::vector<std::string>& words, absl::string_view options,
                                           absl::string_view usage) {
  Arguments arguments;
  const std::vector<std::string> known = absl::StrSplit(options, ' ', absl::SkipEmpty());
  for (size_t i = 0; i < words.size(); ++i) {
    if (!absl::StartsWith(words[i], "--") || words[i].size() == 2) {
      arguments.places_.push_back(words[i]);
      continue;
    }
    const std::vector<std::string> halves = absl::StrSplit(words[i].substr(2), absl::MaxSplits('=', 1));
    bool found = false;
    for (const absl::string_view option : known) {
      if (absl::StripSuffix(option, "=") != halves[0]) continue;
      found = true;
      const bool takes_value = absl::EndsWith(option, "=");
      if (takes_value && halves.size() == 1 && i + 1 == words.size()) {
        return UsageError(absl::StrCat("--", halves[0], " has no value"), usage);
      }
      if (!takes_value && halves.size() == 2) {
        return UsageError(absl::StrCat("--", halves[0], " takes no value"), usage);
      }
      if (arguments.Has(halves[0])) return UsageError(absl::StrCat("--", halves[0], " is given twice"), usage);
      arguments.options_[halves[0]] = halves.size() == 2 ? halves[1] : takes_value ? words[++i] : std::string();
    }
    if (!found) return UsageError(absl::StrCat("--", halves[0], " is no option of this command"), usage);
  }
  return arguments;
}

absl::Status Arguments::CheckSize(absl::string_view name, size_t least, size_t most, absl::string_view usage) const {
  if (size() < least) return UsageError(absl::StrCat(name, ": something is missing"), usage);
  if (size() <= most) return absl::OkStatus();
  return UsageError(absl::StrCat(name, ": \"", Quotable(places_[most]), "\" is more than it takes"), usage);
}

const std::string& Arguments::operator[](size_t place) const {
  return place < places_.size() ? places_[place] : Nothing();
}

std::string Arguments::Text(size_t place) const {
  if (place >= places_.size()) return "";
  return absl::StrJoin(places_.begin() + static_cast<std::ptrdiff_t>(place), places_.end(), " ");
}

const std::string& Arguments::Option(absl::string_view option) const {
  const auto found = options_.find(std::string(option));
  return found == options_.end() ? Nothing() : found->second;
}

}  // namespace doorstep::phone
