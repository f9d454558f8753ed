// What follows from the whole of a visit: who leads, its state, its times, its flags.

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client_core/base/ids.h"
#include "client_core/rules/visit_fold.h"
#include "client_core/rules/visit_folder.h"
#include "client_core/rules/work_order_rollup.h"

namespace doorstep {
namespace {

// Null: this fold has seen no such entry of the technician.
const v1::JournalPosition* Of(const std::string& technician,
                              const std::map<std::string, v1::JournalPosition>& entries) {
  const auto found = entries.find(technician);
  return found != entries.end() ? &found->second : nullptr;
}

// "ana: 4", the number of the code: lite code has no names.
std::string OutcomeOf(const v1::Assignment& assignment) {
  return absl::StrCat(WithTrip(assignment.technician_id(), assignment.trips()), ": ",
                      static_cast<int>(assignment.outcome().code()));
}

bool IsEmpty(const v1::AttentionSide& side) { return side.technician_id().empty() && side.principal().empty(); }

}  // namespace

std::string WithTrip(absl::string_view technician, uint32_t trips) {
  return trips > 1 ? absl::StrCat(technician, ", trip ", trips) : std::string(technician);
}

bool VisitFolder::WorkedDespiteCancel() const {
  const auto counts = [this](const std::string& technician) { return overruled_.count(technician) == 0; };
  if (!cancel_forced_) return std::any_of(on_site_.begin(), on_site_.end(), counts);
  return std::any_of(after_cancel_.begin(), after_cancel_.end(),
                     [&](const auto& entry) { return counts(entry.first); });
}

v1::VisitState VisitFolder::CurrentState() const {
  if (closed_) return v1::VISIT_STATE_CLOSED;
  if (office_ == v1::VISIT_STATE_CANCELED && !WorkedDespiteCancel()) return v1::VISIT_STATE_CANCELED;
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

void VisitFolder::RaiseReassigned(const v1::Assignment& worked, const v1::Assignment* lead) {
  const std::string& technician = worked.technician_id();
  // Between whom it is: the one who has the visit now, else the one who was to have it.
  const v1::Assignment* other = lead != nullptr ? lead : FindAssignment(worked.successor_id());
  RaiseBetween(v1::ATTENTION_FLAG_REASSIGNED_WORKED,
               absl::StrCat(WithTrip(technician, worked.trips()), " then ", worked.successor_id()),
               {Of(technician, work_began_)}, SideOf(worked), other != nullptr ? SideOf(*other) : v1::AttentionSide());
}

void VisitFolder::RaiseDisagreement(const v1::Assignment& a, const v1::Assignment& b) {
  if (!a.has_outcome() || !b.has_outcome() || a.outcome().code() == b.outcome().code()) return;
  RaiseBetween(v1::ATTENTION_FLAG_OUTCOME_DISAGREES, absl::StrCat(OutcomeOf(a), ", ", OutcomeOf(b)),
               {Of(a.technician_id(), outcome_reported_), Of(b.technician_id(), outcome_reported_)}, SideOf(a),
               SideOf(b));
}

void VisitFolder::SettleLead() {
  // Of those whose visit was taken away and who worked all the same, the first to begin.
  v1::Assignment* worked = nullptr;
  for (v1::Assignment& a : *visit_.mutable_assignments()) {
    if (!a.revoked() || a.work_started_time_us() == 0 || a.set_aside()) continue;
    if (worked == nullptr || a.work_started_time_us() < worked->work_started_time_us()) worked = &a;
  }
  if (worked == nullptr) return;
  // A visit that was given back stays flagged when it is folded again or laid over.
  v1::Assignment* lead = FindLead(visit_);
  RaiseReassigned(*worked, lead);
  if (lead != nullptr && Started(*lead)) {
    RaiseDisagreement(*worked, *lead);
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

void VisitFolder::SettleCanceled() {
  if (office_ != v1::VISIT_STATE_CANCELED) return;
  const bool stands = visit_.state() == v1::VISIT_STATE_CANCELED;
  // Cancelled again is another matter, also with the same people.
  const std::string again = cancels_ > 1 ? absl::StrCat(", cancelled ", cancels_, " times") : "";
  bool any = false;
  for (const v1::Assignment& a : visit_.assignments()) {
    const std::string& technician = a.technician_id();
    const v1::JournalPosition* entry = Of(technician, cancel_forced_ ? after_cancel_ : first_on_site_);
    if (entry == nullptr && (stands || cancel_forced_ || !OnSite(a))) continue;
    any = true;
    RaiseBetween(v1::ATTENTION_FLAG_AFTER_CANCEL, WithTrip(technician, a.trips()) + again, {entry}, canceled_by_,
                 SideOf(a));
  }
  if (!any && !stands) Raise(v1::ATTENTION_FLAG_AFTER_CANCEL, again, {});
}

void VisitFolder::SettleRejected() {
  const std::map<Occurrence, Raised> before = raised_;
  Lower(v1::ATTENTION_FLAG_ALL_REJECTED);
  std::set<std::string> technicians;
  bool all_rejected = true;
  for (const v1::Assignment& a : visit_.assignments()) {
    if (a.revoked()) continue;
    const auto rejections = rejections_.find(a.technician_id());
    const uint32_t times = rejections != rejections_.end() ? rejections->second : 1;
    technicians.insert(absl::StrCat(a.technician_id(), times > 1 ? absl::StrCat(", ", times, " times") : ""));
    all_rejected &= a.state() == v1::ASSIGNMENT_STATE_REJECTED;
  }
  if (technicians.empty() || !all_rejected) return;
  if (rejections_.empty()) {
    raised_ = before;  // Laid over a row that knows how often.
  } else {
    Raise(v1::ATTENTION_FLAG_ALL_REJECTED, absl::StrJoin(technicians, ", "), {});
  }
  if (visit_.state() == v1::VISIT_STATE_DISPATCHED) visit_.set_state(v1::VISIT_STATE_SCHEDULED);
}

void VisitFolder::SettleNotFixed() {
  Lower(v1::ATTENTION_FLAG_NOT_FIXED);
  Lower(v1::ATTENTION_FLAG_NO_ACCESS);
  if (!visit_.has_outcome() || IsDone(visit_.outcome().code())) return;
  const v1::Assignment* lead = FindLead(visit_);
  const bool no_access = visit_.outcome().code() == v1::OUTCOME_CODE_NO_ACCESS;
  Raise(no_access ? v1::ATTENTION_FLAG_NO_ACCESS : v1::ATTENTION_FLAG_NOT_FIXED,
        lead == nullptr ? "" : OutcomeOf(*lead),
        {lead == nullptr ? nullptr : Of(lead->technician_id(), outcome_reported_)});
}

void VisitFolder::SettleFeedback() {
  const bool canceled = visit_.state() == v1::VISIT_STATE_CANCELED;
  for (const auto& [technician, position] : answered_) {
    const v1::Assignment* present = FindAssignment(technician);
    if (!canceled && (present == nullptr || !present->revoked())) continue;
    Raise(v1::ATTENTION_FLAG_UNEXPECTED_FEEDBACK, absl::StrCat(technician, " from ", FormatPosition(position)),
          {&position});
  }
}

void VisitFolder::SettleFlags() {
  SettleCanceled();
  SettleRejected();
  SettleNotFixed();
  SettleFeedback();
  SettleSides();
  KeepDecided();
  WriteAttention();
}

void VisitFolder::Raise(v1::AttentionFlag flag, absl::string_view occurrence,
                        std::initializer_list<const v1::JournalPosition*> entries) {
  std::vector<v1::JournalPosition>& raised = raised_[Occurrence(flag, occurrence)].entries;
  if (!raised.empty()) return;
  for (const v1::JournalPosition* entry : entries) {
    if (entry != nullptr) raised.push_back(*entry);
  }
}

void VisitFolder::RaiseBetween(v1::AttentionFlag flag, absl::string_view occurrence,
                               std::initializer_list<const v1::JournalPosition*> entries, v1::AttentionSide a,
                               v1::AttentionSide b) {
  Raise(flag, occurrence, entries);
  Raised& raised = raised_[Occurrence(flag, occurrence)];
  if (!IsEmpty(a)) raised.a = std::move(a);
  if (!IsEmpty(b)) raised.b = std::move(b);
}

void VisitFolder::Lower(v1::AttentionFlag flag) {
  for (auto it = raised_.begin(); it != raised_.end();)
    it = it->first.first == flag ? raised_.erase(it) : std::next(it);
}

void VisitFolder::WriteAttention() {
  visit_.clear_attention();
  visit_.clear_raised();
  for (const auto& [occurrence, resolved] : resolved_) raised_.try_emplace(occurrence);
  for (const auto& [occurrence, holds] : raised_) {
    v1::RaisedAttention& raised = *visit_.add_raised();
    if (!IsEmpty(holds.a)) *raised.mutable_side_a() = holds.a;
    if (!IsEmpty(holds.b)) *raised.mutable_side_b() = holds.b;
    if (const auto found = resolved_.find(occurrence); found != resolved_.end()) {
      raised = found->second;  // The sides as they stood.
      raised.set_resolved(true);
    }
    raised.set_flag(occurrence.first);
    raised.set_occurrence(occurrence.second);
    raised.mutable_entries()->Assign(holds.entries.begin(), holds.entries.end());
    const int open = visit_.attention_size();
    const bool known = open > 0 && visit_.attention(open - 1) == raised.flag();
    if (!raised.resolved() && !known) visit_.add_attention(raised.flag());
  }
}

v1::Visit VisitFolder::Finish() {
  SettleLead();
  SettleReturns();
  SettleCredited();
  SettleTimes();
  SettleState();
  SettleFlags();
  return std::move(visit_);
}

}  // namespace doorstep
