// The words of the stories. A sentence is a pattern and what it does: words stand for themselves, {name} takes one
// word, {name}'s one word and its ending, {name...} all the rest.
#ifndef DOORSTEP_TESTS_SPEC_SENTENCES_H_
#define DOORSTEP_TESTS_SPEC_SENTENCES_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/spec/story.h"
#include "tests/spec/world.h"

namespace doorstep::spec {

class Words {
 public:
  // The word that a slot took. The slot must be in the pattern.
  const std::string& operator[](const std::string& slot) const { return words_.at(slot).front(); }
  const std::vector<std::string>& rest(const std::string& slot) const { return words_.at(slot); }
  // True, and filled, when `words` are this pattern.
  bool Match(const std::string& pattern, const std::vector<std::string>& words);

 private:
  std::map<std::string, std::vector<std::string>> words_;
};

struct Sentence {
  const char* pattern;
  std::function<absl::Status(World&, const Words&)> run;
};

// What the office and the server do.
const std::vector<Sentence>& OfficeSentences();
// What people in the office decide about conflicts, and about who has left.
const std::vector<Sentence>& DecisionSentences();
// What technicians record and what happens to their phones.
const std::vector<Sentence>& PhoneSentences();
// Photos: taken, carried by networks of either kind, seen at the office.
const std::vector<Sentence>& AttachmentSentences();
// What must have come of it.
const std::vector<Sentence>& ExpectSentences();

// Carries out one step. "ana at 08:05 arrives ..." and "at 08:05 office ..." first move the clock to that time of the
// day. INVALID_ARGUMENT: no sentence is like it.
absl::Status RunStep(World& world, const std::vector<std::string>& words);

// "not resolved" after "OUTCOME_CODE_": OUTCOME_CODE_NOT_RESOLVED.
std::string EnumName(const std::string& prefix, const std::vector<std::string>& words);

}  // namespace doorstep::spec

#endif  // DOORSTEP_TESTS_SPEC_SENTENCES_H_
