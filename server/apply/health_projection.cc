#include "server/apply/health_projection.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "server/apply/commitment_projection.h"
#include "server/apply/visit_effort.h"
#include "server/health/buckets.h"
#include "server/health/derive.h"
#include "server/health/model.h"
#include "server/storage/commitment_table.h"
#include "server/storage/health_table.h"
#include "server/storage/repair_chain.h"
#include "server/storage/visit_table.h"

namespace doorstep {
namespace {

// Replaces what groups of facts say, and adds up the buckets so that each row is written once.
class Ledger {
 public:
  explicit Ledger(Group& group) : group_(group) {}

  // Makes `observations` all that is known of `source`: what was known and is not derived any more is closed, what is
  // new is opened, the rest stays as it is.
  absl::Status Replace(int64_t account, absl::string_view source, const std::vector<v1::Observation>& observations) {
    if (account == 0) return absl::OkStatus();
    ASSIGN_OR_RETURN(std::vector<ObservationRow> open, OpenObservationsOf(group_.sql(), account, source));
    int64_t item = 0;
    for (const v1::Observation& observation : observations) {
      const std::string bytes = observation.SerializeAsString();
      const auto same =
          std::find_if(open.begin(), open.end(), [&](const ObservationRow& row) { return row.bytes == bytes; });
      if (same != open.end()) {
        open.erase(same);
        continue;
      }
      RETURN_IF_ERROR(
          InsertObservation(group_.sql(), account, source, group_.commit_us(), item++, observation.signal(), bytes));
      RETURN_IF_ERROR(Spread(account, observation, +1));
    }
    for (const ObservationRow& row : open) {
      v1::Observation observation;
      if (!observation.ParseFromString(row.bytes)) {
        return absl::DataLossError("table observation: a row is not an Observation");
      }
      RETURN_IF_ERROR(CloseObservation(group_.sql(), account, source, row.known_from_us, row.item, group_.commit_us()));
      RETURN_IF_ERROR(Spread(account, observation, -1));
    }
    return absl::OkStatus();
  }

  absl::Status WriteBuckets() {
    for (auto& [account, rows] : rows_) {
      health::Combine(&rows);
      for (const health::BucketRow& row : rows) RETURN_IF_ERROR(AddToBucket(group_.sql(), account, row));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Spread(int64_t account, const v1::Observation& observation, int sign) {
    if (observation.signal() == v1::SIGNAL_REPEAT_VISIT || observation.signal() == v1::SIGNAL_REPEAT_VISIT_AGAIN) {
      group_.dirty().briefs.insert(account);
    }
    return health::Spread(observation, sign, health::Model::Default(), &rows_[account]);
  }

  Group& group_;
  std::map<int64_t, std::vector<health::BucketRow>> rows_;  // By account.
};

absl::Status ProjectVisitEffort(Group& group, GroupVisit& visit, Ledger& ledger) {
  group.Fold(visit);
  const int64_t account = visit.changed ? visit.columns.account : visit.row.columns.account;
  const std::string source = absl::StrCat("visit:", visit.id);
  if (!visit.changed) {
    ASSIGN_OR_RETURN(visit.evidence, EvidenceOfVisit(group, visit));
    visit.row.pending_until_us = visit.evidence.pending_until_us;
    RETURN_IF_ERROR(SetVisitPending(group.sql(), visit.row.n, visit.row.pending_until_us));
  }
  std::vector<std::string> states;
  for (const v1::Observation& observation : visit.evidence.observations) {
    states.push_back(observation.SerializeAsString());
  }
  const bool moved = visit.row.columns.account != account;
  if (!moved && visit.stated == states) return absl::OkStatus();
  visit.stated = std::move(states);
  if (moved) RETURN_IF_ERROR(ledger.Replace(visit.row.columns.account, source, {}));
  return ledger.Replace(account, source, visit.evidence.observations);
}

absl::Status ProjectPromise(Group& group, const std::string& id, Ledger& ledger) {
  const std::string source = absl::StrCat("promise:", id);
  const auto gone = group.gone_promises.find(id);
  if (gone != group.gone_promises.end()) RETURN_IF_ERROR(ledger.Replace(gone->second, source, {}));
  ASSIGN_OR_RETURN(const std::optional<CommitmentRow> row, FindCommitment(group.sql(), id));
  if (!row.has_value()) return absl::OkStatus();
  return ledger.Replace(row->account, source, health::DerivePromise(PromiseOf(*row)));
}

}  // namespace

absl::Status ProjectHealth(Group& group) {
  Ledger ledger(group);
  const Dirty& dirty = group.dirty();  // Deriving adds to its briefs only.
  for (const int64_t n : dirty.visits) {
    ASSIGN_OR_RETURN(GroupVisit * visit, group.VisitUnlessDamaged(n));
    if (visit == nullptr) continue;
    RETURN_IF_ERROR(ProjectVisitEffort(group, *visit, ledger));
  }
  for (const auto& [account, chain] : dirty.chains) {
    ASSIGN_OR_RETURN(const std::vector<VisitSummary> visits, VisitsOfChain(group.sql(), account, chain));
    RETURN_IF_ERROR(
        ledger.Replace(account, absl::StrCat("chain:", chain), health::DeriveVisitChain(MakeRepairChain(visits))));
  }
  for (const std::string& id : dirty.commitments) RETURN_IF_ERROR(ProjectPromise(group, id, ledger));
  return ledger.WriteBuckets();
}

}  // namespace doorstep
