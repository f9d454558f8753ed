// What one visit says by itself about its account's health: how punctual it was, how often it was moved, what the
// customer answered.
#ifndef DOORSTEP_SERVER_APPLY_VISIT_EFFORT_H_
#define DOORSTEP_SERVER_APPLY_VISIT_EFFORT_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "doorstep/v1/health.pb.h"
#include "server/apply/group.h"
#include "server/health/derive.h"
#include "server/storage/commitment_table.h"

namespace doorstep {

// `visit` must be folded.
absl::StatusOr<VisitEvidence> EvidenceOfVisit(Group& group, const GroupVisit& visit);

health::PromiseRecord PromiseOf(const CommitmentRow& row);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_VISIT_EFFORT_H_
