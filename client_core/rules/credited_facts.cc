#include "client_core/rules/credited_facts.h"

#include <algorithm>

#include "client_core/base/ids.h"
#include "client_core/rules/fact_targets.h"
#include "client_core/rules/visit_fold.h"
#include "client_core/rules/visit_folder.h"

namespace doorstep {

CreditedElsewhere::CreditedElsewhere(const v1::FoldInput& input) {
  for (const v1::FoldCommand& command : input.commands()) {
    const v1::FoldResolveAttention& resolve = command.resolve_attention();
    if (resolve.new_visit_id().empty()) continue;
    for (const auto& what : resolve.occurrences()) {
      by_technician_[what.side_b().technician_id()].push_back({command.commit_us(), resolve.new_visit_id()});
    }
  }
  if (none()) return;
  for (auto& [technician, credits] : by_technician_) {
    std::stable_sort(credits.begin(), credits.end(),
                     [](const Credit& a, const Credit& b) { return a.decided_us < b.decided_us; });
  }
  for (const v1::FoldCommand& command : input.commands()) {
    const auto found = by_technician_.find(command.has_reassign() ? command.reassign().to_technician_id()
                                                                  : command.assign().technician_id());
    if (found == by_technician_.end()) continue;
    for (Credit& credit : found->second) {
      if (command.commit_us() > credit.decided_us) credit.until_us = std::min(credit.until_us, command.commit_us());
    }
  }
}

const std::string* CreditedElsewhere::VisitOf(const v1::FoldFact& fact) const {
  const auto found = by_technician_.find(fact.author());
  if (found == by_technician_.end()) return nullptr;
  for (const Credit& credit : found->second) {
    if (fact.fold_time_us() < credit.until_us) return &credit.visit_id;
  }
  return nullptr;
}

std::vector<v1::FoldFact> FactsCreditedTo(absl::string_view id, const v1::FoldInput& input) {
  const CreditedElsewhere elsewhere(input);
  const std::vector<const v1::FoldFact*> facts = FactsInOrder(input);
  std::vector<bool> taken(facts.size(), false);
  for (size_t i = 0; i < facts.size(); ++i) {
    const std::string* visit = elsewhere.VisitOf(*facts[i]);
    taken[i] = visit != nullptr && absl::string_view(*visit) == id;
  }
  // What corrects or retracts goes where that is which it is about, whoever says it: about what decides about others
  // itself, only later ones can.
  for (size_t i = 0; i < facts.size(); ++i) {
    if (!DecidesAboutOthers(*facts[i])) continue;
    const int target = TargetOf(facts, static_cast<int>(i));
    if (target != kNoTarget && taken[target]) taken[i] = true;
  }
  std::vector<v1::FoldFact> credited;
  for (size_t i = 0; i < facts.size(); ++i) {
    if (taken[i]) credited.push_back(*facts[i]);
  }
  std::sort(credited.begin(), credited.end(), [](const v1::FoldFact& a, const v1::FoldFact& b) {
    return ComparePositions(a.position(), b.position()) < 0;
  });
  return credited;
}

}  // namespace doorstep
