#include "client_core/rules/visit_folder.h"

#include <algorithm>

#include "client_core/rules/visit_fold.h"
#include "client_core/rules/work_order_rollup.h"

namespace doorstep {
namespace {

using Fact = v1::LogEntry;

bool Started(const v1::Assignment& a) { return a.state() >= v1::ASSIGNMENT_STATE_EN_ROUTE; }
bool OnSite(const v1::Assignment& a) { return a.state() >= v1::ASSIGNMENT_STATE_ON_SITE; }
bool UnderWay(const v1::Assignment& a) { return Started(a) && a.state() != v1::ASSIGNMENT_STATE_DONE; }

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
  // Whatever is under way or done was dispatched before.
  office_ =
      state <= v1::VISIT_STATE_DISPATCHED || state == v1::VISIT_STATE_CANCELED ? state : v1::VISIT_STATE_DISPATCHED;
  for (const int flag : row.attention()) flags_.insert(static_cast<v1::AttentionFlag>(flag));
  worked_ = std::any_of(row.assignments().begin(), row.assignments().end(), OnSite);
  if (state == v1::VISIT_STATE_CANCELED) worked_ = false;
}

// ---- commands ----

void VisitFolder::Apply(const v1::FoldCommand& command) {
  // A command that facts have overtaken is kept as void: the same table that accepted it decides.
  visit_.set_state(CurrentState());
  const bool fits = CheckCommand(visit_, command).ok();
  switch (command.verb_case()) {
    case v1::FoldCommand::kCreate:
      Create(command.create());
      break;
    case v1::FoldCommand::kSchedule:
      if (fits) Schedule(command.schedule());
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
      worked_after_cancel_ = false;
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
    case v1::FoldCommand::VERB_NOT_SET:
      break;
  }
}

void VisitFolder::Create(const v1::FoldCreate& create) {
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
  if (create.opened_on_site()) flags_.insert(v1::ATTENTION_FLAG_OPENED_ON_SITE);
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
    if (reassign.work_known()) taken_over_.insert(from);
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
  worked_ = true;
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

// ---- facts ----

v1::Assignment& VisitFolder::Author(const v1::FoldFact& fact) {
  for (v1::Assignment& a : *visit_.mutable_assignments()) {
    if (a.technician_id() == fact.author()) return a;
  }
  // Somebody worked whom the office had not sent: it happened, so it counts, and the office should look.
  flags_.insert(v1::ATTENTION_FLAG_NOT_ASSIGNED);
  return Expect(fact.author(), FindLead(visit_) == nullptr ? v1::ASSIGNMENT_ROLE_LEAD : v1::ASSIGNMENT_ROLE_MEMBER, 0);
}

void VisitFolder::NoteInstant(int64_t& instant_us, const v1::FoldFact& fact, v1::Assignment& a) {
  if (instant_us != 0) return;
  instant_us = fact.time().time_us();
  a.set_time_quality(std::max(a.time_quality(), fact.time().quality()));
}

void VisitFolder::NoteOnSite(const v1::FoldFact& fact) {
  worked_ = true;
  if (office_ == v1::VISIT_STATE_CANCELED) worked_after_cancel_ = true;
  if (closed_) flags_.insert(v1::ATTENTION_FLAG_AMENDED);
  visit_.set_utc_offset_s(fact.time().utc_offset_s());
}

void VisitFolder::BeginWork(v1::Assignment& a, const v1::FoldFact& fact) {
  int64_t arrived_us = a.arrived_time_us();
  NoteInstant(arrived_us, fact, a);  // Who works has arrived.
  // An implied arrival says nothing about punctuality.
  if (a.arrived_time_us() == 0) a.set_time_quality(v1::CLOCK_QUALITY_SUSPECT);
  a.set_arrived_time_us(arrived_us);
  int64_t started_us = a.work_started_time_us();
  NoteInstant(started_us, fact, a);
  a.set_work_started_time_us(started_us);
}

void VisitFolder::ReportOutcome(v1::Assignment& a, const v1::FoldFact& fact, const v1::Outcome& outcome,
                                bool finished) {
  if (!OnSite(a)) flags_.insert(v1::ATTENTION_FLAG_STEPS_IMPLIED);
  *a.mutable_outcome() = outcome;
  if (a.outcome().asset_id().empty() && visit_.asset_ids_size() > 0) {
    a.mutable_outcome()->set_asset_id(visit_.asset_ids(0));
  }
  if (!finished) return;
  a.set_state(v1::ASSIGNMENT_STATE_DONE);
  int64_t ended_us = a.ended_time_us();
  NoteInstant(ended_us, fact, a);
  a.set_ended_time_us(ended_us);
}

void VisitFolder::Apply(const v1::FoldFact& fact) {
  v1::Assignment& a = Author(fact);
  const v1::AssignmentState before = a.state();
  const int64_t time_us = fact.time().time_us();
  switch (fact.kind()) {
    case Fact::kAccepted:
      if (!Started(a)) a.set_state(v1::ASSIGNMENT_STATE_ACCEPTED);
      if (a.accepted_time_us() == 0) a.set_accepted_time_us(time_us);
      return;
    case Fact::kRejected:
      if (!Started(a)) a.set_state(v1::ASSIGNMENT_STATE_REJECTED);
      return;
    case Fact::kTravelStarted: {
      const bool expected = !Started(a) || before == v1::ASSIGNMENT_STATE_PAUSED;
      if (expected)
        a.set_state(v1::ASSIGNMENT_STATE_EN_ROUTE);
      else
        flags_.insert(v1::ATTENTION_FLAG_STEPS_IMPLIED);
      if (a.travel_started_time_us() == 0) a.set_travel_started_time_us(time_us);
      return;
    }
    case Fact::kArrived: {
      NoteOnSite(fact);
      if (!OnSite(a)) a.set_state(v1::ASSIGNMENT_STATE_ON_SITE);
      int64_t arrived_us = a.arrived_time_us();
      NoteInstant(arrived_us, fact, a);
      a.set_arrived_time_us(arrived_us);
      return;
    }
    case Fact::kWorkStarted:
    case Fact::kResumed:
      NoteOnSite(fact);
      if (fact.kind() == Fact::kResumed && before != v1::ASSIGNMENT_STATE_PAUSED) {
        flags_.insert(v1::ATTENTION_FLAG_STEPS_IMPLIED);
      }
      if (before != v1::ASSIGNMENT_STATE_DONE)
        a.set_state(v1::ASSIGNMENT_STATE_IN_PROGRESS);
      else
        flags_.insert(v1::ATTENTION_FLAG_STEPS_IMPLIED);
      BeginWork(a, fact);
      return;
    case Fact::kPaused:
      NoteOnSite(fact);
      if (before != v1::ASSIGNMENT_STATE_IN_PROGRESS) flags_.insert(v1::ATTENTION_FLAG_STEPS_IMPLIED);
      if (before != v1::ASSIGNMENT_STATE_DONE) a.set_state(v1::ASSIGNMENT_STATE_PAUSED);
      BeginWork(a, fact);
      return;
    case Fact::kWorkEnded: {
      NoteOnSite(fact);
      if (!OnSite(a)) flags_.insert(v1::ATTENTION_FLAG_STEPS_IMPLIED);
      BeginWork(a, fact);
      int64_t ended_us = a.ended_time_us();
      NoteInstant(ended_us, fact, a);
      a.set_ended_time_us(ended_us);
      // A lead is done with the outcome; who helps is done when the work is.
      if (a.role() != v1::ASSIGNMENT_ROLE_LEAD)
        a.set_state(v1::ASSIGNMENT_STATE_DONE);
      else if (before != v1::ASSIGNMENT_STATE_DONE)
        a.set_state(v1::ASSIGNMENT_STATE_ON_SITE);
      return;
    }
    case Fact::kDeparted:
      NoteOnSite(fact);
      if (!OnSite(a)) flags_.insert(v1::ATTENTION_FLAG_STEPS_IMPLIED);
      a.set_state(v1::ASSIGNMENT_STATE_DONE);
      if (a.ended_time_us() == 0) a.set_ended_time_us(time_us);
      return;
    case Fact::kNoAccess: {
      NoteOnSite(fact);
      v1::Outcome outcome;
      outcome.set_code(v1::OUTCOME_CODE_NO_ACCESS);
      if (!a.has_outcome()) ReportOutcome(a, fact, outcome, /*finished=*/true);
      return;
    }
    case Fact::kOutcomeReported:
      NoteOnSite(fact);
      ReportOutcome(a, fact, fact.outcome(), fact.finished());
      return;
    case Fact::kPartUsed:
      visit_.set_parts_used_milli(visit_.parts_used_milli() + fact.amount());
      return;
    case Fact::kPartReturned:
      visit_.set_parts_used_milli(visit_.parts_used_milli() - fact.amount());
      return;
    case Fact::kTimeSpent:
      visit_.set_labour_min(visit_.labour_min() + static_cast<uint32_t>(fact.amount()));
      return;
    case Fact::kSignatureCaptured:
    case Fact::kSignatureWaived:
      visit_.set_signature_recorded(true);
      return;
    case Fact::kFeedbackCaptured:
      visit_.set_feedback(v1::FEEDBACK_STATE_CAPTURED);
      return;
    case Fact::kFeedbackDeclined:
      if (visit_.feedback() == v1::FEEDBACK_STATE_UNSPECIFIED) visit_.set_feedback(v1::FEEDBACK_STATE_DECLINED);
      return;
    default:
      return;
  }
}

// ---- what follows from the whole ----

v1::VisitState VisitFolder::CurrentState() const {
  if (closed_) return v1::VISIT_STATE_CLOSED;
  if (office_ == v1::VISIT_STATE_CANCELED && !(cancel_forced_ ? worked_after_cancel_ : worked_)) {
    return v1::VISIT_STATE_CANCELED;
  }
  const v1::Assignment* lead = FindLead(visit_);
  bool any_under_way = false;
  bool any_started = false;
  v1::AssignmentState furthest = v1::ASSIGNMENT_STATE_UNSPECIFIED;
  for (const v1::Assignment& a : visit_.assignments()) {
    if (a.revoked()) continue;
    any_started |= Started(a);
    any_under_way |= UnderWay(a);
    // Working is further than pausing, although it comes before it in the enum.
    if (UnderWay(a) && furthest != v1::ASSIGNMENT_STATE_IN_PROGRESS) {
      furthest = a.state() == v1::ASSIGNMENT_STATE_IN_PROGRESS ? a.state() : std::max(furthest, a.state());
    }
  }
  const bool lead_done = lead != nullptr && lead->state() == v1::ASSIGNMENT_STATE_DONE && lead->has_outcome();
  if (lead_done && !any_under_way) {
    return IsDone(lead->outcome().code()) ? v1::VISIT_STATE_COMPLETED : v1::VISIT_STATE_INCOMPLETE;
  }
  if (!any_started) {
    return office_ == v1::VISIT_STATE_CANCELED ? v1::VISIT_STATE_DISPATCHED : office_;
  }
  switch (furthest) {
    case v1::ASSIGNMENT_STATE_EN_ROUTE:
      return v1::VISIT_STATE_EN_ROUTE;
    case v1::ASSIGNMENT_STATE_ON_SITE:
      return v1::VISIT_STATE_ON_SITE;
    case v1::ASSIGNMENT_STATE_PAUSED:
      return v1::VISIT_STATE_PAUSED;
    default:
      return v1::VISIT_STATE_IN_PROGRESS;  // Also: everybody has left and the outcome is still to come.
  }
}

void VisitFolder::GiveBackTo(v1::Assignment& worked, v1::Assignment* lead) {
  if (lead != nullptr) {
    Revoke(*lead, "doorstep", "work already done", worked.technician_id());
  }
  worked.set_revoked(false);
  worked.clear_revoked_by();
  worked.clear_revoked_reason();
  worked.clear_successor_id();
  worked.set_role(v1::ASSIGNMENT_ROLE_LEAD);
}

void VisitFolder::SettleLead() {
  // Of those whose visit was taken away and who worked all the same, the first to begin.
  v1::Assignment* worked = nullptr;
  for (v1::Assignment& a : *visit_.mutable_assignments()) {
    if (!a.revoked() || a.work_started_time_us() == 0 || taken_over_.count(a.technician_id()) > 0) continue;
    if (worked == nullptr || a.work_started_time_us() < worked->work_started_time_us()) worked = &a;
  }
  if (worked == nullptr) return;
  // A visit that was given back stays flagged when it is folded again or laid over.
  flags_.insert(v1::ATTENTION_FLAG_REASSIGNED_WORKED);
  v1::Assignment* lead = FindLead(visit_);
  const bool lead_started = lead != nullptr && Started(*lead);
  if (lead_started) {
    if (lead->has_outcome() && worked->has_outcome() && lead->outcome().code() != worked->outcome().code()) {
      flags_.insert(v1::ATTENTION_FLAG_OUTCOME_DISAGREES);
    }
    return;
  }
  const bool ended_incomplete = worked->has_outcome() && !IsDone(worked->outcome().code());
  if (!ended_incomplete) GiveBackTo(*worked, lead);
}

void VisitFolder::SettleTimes() {
  int64_t travel_us = 0;
  int64_t arrived_us = 0;
  int64_t started_us = 0;
  int64_t ended_us = 0;
  v1::ClockQuality quality = v1::CLOCK_QUALITY_UNSPECIFIED;
  auto earliest = [](int64_t& so_far, int64_t candidate) {
    if (candidate != 0 && (so_far == 0 || candidate < so_far)) so_far = candidate;
  };
  for (const v1::Assignment& a : visit_.assignments()) {
    if (a.revoked()) continue;
    earliest(travel_us, a.travel_started_time_us());
    if (a.arrived_time_us() != 0 && (arrived_us == 0 || a.arrived_time_us() < arrived_us)) {
      quality = a.time_quality();
    }
    earliest(arrived_us, a.arrived_time_us());
    earliest(started_us, a.work_started_time_us());
    ended_us = std::max(ended_us, a.ended_time_us());
  }
  visit_.set_travel_started_time_us(travel_us);
  visit_.set_arrived_time_us(arrived_us);
  visit_.set_arrived_quality(arrived_us != 0 ? quality : v1::CLOCK_QUALITY_UNSPECIFIED);
  visit_.set_work_started_time_us(started_us);
  visit_.set_ended_time_us(0);
  visit_.set_ended_quality(v1::CLOCK_QUALITY_UNSPECIFIED);
  if (const v1::Assignment* lead = FindLead(visit_); ended_us != 0 && lead != nullptr && lead->has_outcome()) {
    visit_.set_ended_time_us(ended_us);
    visit_.set_ended_quality(lead->time_quality());
  }
}

void VisitFolder::SettleState() {
  visit_.set_state(CurrentState());
  visit_.clear_outcome();
  const v1::VisitState state = visit_.state();
  const v1::Assignment* lead = FindLead(visit_);
  if (state != v1::VISIT_STATE_CANCELED && HasEnded(state) && lead != nullptr && lead->has_outcome()) {
    *visit_.mutable_outcome() = lead->outcome();
  }
  if (!visit_.has_outcome()) visit_.clear_ended_time_us();
}

void VisitFolder::SettleFlags() {
  if (office_ == v1::VISIT_STATE_CANCELED && visit_.state() != v1::VISIT_STATE_CANCELED) {
    flags_.insert(v1::ATTENTION_FLAG_AFTER_CANCEL);
  }
  bool any = false;
  bool all_rejected = true;
  for (const v1::Assignment& a : visit_.assignments()) {
    if (a.revoked()) continue;
    any = true;
    all_rejected &= a.state() == v1::ASSIGNMENT_STATE_REJECTED;
  }
  flags_.erase(v1::ATTENTION_FLAG_ALL_REJECTED);
  if (any && all_rejected) {
    flags_.insert(v1::ATTENTION_FLAG_ALL_REJECTED);
    if (visit_.state() == v1::VISIT_STATE_DISPATCHED) visit_.set_state(v1::VISIT_STATE_SCHEDULED);
  }
  flags_.erase(v1::ATTENTION_FLAG_NOT_FIXED);
  flags_.erase(v1::ATTENTION_FLAG_NO_ACCESS);
  if (visit_.has_outcome() && !IsDone(visit_.outcome().code())) {
    flags_.insert(visit_.outcome().code() == v1::OUTCOME_CODE_NO_ACCESS ? v1::ATTENTION_FLAG_NO_ACCESS
                                                                        : v1::ATTENTION_FLAG_NOT_FIXED);
  }
  visit_.clear_attention();
  for (const v1::AttentionFlag flag : flags_) visit_.add_attention(flag);
}

v1::Visit VisitFolder::Finish() {
  SettleLead();
  SettleTimes();
  SettleState();
  SettleFlags();
  return visit_;
}

}  // namespace doorstep
