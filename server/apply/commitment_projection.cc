#include "server/apply/commitment_projection.h"

#include <algorithm>
#include <string>

#include "client_core/base/ids.h"
#include "client_core/base/status.h"
#include "client_core/rules/visit_fold.h"
#include "server/apply/silence.h"

namespace doorstep {
namespace {

bool IsMade(const v1::FoldFact& fact) { return fact.kind() == v1::LogEntry::kCommitmentMade; }
bool IsFulfilled(const v1::FoldFact& fact) { return fact.kind() == v1::LogEntry::kCommitmentFulfilled; }

// Corrections may turn a fact into one about a promise, so they count too.
bool MayConcernPromise(const v1::FoldFact& fact) {
  return IsMade(fact) || IsFulfilled(fact) || IsMade(fact.replacement()) || IsFulfilled(fact.replacement());
}

bool Precedes(const v1::FoldFact& a, const v1::FoldFact& b) {
  if (a.fold_time_us() != b.fold_time_us()) return a.fold_time_us() < b.fold_time_us();
  return ComparePositions(a.position(), b.position()) < 0;
}

}  // namespace

absl::Status NoteCommitments(Group& group, const GroupVisit& visit) {
  const auto& own = visit.input.facts();
  const auto& credited = visit.input.credited();
  if (std::none_of(own.begin(), own.end(), MayConcernPromise) &&
      std::none_of(credited.begin(), credited.end(), MayConcernPromise)) {
    return absl::OkStatus();
  }
  std::set<std::string>& dirty = group.dirty().commitments;
  ASSIGN_OR_RETURN(const std::vector<std::string> before, CommitmentsOfVisit(group.sql(), visit.row.n));
  dirty.insert(before.begin(), before.end());
  RETURN_IF_ERROR(DeleteCommitmentFacts(group.sql(), visit.row.n));
  int64_t item = 0;
  for (const v1::FoldFact* fact : EffectiveFacts(visit.input)) {
    if (!IsMade(*fact) && !IsFulfilled(*fact)) continue;
    const std::string& id = IsMade(*fact) ? fact->commitment().id() : fact->commitment_id();
    dirty.insert(id);
    RETURN_IF_ERROR(InsertCommitmentFact(group.sql(), id, visit.row.n, item++, fact->SerializeAsString()));
  }
  return absl::OkStatus();
}

std::optional<ResolvedCommitment> ResolveCommitment(const std::vector<CommitmentFact>& facts) {
  const CommitmentFact* made = nullptr;
  const CommitmentFact* fulfilled = nullptr;
  for (const CommitmentFact& candidate : facts) {
    if (IsMade(candidate.fact)) {
      if (made == nullptr || Precedes(candidate.fact, made->fact)) made = &candidate;
    } else if (fulfilled == nullptr || Precedes(fulfilled->fact, candidate.fact)) {
      fulfilled = &candidate;
    }
  }
  if (made == nullptr) return std::nullopt;

  ResolvedCommitment resolved;
  resolved.visit = made->visit;
  v1::Commitment& commitment = resolved.commitment;
  commitment = made->fact.commitment();
  if (commitment.made_by() == v1::COMMITMENT_MAKER_UNSPECIFIED) {
    commitment.set_made_by(v1::COMMITMENT_MAKER_TECHNICIAN);
  }
  if (commitment.size() == v1::COMMITMENT_SIZE_UNSPECIFIED) commitment.set_size(v1::COMMITMENT_SIZE_NORMAL);
  if (commitment.utc_offset_s() == 0) commitment.set_utc_offset_s(made->fact.time().utc_offset_s());
  commitment.set_source_id(FormatPosition(made->fact.position()));
  commitment.set_made_time_us(made->fact.time().time_us());
  commitment.set_state(v1::COMMITMENT_STATE_OPEN);
  commitment.clear_evidence_id();
  commitment.clear_fulfilled_time_us();
  if (fulfilled == nullptr) return resolved;

  const v1::FoldFact& fact = fulfilled->fact;
  v1::CommitmentState state = fact.commitment_state();
  const bool late = commitment.due_time_us() != 0 && fact.time().time_us() > commitment.due_time_us();
  if (state == v1::COMMITMENT_STATE_KEPT && late) state = v1::COMMITMENT_STATE_LATE;
  commitment.set_state(state);
  commitment.set_evidence_id(FormatPosition(fact.position()));
  commitment.set_fulfilled_time_us(fact.time().time_us());
  return resolved;
}

absl::Status ProjectCommitments(Group& group) {
  for (const std::string& id : group.dirty().commitments) {
    ASSIGN_OR_RETURN(const std::vector<CommitmentFact> facts, FactsOfCommitment(group.sql(), id));
    ASSIGN_OR_RETURN(const std::optional<CommitmentRow> before, FindCommitment(group.sql(), id));
    if (before.has_value()) group.dirty().briefs.insert(before->account);
    std::optional<ResolvedCommitment> resolved = ResolveCommitment(facts);
    if (!resolved.has_value()) {
      if (before.has_value()) {
        RETURN_IF_ERROR(DeleteCommitment(group.sql(), id));
        group.gone_promises[id] = before->account;
      }
      continue;
    }
    ASSIGN_OR_RETURN(GroupVisit * visit, group.VisitUnlessDamaged(resolved->visit));
    if (visit == nullptr) continue;
    group.Fold(*visit);
    CommitmentRow row;
    row.visit = resolved->visit;
    row.account = visit->changed ? visit->columns.account : visit->row.columns.account;
    row.commitment = std::move(resolved->commitment);
    row.commitment.set_account_id(visit->visit.account_id());
    row.commitment.set_visit_id(visit->id);
    if (row.commitment.state() == v1::COMMITMENT_STATE_OPEN && row.commitment.due_time_us() != 0) {
      // The word that it was kept may still wait on a phone of that visit.
      ASSIGN_OR_RETURN(const bool silent, IsSilent(group, visit->visit, row.commitment.due_time_us()));
      if (silent) row.pending_until_us = row.commitment.due_time_us();
    }
    group.dirty().briefs.insert(row.account);
    if (before.has_value() && before->account != row.account) group.gone_promises[id] = before->account;
    RETURN_IF_ERROR(WriteCommitment(group.sql(), row));
  }
  return absl::OkStatus();
}

}  // namespace doorstep
