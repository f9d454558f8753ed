// Any fold input folds, to the same bytes each time, and in whatever order its facts are written down.
#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>

#include "client_core/base/ids.h"
#include "client_core/rules/visit_fold.h"

namespace {

// A position names one fact: inputs that break this are not made by any server.
bool PositionsAreUnique(const doorstep::v1::FoldInput& input) {
  std::set<std::string> positions;
  for (const doorstep::v1::FoldFact& fact : input.facts()) {
    if (!positions.insert(doorstep::FormatPosition(fact.position())).second) return false;
    if (fact.has_first_position() && !positions.insert(doorstep::FormatPosition(fact.first_position())).second) {
      return false;
    }
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  doorstep::v1::FoldInput input;
  if (!input.ParseFromArray(data, static_cast<int>(size))) return 0;
  const std::string folded = doorstep::FoldVisit(input).SerializeAsString();
  if (doorstep::FoldVisit(input).SerializeAsString() != folded) std::abort();
  if (!PositionsAreUnique(input)) return 0;
  std::reverse(input.mutable_facts()->pointer_begin(), input.mutable_facts()->pointer_end());
  if (doorstep::FoldVisit(input).SerializeAsString() != folded) std::abort();
  return 0;
}
