// Facts that came after a visit had been closed, or were recorded after it: they count, and a reviewer has to look.
#ifndef DOORSTEP_CLIENT_CORE_RULES_AMENDMENTS_H_
#define DOORSTEP_CLIENT_CORE_RULES_AMENDMENTS_H_

#include <vector>

#include "doorstep/v1/fold.pb.h"

namespace doorstep {

// Of the facts that nobody had seen when the visit was closed, the first of each author; when somebody has looked at
// amendments since, the first of each author that was new to each look. Empty: there was no close. In the order of the
// fold. Points into `input`.
std::vector<const v1::FoldFact*> Amendments(const v1::FoldInput& input);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_RULES_AMENDMENTS_H_
