// Which facts count, and in which order: corrections applied, retracted facts and those credited elsewhere left out.

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/planted_bug.h"
#include "client_core/rules/credited_facts.h"
#include "client_core/rules/fact_targets.h"
#include "client_core/rules/superseded_entries.h"
#include "client_core/rules/visit_fold.h"
#include "client_core/rules/visit_folder.h"

namespace doorstep {
namespace {

bool IsCorrection(const v1::FoldFact& fact) { return fact.kind() == v1::LogEntry::kCorrection; }
bool IsRetraction(const v1::FoldFact& fact) { return fact.kind() == v1::LogEntry::kRetraction; }

// The facts of one visit with what became of each. Those that count elsewhere are among them: who recorded one of them
// may correct what counts here, and the other way round.
class Resolution {
 public:
  explicit Resolution(const v1::FoldInput& input)
      : elsewhere_(input),
        facts_(FactsInOrder(input)),
        dead_(facts_.size(), false),
        replacement_(facts_.size(), kNoTarget),
        decided_by_(facts_.size(), kNoTarget) {}

  // Later ones decide first, so a correction that was itself corrected or retracted has no say.
  void Resolve() {
    for (int i = static_cast<int>(facts_.size()) - 1; i >= 0; --i) {
      if (dead_[i] || !DecidesAboutOthers(*facts_[i])) continue;
      const int target = TargetOf(facts_, i);
      if (target == kNoTarget) continue;
      if (IsRetraction(*facts_[i])) {
        dead_[target] = !Planted("retraction_skipped");
        decided_by_[target] = i;
      } else {
        Replace(i, target);
      }
    }
  }

  // Those that count, in order; what a correction made of one is put into `corrected`.
  std::vector<const v1::FoldFact*> Effective(std::deque<v1::FoldFact>& corrected) const {
    std::vector<const v1::FoldFact*> out;
    for (size_t i = 0; i < facts_.size(); ++i) {
      if (dead_[i] || DecidesAboutOthers(*facts_[i])) continue;
      if (!elsewhere_.none() && elsewhere_.VisitOf(*facts_[i]) != nullptr) continue;
      if (replacement_[i] == kNoTarget) {
        out.push_back(facts_[i]);
        continue;
      }
      const v1::FoldFact& correction = *facts_[replacement_[i]];
      if (!correction.has_replacement()) continue;  // Corrected into a fact that bears no state.
      v1::FoldFact& fact = corrected.emplace_back(correction.replacement());
      // It stands where the original stood; only a time of its own changes when it happened.
      fact.set_fold_time_us(facts_[i]->fold_time_us());
      if (!correction.replacement_has_time()) *fact.mutable_time() = facts_[i]->time();
      out.push_back(&fact);
    }
    return out;
  }

  std::map<std::string, SupersededBy> Superseded() const {
    std::map<std::string, SupersededBy> out;
    for (size_t i = 0; i < facts_.size(); ++i) {
      const v1::FoldFact& fact = *facts_[i];
      // Not by its first position: what a clone of the phone recorded stands there.
      if (decided_by_[i] != kNoTarget) out[FormatPosition(fact.position())] = By(decided_by_[i]);
      // What bears no state is not among the facts, and is named all the same; the last one to do so holds.
      const bool decides = DecidesAboutOthers(fact) && !dead_[i];
      if (decides && !Holds(fact.target())) out[FormatPosition(fact.target())] = By(static_cast<int>(i));
    }
    return out;
  }

 private:
  SupersededBy By(int i) const { return {facts_[i]->position(), IsRetraction(*facts_[i])}; }

  bool Holds(const v1::JournalPosition& position) const {
    return std::any_of(facts_.begin(), facts_.end(), [&](const v1::FoldFact* fact) {
      return ComparePositions(fact->position(), position) == 0 ||
             (fact->has_first_position() && ComparePositions(fact->first_position(), position) == 0);
    });
  }

  // Correction `i` stands in for `target`; for a correction, for what that one had corrected.
  void Replace(int i, int target) {
    while (IsCorrection(*facts_[target])) {
      if (!dead_[target]) decided_by_[target] = i;
      dead_[target] = true;
      const int next = TargetOf(facts_, target);  // Earlier in order each time, so this ends.
      if (next == kNoTarget) return;
      target = next;
    }
    if (dead_[target] || replacement_[target] != kNoTarget || IsRetraction(*facts_[target])) return;
    replacement_[target] = i;
    decided_by_[target] = i;
  }

  const CreditedElsewhere elsewhere_;
  const std::vector<const v1::FoldFact*> facts_;  // In fold order.
  std::vector<bool> dead_;
  std::vector<int> replacement_;  // The correction that stands in for this fact.
  std::vector<int> decided_by_;   // What supersedes this fact, a correction or a retraction.
};

}  // namespace

bool FoldsBefore(const v1::FoldFact& a, const v1::FoldFact& b) {
  if (a.fold_time_us() != b.fold_time_us()) return a.fold_time_us() < b.fold_time_us();
  return ComparePositions(a.position(), b.position()) < 0;
}

bool DecidesAboutOthers(const v1::FoldFact& fact) { return IsCorrection(fact) || IsRetraction(fact); }

EffectiveFacts::EffectiveFacts(const v1::FoldInput& input) {
  Resolution resolution(input);
  resolution.Resolve();
  facts_ = resolution.Effective(corrected_);
}

std::string SupersededBy::Words() const {
  return absl::StrCat(retracts ? "retracted by " : "corrected by ", FormatPosition(position));
}

std::map<std::string, SupersededBy> SupersededEntries(const v1::FoldInput& input) {
  Resolution resolution(input);
  resolution.Resolve();
  return resolution.Superseded();
}

}  // namespace doorstep
