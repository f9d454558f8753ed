#include "server/apply/case_projection.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "client_core/rules/work_order_rollup.h"
#include "server/storage/repair_chain.h"
#include "server/storage/visit_table.h"
#include "server/storage/work_order_table.h"

namespace doorstep {
namespace {

VisitSummary SummaryOf(const GroupVisit& visit) { return {visit.row.n, visit.id, visit.columns, visit.row.chain}; }

class CaseProjection {
 public:
  // Rows of changed visits are written at the end: until then, what they will be stands in `changed`.
  CaseProjection(Group& group, const std::vector<GroupVisit*>& changed) : group_(group), sql_(group.sql()) {
    for (GroupVisit* visit : changed) {
      changed_[visit->row.n] = visit;
      if (visit->columns.work_order != 0) of_order_[visit->columns.work_order].push_back(visit);
    }
  }

  absl::Status ProjectWorkOrder(int64_t n) {
    ASSIGN_OR_RETURN(const std::optional<WorkOrderCase> known, FindWorkOrderCase(sql_, n));
    if (!known.has_value()) return absl::DataLossError(absl::StrCat("table work_order: number ", n, " is missing"));
    ASSIGN_OR_RETURN(const std::vector<VisitSummary> visits, VisitsOf(n));
    RETURN_IF_ERROR(ProjectChains(visits, absl::StrCat("order:", known->id)));
    std::vector<RollupVisit> rollup;
    for (const VisitSummary& visit : visits) {
      rollup.push_back({static_cast<v1::VisitState>(visit.columns.state),
                        static_cast<v1::OutcomeCode>(visit.columns.outcome), visit.columns.ended_us});
    }
    const v1::WorkOrderState state = RollUp(rollup);
    if (state == known->state) return absl::OkStatus();
    group_.dirty().entities.insert({v1::ENTITY_KIND_WORK_ORDER, known->id});
    const int64_t version = group_.NextVersion(v1::ENTITY_KIND_WORK_ORDER, known->id, known->version);
    return UpdateWorkOrderState(sql_, n, state, version);
  }

  absl::Status ProjectLoneVisit(int64_t n) {
    const GroupVisit& visit = *changed_.at(n);
    return ProjectChains({SummaryOf(visit)}, absl::StrCat("visit:", visit.id));
  }

 private:
  // As the group leaves them, in the order of their numbers.
  absl::StatusOr<std::vector<VisitSummary>> VisitsOf(int64_t work_order) {
    ASSIGN_OR_RETURN(std::vector<VisitSummary> visits, VisitsOfWorkOrder(sql_, work_order));
    visits.erase(std::remove_if(visits.begin(), visits.end(),
                                [&](const VisitSummary& visit) { return changed_.count(visit.n) > 0; }),
                 visits.end());
    for (const GroupVisit* visit : of_order_[work_order]) visits.push_back(SummaryOf(*visit));
    std::sort(visits.begin(), visits.end(), [](const VisitSummary& a, const VisitSummary& b) { return a.n < b.n; });
    return visits;
  }

  absl::Status ProjectChains(const std::vector<VisitSummary>& visits, const std::string& case_name) {
    const std::string chain = ChainOfCase(visits, case_name);
    for (const VisitSummary& visit : visits) {
      const std::string own = visit.columns.began_us == 0 ? "" : chain;
      if (!own.empty()) group_.dirty().chains.insert({visit.columns.account, own});
      if (own == visit.chain) continue;
      if (!visit.chain.empty()) group_.dirty().chains.insert({visit.columns.account, visit.chain});
      const auto changed = changed_.find(visit.n);
      if (changed != changed_.end()) {
        changed->second->chain = own;
      } else {
        RETURN_IF_ERROR(group_.SetChain(visit.n, own));
      }
    }
    return absl::OkStatus();
  }

  Group& group_;
  SqlSession& sql_;
  std::map<int64_t, GroupVisit*> changed_;                // By number.
  std::map<int64_t, std::vector<GroupVisit*>> of_order_;  // By the number of the work order.
};

}  // namespace

absl::Status ProjectCases(Group& group, const std::vector<GroupVisit*>& changed) {
  CaseProjection projection(group, changed);
  for (const int64_t n : group.dirty().work_orders) RETURN_IF_ERROR(projection.ProjectWorkOrder(n));
  for (const int64_t n : group.dirty().lone_visits) RETURN_IF_ERROR(projection.ProjectLoneVisit(n));
  return absl::OkStatus();
}

}  // namespace doorstep
