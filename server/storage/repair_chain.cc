#include "server/storage/repair_chain.h"

#include <tuple>

#include "absl/strings/str_cat.h"

namespace doorstep {

health::VisitChain MakeRepairChain(const std::vector<VisitSummary>& visits) {
  health::VisitChain chain;
  for (const VisitSummary& visit : visits) {
    if (chain.asset_id.empty() || (!visit.columns.asset.empty() && visit.columns.asset < chain.asset_id)) {
      chain.asset_id = visit.columns.asset;
    }
    health::ChainVisit member;
    member.visit_id = visit.id;
    member.began_us = visit.columns.began_us;
    member.began_day = static_cast<int32_t>(visit.columns.began_day);
    member.outcome = static_cast<v1::OutcomeCode>(visit.columns.outcome);
    member.ended_day = static_cast<int32_t>(visit.columns.ended_day);
    member.corrective = visit.columns.kind == v1::WORK_ORDER_KIND_CORRECTIVE;
    chain.visits.push_back(std::move(member));
  }
  return chain;
}

std::string ChainOfCase(const std::vector<VisitSummary>& visits, absl::string_view case_name) {
  const VisitSummary* names = nullptr;
  for (const VisitSummary& visit : visits) {
    if (visit.columns.began_us == 0 || visit.columns.fault.empty() || visit.columns.asset.empty()) continue;
    if (names == nullptr || std::tie(visit.columns.ended_us, visit.id) > std::tie(names->columns.ended_us, names->id)) {
      names = &visit;
    }
  }
  if (names == nullptr) return std::string(case_name);
  return absl::StrCat("asset:", names->columns.asset, "|", names->columns.fault);
}

}  // namespace doorstep
