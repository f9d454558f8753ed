// What the verdict about an entry means for what is computed from it.
#ifndef DOORSTEP_CLIENT_CORE_RULES_VERDICTS_H_
#define DOORSTEP_CLIENT_CORE_RULES_VERDICTS_H_

#include "doorstep/v1/sync.pb.h"

namespace doorstep {

// True when the entry itself counts. UNSPECIFIED: nobody has made an exception of it.
inline bool Counts(v1::Verdict verdict) {
  return verdict == v1::VERDICT_UNSPECIFIED || verdict == v1::VERDICT_COUNTED ||
         verdict == v1::VERDICT_APPLIED_WITH_ATTENTION;
}

// True when it does not count and a person may still decide about it.
inline bool IsParked(v1::Verdict verdict) {
  return verdict == v1::VERDICT_QUARANTINED || verdict == v1::VERDICT_DISMISSED;
}

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_RULES_VERDICTS_H_
