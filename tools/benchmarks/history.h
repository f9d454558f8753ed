// What a phone has recorded over the years.
#ifndef DOORSTEP_TOOLS_BENCHMARKS_HISTORY_H_
#define DOORSTEP_TOOLS_BENCHMARKS_HISTORY_H_

#include <string>
#include <vector>

#include "client_core/base/random.h"
#include "tools/benchmarks/phone_core.h"

namespace doorstep::benchmarks {

inline constexpr int kHistoryEntries = 100000;

// `count` serialized AppendRequests for `visit`: notes and readings, the only facts that a visit has thousands of.
std::vector<std::string> AppendRequests(const std::string& visit, int count, SeededRandom& random);

// Records kHistoryEntries on `visits` in turn and syncs after every 200, as days are: what is history has been sent and
// settled.
void RecordHistory(PhoneCore& phone, const std::vector<std::string>& visits, SeededRandom& random);

}  // namespace doorstep::benchmarks

#endif  // DOORSTEP_TOOLS_BENCHMARKS_HISTORY_H_
