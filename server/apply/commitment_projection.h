// Promises follow from what visits say: made on one visit, perhaps fulfilled on another.
#ifndef DOORSTEP_SERVER_APPLY_COMMITMENT_PROJECTION_H_
#define DOORSTEP_SERVER_APPLY_COMMITMENT_PROJECTION_H_

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "doorstep/v1/account.pb.h"
#include "server/apply/group.h"
#include "server/storage/commitment_table.h"

namespace doorstep {

// Stores what the visit says about promises now, and notes those it speaks of or spoke of.
absl::Status NoteCommitments(Group& group, const GroupVisit& visit);

// Writes every dirty promise. One that nobody makes any more (retracted) goes.
absl::Status ProjectCommitments(Group& group);

// The promise that follows from what all visits say about it; nothing when nobody made it. The first to make it counts,
// and the last to fulfil it, in the order of the fold. Pure; `account_id` and `visit_id` are filled by the caller.
struct ResolvedCommitment {
  v1::Commitment commitment;
  int64_t visit = 0;  // On which it was made.
};
std::optional<ResolvedCommitment> ResolveCommitment(const std::vector<CommitmentFact>& facts);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_COMMITMENT_PROJECTION_H_
