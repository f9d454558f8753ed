#include "client_core/rules/amendments.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "client_core/rules/credited_facts.h"
#include "client_core/rules/visit_folder.h"

namespace doorstep {
namespace {

// What somebody had in front of them who closed the visit, or looked at what had amended it.
struct Look {
  int64_t commit_us = 0;
  std::map<std::pair<std::string, uint64_t>, uint64_t> seen;  // Journal -> seq; empty: what was recorded by then.

  bool Saw(const v1::FoldFact& fact) const {
    if (seen.empty()) return fact.fold_time_us() < commit_us;
    const auto journal = seen.find({fact.position().device(), fact.position().epoch()});
    return journal != seen.end() && fact.position().seq() <= journal->second;
  }
};

template <typename Seen>
Look LookAt(const v1::FoldCommand& command, const Seen& seen) {
  Look look;
  look.commit_us = command.commit_us();
  for (const v1::FoldedJournal& journal : seen) look.seen[{journal.device(), journal.epoch()}] = journal.seq();
  return look;
}

bool LooksAtAmendments(const v1::FoldCommand& command) {
  const auto& occurrences = command.resolve_attention().occurrences();
  return std::any_of(occurrences.begin(), occurrences.end(),
                     [](const auto& what) { return what.flag() == v1::ATTENTION_FLAG_AMENDED; });
}

// The close first, then those who looked since. Empty: nobody has closed the visit.
std::vector<Look> LooksOf(const v1::FoldInput& input) {
  std::vector<Look> looks;
  for (const v1::FoldCommand& command : input.commands()) {
    if (command.has_close()) looks.push_back(LookAt(command, command.close().seen()));
    if (LooksAtAmendments(command)) looks.push_back(LookAt(command, command.resolve_attention().seen()));
  }
  std::sort(looks.begin(), looks.end(), [](const Look& a, const Look& b) { return a.commit_us < b.commit_us; });
  return looks;
}

}  // namespace

std::vector<const v1::FoldFact*> Amendments(const v1::FoldInput& input) {
  std::vector<const v1::FoldFact*> first;
  const bool closed = std::any_of(input.commands().begin(), input.commands().end(),
                                  [](const v1::FoldCommand& command) { return command.has_close(); });
  if (!closed) return first;
  const std::vector<Look> looks = LooksOf(input);
  const CreditedElsewhere elsewhere(input);
  std::vector<const v1::FoldFact*> facts;
  for (const v1::FoldFact& fact : input.facts()) {
    if (!looks.front().Saw(fact) && elsewhere.VisitOf(fact) == nullptr) facts.push_back(&fact);
  }
  std::sort(facts.begin(), facts.end(),
            [](const v1::FoldFact* a, const v1::FoldFact* b) { return FoldsBefore(*a, *b); });
  std::set<std::pair<std::string, size_t>> told;  // Author and the look that saw it, or none.
  for (const v1::FoldFact* fact : facts) {
    size_t look = 1;
    while (look < looks.size() && !looks[look].Saw(*fact)) ++look;
    if (told.insert({fact->author(), look}).second) first.push_back(fact);
  }
  return first;
}

}  // namespace doorstep
