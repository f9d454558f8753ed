#include "server/apply/visit_projection.h"

#include <cstdio>
#include <set>
#include <string>
#include <tuple>

#include "absl/time/civil_time.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "client_core/rules/clock_correction.h"
#include "server/apply/commitment_projection.h"
#include "server/apply/visit_effort.h"
#include "server/feeds/visit_audience.h"
#include "server/storage/account_table.h"
#include "server/storage/assignment_table.h"
#include "server/storage/work_order_table.h"

namespace doorstep {
namespace {

// When work at the site began: the arrival, or the first instant that implies it.
int64_t BeganUs(const v1::Visit& visit) {
  if (visit.arrived_time_us() != 0) return visit.arrived_time_us();
  if (visit.work_started_time_us() != 0) return visit.work_started_time_us();
  return visit.has_outcome() ? visit.ended_time_us() : 0;
}

bool SameViewers(const v1::Visit& a, const v1::Visit& b) {
  if (a.assignments_size() != b.assignments_size()) return false;
  for (int i = 0; i < a.assignments_size(); ++i) {
    if (a.assignments(i).technician_id() != b.assignments(i).technician_id() ||
        a.assignments(i).revoked() != b.assignments(i).revoked()) {
      return false;
    }
  }
  return true;
}

absl::Status WriteAssignments(Group& group, const GroupVisit& visit) {
  if (SameViewers(visit.before, visit.visit)) return absl::OkStatus();
  for (const v1::Assignment& assignment : visit.visit.assignments()) {
    RETURN_IF_ERROR(WriteAssignment(group.sql(), assignment.technician_id(), visit.row.n, assignment.revoked()));
  }
  for (const std::string& technician : NoLongerOn(visit.before, visit.visit)) {
    RETURN_IF_ERROR(WriteAssignment(group.sql(), technician, visit.row.n, /*revoked=*/true));
  }
  return absl::OkStatus();
}

auto RepairPart(const VisitColumns& c) {
  return std::tie(c.account, c.work_order, c.kind, c.state, c.began_us, c.began_day, c.ended_us, c.ended_day, c.outcome,
                  c.asset, c.fault);
}

}  // namespace

int32_t WindowOffsetSeconds(const v1::TimeWindow& window) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0;
  if (sscanf(window.civil().c_str(), "%4d-%2d-%2dT%2d:%2d", &year, &month, &day, &hour, &minute) != 5) return 0;
  const absl::CivilSecond civil(year, month, day, hour, minute, 0);
  const int64_t local_s = civil - absl::CivilSecond(1970, 1, 1, 0, 0, 0);
  const int64_t offset_s = local_s - window.start_time_us() / 1000000;
  const bool plausible = offset_s >= -limits::kUtcOffsetSecondsMax && offset_s <= limits::kUtcOffsetSecondsMax;
  return plausible ? static_cast<int32_t>(offset_s) : 0;
}

VisitColumns ColumnsOf(const v1::Visit& visit) {
  VisitColumns c;
  c.kind = visit.kind();
  c.state = visit.state();
  c.version = visit.version();
  for (const int flag : visit.attention()) c.attention |= int64_t{1} << flag;
  c.began_us = BeganUs(visit);
  if (c.began_us != 0) c.began_day = CivilDay(c.began_us, visit.utc_offset_s());
  if (visit.has_outcome()) {
    c.ended_us = visit.ended_time_us();
    c.ended_day = CivilDay(c.ended_us, visit.utc_offset_s());
    c.outcome = visit.outcome().code();
    c.asset = visit.outcome().asset_id();
    c.fault = visit.outcome().fault().code();
  }
  if (c.asset.empty() && visit.asset_ids_size() > 0) c.asset = visit.asset_ids(0);
  if (visit.planned().end_time_us() != 0) {
    c.time_us = visit.planned().start_time_us();
    c.day = CivilDay(c.time_us, WindowOffsetSeconds(visit.planned()));
  } else if (c.began_us != 0) {
    c.time_us = c.began_us;
    c.day = c.began_day;
  }
  return c;
}

absl::Status ProjectVisit(Group& group, GroupVisit& visit) {
  const VisitColumns& before = visit.row.columns;
  visit.columns = ColumnsOf(visit.visit);
  VisitColumns& after = visit.columns;
  if (visit.visit.account_id() == visit.before.account_id()) {
    after.account = before.account;
  } else {
    ASSIGN_OR_RETURN(after.account, InternAccount(group.sql(), visit.visit.account_id()));
  }
  if (before.work_order != 0 && visit.visit.work_order_id() == visit.before.work_order_id()) {
    after.work_order = before.work_order;
  } else if (!visit.visit.work_order_id().empty()) {
    ASSIGN_OR_RETURN(after.work_order, FindWorkOrderNumber(group.sql(), visit.visit.work_order_id()));
  }
  visit.chain = visit.row.chain;
  ASSIGN_OR_RETURN(visit.evidence, EvidenceOfVisit(group, visit));
  RETURN_IF_ERROR(WriteAssignments(group, visit));
  RETURN_IF_ERROR(NoteCommitments(group, visit));

  // What the group found stays in visit.row until its end: later steps compare with it.
  Dirty& dirty = group.dirty();
  dirty.visits.insert(visit.row.n);
  if (RepairPart(before) == RepairPart(after)) return absl::OkStatus();
  if (after.work_order != 0) {
    dirty.work_orders.insert(after.work_order);
  } else {
    dirty.lone_visits.insert(visit.row.n);
  }
  if (before.work_order != 0 && before.work_order != after.work_order) dirty.work_orders.insert(before.work_order);
  if (!visit.chain.empty()) dirty.chains.insert({before.account, visit.chain});
  if (before.outcome != 0 || after.outcome != 0) {
    dirty.briefs.insert(after.account);
    if (before.account != 0) dirty.briefs.insert(before.account);
  }
  return absl::OkStatus();
}

absl::Status WriteVisit(Group& group, GroupVisit& visit) {
  VisitRow row;
  row.n = visit.row.n;
  row.columns = visit.columns;
  row.chain = visit.chain;
  row.pending_until_us = visit.evidence.pending_until_us;
  visit.unwritten = group.writes_later;
  if (!group.writes_later) {
    row.bytes = visit.visit.SerializeAsString();
    row.fold = visit.input.SerializeAsString();
  }
  if (visit.is_new) return InsertVisit(group.sql(), visit.id, row);
  return group.writes_later ? UpdateVisitColumns(group.sql(), row, visit.row)
                            : UpdateVisit(group.sql(), row, visit.row);
}

}  // namespace doorstep
