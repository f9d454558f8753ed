#include "server/apply/case_projection.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "client_core/rules/work_order_rollup.h"
#include "server/storage/repair_chain.h"
#include "server/storage/visit_table.h"
#include "server/storage/work_order_table.h"

namespace doorstep {
namespace {

absl::Status ProjectChains(Group& group, const std::vector<VisitSummary>& visits, const std::string& case_name) {
  const std::string chain = ChainOfCase(visits, case_name);
  for (const VisitSummary& visit : visits) {
    const std::string own = visit.columns.began_us == 0 ? "" : chain;
    if (!own.empty()) group.dirty().chains.insert({visit.columns.account, own});
    if (own == visit.chain) continue;
    if (!visit.chain.empty()) group.dirty().chains.insert({visit.columns.account, visit.chain});
    RETURN_IF_ERROR(SetVisitChain(group.sql(), visit.n, own));
  }
  return absl::OkStatus();
}

absl::Status ProjectWorkOrder(Group& group, int64_t n) {
  ASSIGN_OR_RETURN(const std::optional<WorkOrderRow> row, FindWorkOrderByNumber(group.sql(), n));
  if (!row.has_value()) return absl::DataLossError(absl::StrCat("table work_order: number ", n, " is missing"));
  v1::WorkOrder order;
  if (!order.ParseFromString(row->bytes)) return absl::DataLossError("table work_order: a row is not a WorkOrder");

  ASSIGN_OR_RETURN(const std::vector<VisitSummary> visits, VisitsOfWorkOrder(group.sql(), n));
  RETURN_IF_ERROR(ProjectChains(group, visits, absl::StrCat("order:", order.id())));
  std::vector<RollupVisit> rollup;
  for (const VisitSummary& visit : visits) {
    rollup.push_back({static_cast<v1::VisitState>(visit.columns.state),
                      static_cast<v1::OutcomeCode>(visit.columns.outcome), visit.columns.ended_us});
  }
  const v1::WorkOrderState state = RollUp(rollup);
  if (state == order.state()) return absl::OkStatus();
  order.set_state(state);
  order.set_version(group.NextVersion(v1::ENTITY_KIND_WORK_ORDER, order.id(), row->version));
  group.dirty().entities.insert({v1::ENTITY_KIND_WORK_ORDER, order.id()});
  return WriteWorkOrder(group.sql(), order, row->account).status();
}

}  // namespace

absl::Status ProjectCases(Group& group, const std::vector<GroupVisit*>& changed) {
  for (const int64_t n : group.dirty().work_orders) RETURN_IF_ERROR(ProjectWorkOrder(group, n));
  for (const GroupVisit* visit : changed) {
    if (group.dirty().lone_visits.count(visit->row.n) == 0) continue;
    VisitSummary summary{visit->row.n, visit->id, visit->columns, visit->row.chain};
    RETURN_IF_ERROR(ProjectChains(group, {summary}, absl::StrCat("visit:", visit->id)));
  }
  return absl::OkStatus();
}

}  // namespace doorstep
