#include "client_core/rules/visit_folder.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client_core/rules/visit_fold.h"

namespace doorstep {
namespace {

bool HasWindow(const v1::TimeWindow& window) { return window.end_time_us() != 0; }

bool SameWindow(const v1::TimeWindow& a, const v1::TimeWindow& b) {
  return a.start_time_us() == b.start_time_us() && a.end_time_us() == b.end_time_us();
}

}  // namespace

v1::Assignment* FindLead(v1::Visit& visit) {
  for (v1::Assignment& a : *visit.mutable_assignments()) {
    if (!a.revoked() && a.role() == v1::ASSIGNMENT_ROLE_LEAD) return &a;
  }
  return nullptr;
}

const v1::Assignment* FindLead(const v1::Visit& visit) {
  for (const v1::Assignment& a : visit.assignments()) {
    if (!a.revoked() && a.role() == v1::ASSIGNMENT_ROLE_LEAD) return &a;
  }
  return nullptr;
}

VisitFolder::VisitFolder(const v1::Visit& row) : visit_(row) {
  const v1::VisitState state = row.state();
  closed_ = state == v1::VISIT_STATE_CLOSED;
  laid_over_ = true;
  // Whatever is under way or done was dispatched before.
  office_ =
      state <= v1::VISIT_STATE_DISPATCHED || state == v1::VISIT_STATE_CANCELED ? state : v1::VISIT_STATE_DISPATCHED;
  if (row.raised().empty()) {
    for (const int flag : row.attention()) raised_[Occurrence(static_cast<v1::AttentionFlag>(flag), "")];
  }
  for (const v1::RaisedAttention& raised : row.raised()) {
    const Occurrence key(raised.flag(), raised.occurrence());
    if (raised.resolved()) resolved_[key] = raised;
    Raised& holds = raised_[key];
    holds.entries.assign(raised.entries().begin(), raised.entries().end());
    holds.a = raised.side_a();
    holds.b = raised.side_b();
  }
  for (const v1::Assignment& a : row.assignments()) {
    if (OnSite(a) && state != v1::VISIT_STATE_CANCELED) on_site_.insert(a.technician_id());
    if (a.state() == v1::ASSIGNMENT_STATE_DONE) gone_.insert(a.technician_id());
  }
}

void VisitFolder::Apply(const v1::FoldCommand& command) {
  // A command that facts have overtaken is kept as void: the same table that accepted it decides.
  // What follows a visit's end needs all that settles it: who has the visit may be decided only then.
  const bool ends = command.has_close() || command.has_reopen();
  visit_.set_state(ends ? VisitFolder(*this).Finish().state() : CurrentState());
  const bool fits = CheckCommand(visit_, command).ok();
  switch (command.verb_case()) {
    case v1::FoldCommand::kCreate:
      Create(command.create(), command.commit_us());
      if (!command.create().opened_on_site()) break;
      Raise(v1::ATTENTION_FLAG_OPENED_ON_SITE, "", {command.has_opened_by() ? &command.opened_by() : nullptr});
      break;
    case v1::FoldCommand::kSchedule:
      if (fits) {
        Schedule(command.schedule());
      } else {
        const v1::TimeWindow& planned = command.schedule().planned();
        Raise(v1::ATTENTION_FLAG_RESCHEDULE_VOID,
              absl::StrCat("to ", planned.civil().empty() ? absl::StrCat(planned.start_time_us()) : planned.civil()),
              {});
      }
      break;
    case v1::FoldCommand::kUnschedule:
      if (fits) {
        office_ = v1::VISIT_STATE_UNSCHEDULED;
        visit_.clear_planned();
      }
      break;
    case v1::FoldCommand::kAssign: {
      v1::AssignmentRole role = command.assign().role();
      if (role == v1::ASSIGNMENT_ROLE_UNSPECIFIED) {
        role = FindLead(visit_) == nullptr ? v1::ASSIGNMENT_ROLE_LEAD : v1::ASSIGNMENT_ROLE_MEMBER;
      }
      if (fits) Expect(command.assign().technician_id(), role, command.commit_us());
      break;
    }
    case v1::FoldCommand::kUnassign:
      for (v1::Assignment& a : *visit_.mutable_assignments()) {
        if (a.technician_id() != command.unassign().technician_id() || a.revoked()) continue;
        Revoke(a, command.principal(), command.unassign().reason(), "");
      }
      break;
    case v1::FoldCommand::kReassign:
      // Applied whatever the phones did meanwhile; SettleLead decides who has the visit.
      Reassign(command.reassign(), command);
      break;
    case v1::FoldCommand::kDispatch:
      if (fits) office_ = v1::VISIT_STATE_DISPATCHED;
      break;
    case v1::FoldCommand::kRecall:
      if (fits) office_ = v1::VISIT_STATE_SCHEDULED;
      break;
    case v1::FoldCommand::kCancel:
      office_ = v1::VISIT_STATE_CANCELED;
      cancel_forced_ = command.cancel().force();
      canceled_by_.set_principal(command.principal());
      canceled_by_.set_time_us(command.commit_us());
      after_cancel_.clear();
      ++cancels_;
      visit_.set_cancel_reason(command.cancel().reason());
      break;
    case v1::FoldCommand::kReopen:
      if (fits) Reopen();
      break;
    case v1::FoldCommand::kClose:
      if (fits) closed_ = true;
      break;
    case v1::FoldCommand::kRecordMiss:
      visit_.set_miss_recorded(true);
      break;
    case v1::FoldCommand::kPast:
      TakePast(command.past(), command.commit_us());
      break;
    case v1::FoldCommand::kResolveAttention:
      TakeDecisions(command);
      break;
    case v1::FoldCommand::VERB_NOT_SET:
      break;
  }
}

void VisitFolder::Create(const v1::FoldCreate& create, int64_t commit_us) {
  visit_.set_work_order_id(create.work_order_id());
  visit_.set_account_id(create.account_id());
  visit_.set_site_id(create.site_id());
  *visit_.mutable_asset_ids() = create.asset_ids();
  visit_.set_kind(create.kind());
  visit_.set_priority(create.priority());
  if (create.has_constraint()) *visit_.mutable_constraint() = create.constraint();
  visit_.set_instructions(create.instructions());
  if (create.has_requirements()) *visit_.mutable_requirements() = create.requirements();
  *visit_.mutable_external_refs() = create.external_refs();
  visit_.set_credited_from_visit_id(create.credited_from_visit_id());
  for (const std::string& technician : create.technician_ids()) {
    Expect(technician, FindLead(visit_) == nullptr ? v1::ASSIGNMENT_ROLE_LEAD : v1::ASSIGNMENT_ROLE_MEMBER, commit_us);
  }
  if (office_ == v1::VISIT_STATE_UNSPECIFIED) office_ = v1::VISIT_STATE_UNSCHEDULED;
}

void VisitFolder::Schedule(const v1::FoldSchedule& schedule) {
  const v1::TimeWindow promised = schedule.has_promised()        ? schedule.promised()
                                  : HasWindow(visit_.promised()) ? visit_.promised()
                                                                 : schedule.planned();
  // Moving what the customer had been told is effort for the customer.
  const bool moved = HasWindow(visit_.promised()) &&
                     (!SameWindow(visit_.promised(), promised) || !SameWindow(visit_.planned(), schedule.planned()));
  if (moved) visit_.set_rescheduled_count(visit_.rescheduled_count() + 1);
  *visit_.mutable_planned() = schedule.planned();
  *visit_.mutable_promised() = promised;
  if (office_ == v1::VISIT_STATE_UNSCHEDULED) office_ = v1::VISIT_STATE_SCHEDULED;
}

void VisitFolder::Reassign(const v1::FoldReassign& reassign, const v1::FoldCommand& command) {
  v1::AssignmentRole role = v1::ASSIGNMENT_ROLE_LEAD;
  const v1::Assignment* lead = FindLead(visit_);
  const std::string from = !reassign.from_technician_id().empty() ? reassign.from_technician_id()
                           : lead != nullptr                      ? lead->technician_id()
                                                                  : "";
  for (v1::Assignment& a : *visit_.mutable_assignments()) {
    if (a.technician_id() != from || a.revoked()) continue;
    role = a.role();
    Revoke(a, command.principal(), reassign.reason(), reassign.to_technician_id());
    if (reassign.work_known()) a.set_set_aside(true);
  }
  Expect(reassign.to_technician_id(), role, command.commit_us());
}

void VisitFolder::TakePast(const v1::FoldPast& past, int64_t commit_us) {
  visit_.clear_assignments();  // The latest telling is the whole story.
  v1::Assignment& a = Expect(past.technician_id(), v1::ASSIGNMENT_ROLE_LEAD, commit_us);
  a.set_state(v1::ASSIGNMENT_STATE_DONE);
  a.set_arrived_time_us(past.arrived_time_us());
  a.set_work_started_time_us(past.arrived_time_us());
  a.set_ended_time_us(past.ended_time_us());
  a.set_time_quality(v1::CLOCK_QUALITY_TRUSTED);
  *a.mutable_outcome() = past.outcome();
  visit_.set_utc_offset_s(past.utc_offset_s());
  office_ = v1::VISIT_STATE_DISPATCHED;
  on_site_.insert(past.technician_id());
}

v1::Assignment& VisitFolder::Expect(absl::string_view technician, v1::AssignmentRole role, int64_t time_us) {
  // One lead at a time: whoever led before goes on as a member.
  if (role == v1::ASSIGNMENT_ROLE_LEAD) {
    v1::Assignment* lead = FindLead(visit_);
    if (lead != nullptr && lead->technician_id() != technician) lead->set_role(v1::ASSIGNMENT_ROLE_MEMBER);
  }
  for (v1::Assignment& a : *visit_.mutable_assignments()) {
    if (a.technician_id() != technician) continue;
    a.set_role(role);
    a.set_revoked(false);
    a.clear_revoked_by();
    a.clear_revoked_reason();
    a.clear_successor_id();
    a.clear_set_aside();
    if (a.assigned_time_us() == 0) a.set_assigned_time_us(time_us);
    return a;
  }
  v1::Assignment* a = visit_.add_assignments();
  a->set_technician_id(std::string(technician));
  a->set_role(role);
  a->set_state(v1::ASSIGNMENT_STATE_ASSIGNED);
  a->set_assigned_time_us(time_us);
  return *a;
}

void VisitFolder::Revoke(v1::Assignment& a, absl::string_view by, absl::string_view reason,
                         absl::string_view successor) {
  a.set_revoked(true);
  a.set_revoked_by(std::string(by));
  a.set_revoked_reason(std::string(reason));
  a.set_successor_id(std::string(successor));
}

void VisitFolder::Reopen() {
  office_ = v1::VISIT_STATE_DISPATCHED;
  for (v1::Assignment& a : *visit_.mutable_assignments()) {
    if (a.revoked()) continue;
    a.set_state(v1::ASSIGNMENT_STATE_ASSIGNED);
    a.clear_outcome();
    a.clear_ended_time_us();
  }
}

}  // namespace doorstep
