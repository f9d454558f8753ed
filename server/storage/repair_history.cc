#include "server/storage/repair_history.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "client_core/base/status.h"
#include "server/health/derive.h"
#include "server/storage/repair_chain.h"

namespace doorstep {
namespace {

struct TracedVisit {
  VisitSummary visit;
  health::ChainStep step;
};

v1::FirstTimeFix FixOf(const TracedVisit& traced, int32_t today) {
  if (traced.visit.columns.outcome == v1::OUTCOME_CODE_UNSPECIFIED || !traced.step.attempted) {
    return v1::FIRST_TIME_FIX_UNSPECIFIED;
  }
  if (!traced.step.fixed || !traced.step.unrepeated) return v1::FIRST_TIME_FIX_NO;
  return today >= traced.visit.columns.ended_day + health::kRepeatWindowDays ? v1::FIRST_TIME_FIX_YES
                                                                             : v1::FIRST_TIME_FIX_PENDING;
}

// Every visit that began, with what became of it in its chain.
std::vector<TracedVisit> Trace(std::vector<VisitSummary> visits) {
  std::map<std::pair<int64_t, std::string>, std::vector<VisitSummary>> chains;
  for (VisitSummary& visit : visits) {
    chains[std::make_pair(visit.columns.account, visit.chain)].push_back(std::move(visit));
  }
  std::vector<TracedVisit> traced;
  for (auto& [key, members] : chains) {
    std::map<std::string, VisitSummary> by_id;
    const std::vector<health::ChainStep> steps = health::TraceChain(MakeRepairChain(members));
    for (VisitSummary& member : members) by_id[member.id] = std::move(member);
    for (const health::ChainStep& step : steps) traced.push_back({std::move(by_id[step.visit_id]), step});
  }
  return traced;
}

}  // namespace

absl::StatusOr<std::vector<v1::Repair>> RepairsOfAccount(SqlSession& sql, int64_t account, int32_t today,
                                                         int64_t limit) {
  ASSIGN_OR_RETURN(std::vector<VisitSummary> visits, VisitsInChains(sql, account));
  std::vector<TracedVisit> traced = Trace(std::move(visits));
  traced.erase(
      std::remove_if(traced.begin(), traced.end(),
                     [](const TracedVisit& t) { return t.visit.columns.kind != v1::WORK_ORDER_KIND_CORRECTIVE; }),
      traced.end());
  std::sort(traced.begin(), traced.end(), [](const TracedVisit& a, const TracedVisit& b) {
    if (a.visit.columns.began_us != b.visit.columns.began_us) {
      return a.visit.columns.began_us > b.visit.columns.began_us;
    }
    return a.visit.id > b.visit.id;
  });
  std::vector<v1::Repair> repairs;
  for (const TracedVisit& t : traced) {
    if (static_cast<int64_t>(repairs.size()) >= limit) break;
    v1::Repair repair;
    repair.set_visit_id(t.visit.id);
    repair.set_asset_id(t.visit.columns.asset);
    repair.set_fault_code(t.visit.columns.fault);
    repair.set_outcome(static_cast<v1::OutcomeCode>(t.visit.columns.outcome));
    repair.set_ended_time_us(t.visit.columns.ended_us);
    repair.set_first_time_fix(FixOf(t, today));
    repair.set_repeat_of_visit_id(t.step.repeated_visit_id);
    repairs.push_back(std::move(repair));
  }
  return repairs;
}

absl::StatusOr<v1::RepairStatistics> CountRepairs(SqlSession& sql, int64_t account, int32_t today) {
  ASSIGN_OR_RETURN(std::vector<VisitSummary> visits, VisitsInChains(sql, account));
  v1::RepairStatistics statistics;
  for (const TracedVisit& t : Trace(std::move(visits))) {
    if (t.visit.columns.kind != v1::WORK_ORDER_KIND_CORRECTIVE) continue;
    statistics.set_corrective_visits(statistics.corrective_visits() + 1);
    if (t.step.repeat > 0) statistics.set_repeats_within_30_days(statistics.repeats_within_30_days() + 1);
    switch (FixOf(t, today)) {
      case v1::FIRST_TIME_FIX_YES:
        statistics.set_first_time_fix_yes(statistics.first_time_fix_yes() + 1);
        break;
      case v1::FIRST_TIME_FIX_NO:
        statistics.set_first_time_fix_no(statistics.first_time_fix_no() + 1);
        break;
      case v1::FIRST_TIME_FIX_PENDING:
        statistics.set_first_time_fix_pending(statistics.first_time_fix_pending() + 1);
        break;
      default:
        break;
    }
  }
  Query assets = sql.Use("SELECT count(*) FROM asset WHERE $1 = 0 OR account = $1");
  ASSIGN_OR_RETURN(const bool row, assets.Int(1, account).Step());
  if (row) statistics.set_assets(static_cast<uint32_t>(assets.Int(0)));
  return statistics;
}

absl::StatusOr<v1::FirstTimeFix> FirstTimeFixOf(SqlSession& sql, int64_t work_order, int32_t today) {
  ASSIGN_OR_RETURN(const std::vector<VisitSummary> visits, VisitsOfWorkOrder(sql, work_order));
  std::set<std::pair<int64_t, std::string>> chains;
  std::set<std::string> own;
  for (const VisitSummary& visit : visits) {
    if (visit.chain.empty()) continue;
    chains.insert(std::make_pair(visit.columns.account, visit.chain));
    own.insert(visit.id);
  }
  bool resolved = false;
  bool failed = false;
  bool pending = false;
  for (const auto& [account, chain] : chains) {
    ASSIGN_OR_RETURN(std::vector<VisitSummary> members, VisitsOfChain(sql, account, chain));
    for (const TracedVisit& t : Trace(std::move(members))) {
      if (own.count(t.visit.id) == 0) continue;
      const v1::FirstTimeFix fix = FixOf(t, today);
      resolved |= t.step.fixed;
      failed |= fix == v1::FIRST_TIME_FIX_NO;
      pending |= fix == v1::FIRST_TIME_FIX_PENDING;
    }
  }
  if (!resolved) return v1::FIRST_TIME_FIX_UNSPECIFIED;
  if (failed) return v1::FIRST_TIME_FIX_NO;
  return pending ? v1::FIRST_TIME_FIX_PENDING : v1::FIRST_TIME_FIX_YES;
}

}  // namespace doorstep
