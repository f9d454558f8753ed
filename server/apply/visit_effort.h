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

struct VisitEvidence {
  std::vector<v1::Observation> observations;
  // The end of a promised window of which nothing is known yet; 0: not waiting.
  int64_t pending_until_us = 0;
};

// `visit` must be folded.
absl::StatusOr<VisitEvidence> EvidenceOfVisit(Group& group, const GroupVisit& visit);

// Days on which the company moved a window it had promised, as far as the fold counts them. Pure.
std::vector<int32_t> DaysMovedByUs(const v1::FoldInput& input, const v1::Visit& visit);

health::PromiseRecord PromiseOf(const CommitmentRow& row);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_VISIT_EFFORT_H_
