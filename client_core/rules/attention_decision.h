// Which decision fits which conflict. Pure; the table stands in DispatchService.ResolveAttention.
#ifndef DOORSTEP_CLIENT_CORE_RULES_ATTENTION_DECISION_H_
#define DOORSTEP_CLIENT_CORE_RULES_ATTENTION_DECISION_H_

#include <vector>

#include "doorstep/v1/visit.pb.h"

namespace doorstep {

// The resolutions that fit `raised`, SEEN first.
inline std::vector<v1::AttentionResolution> FittingResolutions(const v1::RaisedAttention& raised) {
  std::vector<v1::AttentionResolution> fit = {v1::ATTENTION_RESOLUTION_SEEN};
  // Nobody stands on one side: there is nothing to choose.
  if (!raised.has_side_a() || !raised.has_side_b() || raised.side_b().technician_id().empty()) return fit;
  const bool between_technicians = !raised.side_a().technician_id().empty();
  fit.insert(fit.end(), {v1::ATTENTION_RESOLUTION_KEEP_A, v1::ATTENTION_RESOLUTION_KEEP_B});
  if (between_technicians) fit.push_back(v1::ATTENTION_RESOLUTION_CREDIT_BOTH);
  fit.push_back(v1::ATTENTION_RESOLUTION_NEW_VISIT);
  return fit;
}

inline bool Fits(v1::AttentionResolution resolution, const v1::RaisedAttention& raised) {
  for (const v1::AttentionResolution fitting : FittingResolutions(raised)) {
    if (fitting == resolution) return true;
  }
  return false;
}

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_RULES_ATTENTION_DECISION_H_
