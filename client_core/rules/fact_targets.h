// Which fact a correction or a retraction means. Internal to rules/.
#ifndef DOORSTEP_CLIENT_CORE_RULES_FACT_TARGETS_H_
#define DOORSTEP_CLIENT_CORE_RULES_FACT_TARGETS_H_

#include <vector>

#include "doorstep/v1/fold.pb.h"

namespace doorstep {

constexpr int kNoTarget = -1;

// The facts of a visit, its own and those credited to it, in fold order.
std::vector<const v1::FoldFact*> FactsInOrder(const v1::FoldInput& input);

// The place of the fact that fact `i` of `facts`, which decides about another, names: in its own journal first, under
// either of its names. kNoTarget: it is not among them, or comes later and decides about others itself.
int TargetOf(const std::vector<const v1::FoldFact*>& facts, int i);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_RULES_FACT_TARGETS_H_
