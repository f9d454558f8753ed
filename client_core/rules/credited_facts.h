// Facts that the office counts for another visit than the one they name.
//
// Invariant: a fact counts on one visit only. It stays in the input of the visit that it names, which leaves it out;
// the other one holds a copy, made anew whenever the first changes. Corrections and retractions, which count nowhere
// themselves, are copied along with what they are about.
#ifndef DOORSTEP_CLIENT_CORE_RULES_CREDITED_FACTS_H_
#define DOORSTEP_CLIENT_CORE_RULES_CREDITED_FACTS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "doorstep/v1/fold.pb.h"

namespace doorstep {

// Which facts of one visit count for which other one.
class CreditedElsewhere {
 public:
  explicit CreditedElsewhere(const v1::FoldInput& input);

  // True for nearly every visit.
  bool none() const { return by_technician_.empty(); }
  // The visit for which `fact` counts; null: the one it stands in.
  const std::string* VisitOf(const v1::FoldFact& fact) const;

 private:
  struct Credit {
    int64_t decided_us = 0;
    std::string visit_id;
    // When the office sent the technician to this visit once more: what comes from then on is this visit's.
    int64_t until_us = INT64_MAX;
  };
  std::map<std::string, std::vector<Credit>> by_technician_;  // Each in the order of the decisions.
};

// The facts of `input`, its own and those credited to it, that count for the visit `id`: in the order of the journals.
std::vector<v1::FoldFact> FactsCreditedTo(absl::string_view id, const v1::FoldInput& input);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_RULES_CREDITED_FACTS_H_
