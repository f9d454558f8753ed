// What corrects or takes back an entry of a visit, for whoever explains it. Says the same as the fold: a correction
// that was itself taken back or corrected decides about nothing.
#ifndef DOORSTEP_CLIENT_CORE_RULES_SUPERSEDED_ENTRIES_H_
#define DOORSTEP_CLIENT_CORE_RULES_SUPERSEDED_ENTRIES_H_

#include <map>
#include <string>

#include "doorstep/v1/fold.pb.h"

namespace doorstep {

struct SupersededBy {
  v1::JournalPosition position;
  bool retracts = false;  // Else it corrects.
  // "corrected by d7.2.419".
  std::string Words() const;
};

// By the superseded entry's position as text; for one that was appended again, by the position under which it counts.
std::map<std::string, SupersededBy> SupersededEntries(const v1::FoldInput& input);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_RULES_SUPERSEDED_ENTRIES_H_
