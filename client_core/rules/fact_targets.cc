#include "client_core/rules/fact_targets.h"

#include <algorithm>

#include "client_core/base/ids.h"
#include "client_core/rules/visit_fold.h"
#include "client_core/rules/visit_folder.h"

namespace doorstep {
namespace {

bool SamePosition(const v1::JournalPosition& a, const v1::JournalPosition& b) { return ComparePositions(a, b) == 0; }

}  // namespace

std::vector<const v1::FoldFact*> FactsInOrder(const v1::FoldInput& input) {
  std::vector<const v1::FoldFact*> facts;
  for (const auto* some : {&input.facts(), &input.credited()}) {
    for (const v1::FoldFact& fact : *some) facts.push_back(&fact);
  }
  std::sort(facts.begin(), facts.end(),
            [](const v1::FoldFact* a, const v1::FoldFact* b) { return FoldsBefore(*a, *b); });
  return facts;
}

int TargetOf(const std::vector<const v1::FoldFact*>& facts, int i) {
  const v1::FoldFact& by = *facts[i];
  int elsewhere = kNoTarget;
  for (int j = 0; j < static_cast<int>(facts.size()); ++j) {
    if (j == i) continue;
    const v1::FoldFact& fact = *facts[j];
    const bool named = SamePosition(fact.position(), by.target());
    const bool first_named = fact.has_first_position() && SamePosition(fact.first_position(), by.target());
    if (!named && !first_named) continue;
    // What decides about others can only be decided about by a later one; else two could undo each other for ever.
    if (DecidesAboutOthers(fact) && j > i) continue;
    const bool own_journal =
        fact.position().device() == by.position().device() && fact.position().epoch() == by.position().epoch();
    if (own_journal) return j;
    if (elsewhere == kNoTarget || named) elsewhere = j;
  }
  return elsewhere;
}

}  // namespace doorstep
