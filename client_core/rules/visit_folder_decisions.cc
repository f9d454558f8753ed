// What people decided about conflicts, and between whom each conflict is.
//
// A decision takes effect at its place among the commands: what the office commands later stands above it. It names the
// sides as they stood, so it means the same whatever comes later.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client_core/rules/visit_folder.h"

namespace doorstep {

v1::AttentionSide VisitFolder::SideOf(const v1::Assignment& a) const {
  v1::AttentionSide side;
  side.set_technician_id(a.technician_id());
  side.set_time_us(a.work_started_time_us() != 0 ? a.work_started_time_us() : a.arrived_time_us());
  side.set_outcome(a.outcome().code());
  side.set_trips(a.trips());
  return side;
}

const v1::Assignment* VisitFolder::FindAssignment(absl::string_view technician) const {
  for (const v1::Assignment& a : visit_.assignments()) {
    if (absl::string_view(a.technician_id()) == technician) return &a;
  }
  return nullptr;
}

v1::Assignment& VisitFolder::AssignmentOf(absl::string_view technician) {
  for (v1::Assignment& a : *visit_.mutable_assignments()) {
    if (absl::string_view(a.technician_id()) == technician) return a;
  }
  return Expect(technician, v1::ASSIGNMENT_ROLE_MEMBER, 0);
}

void VisitFolder::TakeDecisions(const v1::FoldCommand& command) {
  const v1::FoldResolveAttention& resolve = command.resolve_attention();
  for (const auto& what : resolve.occurrences()) {
    v1::RaisedAttention& decided = resolved_[Occurrence(what.flag(), what.occurrence())];
    decided.set_flag(what.flag());
    decided.set_occurrence(what.occurrence());
    decided.set_reason(resolve.reason());
    decided.set_resolved_by(command.principal());
    decided.set_resolved_time_us(command.commit_us());
    decided.set_resolution(resolve.resolution());
    decided.set_new_visit_id(resolve.new_visit_id());
    if (what.has_side_a()) *decided.mutable_side_a() = what.side_a();
    if (what.has_side_b()) *decided.mutable_side_b() = what.side_b();
    if (resolve.resolution() <= v1::ATTENTION_RESOLUTION_SEEN || !what.has_side_a() || !what.has_side_b()) continue;
    decisions_.push_back(decided);
    Decide(decided);
  }
}

void VisitFolder::Decide(const v1::RaisedAttention& decision) {
  if (decision.side_a().technician_id().empty()) return DecideAboutCancel(decision);
  const std::string& a = decision.side_a().technician_id();
  const std::string& b = decision.side_b().technician_id();
  switch (decision.resolution()) {
    case v1::ATTENTION_RESOLUTION_KEEP_B:
      return Favour(b, a, decision);
    case v1::ATTENTION_RESOLUTION_CREDIT_BOTH:
      // Whoever leads goes on leading; who was taken off is on it again.
      for (const std::string& technician : {a, b}) {
        v1::Assignment& credited = AssignmentOf(technician);
        if (credited.revoked() && FindLead(visit_) != nullptr) credited.set_role(v1::ASSIGNMENT_ROLE_MEMBER);
        Restore(credited);
      }
      return LetSomebodyLead();
    default:
      return Favour(a, b, decision);
  }
}

// A is the office that cancelled.
void VisitFolder::DecideAboutCancel(const v1::RaisedAttention& decision) {
  const std::string& b = decision.side_b().technician_id();
  if (decision.resolution() == v1::ATTENTION_RESOLUTION_KEEP_B) {
    overruled_.erase(b);
    Restore(AssignmentOf(b));
    return LetSomebodyLead();
  }
  overruled_.insert(b);
  SetAside(b, decision, "");
  LetSomebodyLead();
}

void VisitFolder::Favour(absl::string_view kept, absl::string_view other, const v1::RaisedAttention& decision) {
  // What stands under the other's name is looked up first: the lists that hold both may grow.
  AssignmentOf(kept);
  SetAside(other, decision, kept);
  if (v1::Assignment* lead = FindLead(visit_); lead != nullptr) lead->set_role(v1::ASSIGNMENT_ROLE_MEMBER);
  v1::Assignment& leads = AssignmentOf(kept);
  Restore(leads);
  leads.set_role(v1::ASSIGNMENT_ROLE_LEAD);
}

void VisitFolder::SetAside(absl::string_view technician, const v1::RaisedAttention& decision,
                           absl::string_view successor) {
  v1::Assignment& a = AssignmentOf(technician);
  const bool moved = decision.resolution() == v1::ATTENTION_RESOLUTION_NEW_VISIT;
  Revoke(a, decision.resolved_by(),
         moved ? absl::StrCat("what you recorded counts for visit ", decision.new_visit_id(), ": ", decision.reason())
               : decision.reason(),
         successor);
  a.set_set_aside(true);
}

void VisitFolder::Restore(v1::Assignment& a) {
  a.set_revoked(false);
  a.clear_revoked_by();
  a.clear_revoked_reason();
  a.clear_successor_id();
  a.clear_set_aside();
}

void VisitFolder::LetSomebodyLead() {
  bool led = false;
  for (v1::Assignment& a : *visit_.mutable_assignments()) {
    if (a.revoked() || a.role() != v1::ASSIGNMENT_ROLE_LEAD) continue;
    if (led) a.set_role(v1::ASSIGNMENT_ROLE_MEMBER);
    led = true;
  }
  if (led) return;
  for (v1::Assignment& a : *visit_.mutable_assignments()) {
    if (a.revoked() || !Started(a)) continue;
    a.set_role(v1::ASSIGNMENT_ROLE_LEAD);
    return;
  }
}

// Whoever was set aside and has come again since has raised the matter anew. The visit stays where it was decided that
// it belongs.
void VisitFolder::SettleReturns() {
  for (const v1::RaisedAttention& decision : decisions_) {
    const bool kept_b = decision.resolution() == v1::ATTENTION_RESOLUTION_KEEP_B;
    const v1::AttentionSide& other = kept_b ? decision.side_a() : decision.side_b();
    if (decision.side_a().technician_id().empty()) continue;  // A cancellation: told by the name of the trip.
    const v1::Assignment* a = FindAssignment(other.technician_id());
    if (a == nullptr || !a->revoked() || !a->set_aside() || a->trips() <= other.trips()) continue;
    if (work_began_.count(a->technician_id()) > 0) RaiseReassigned(*a, FindLead(visit_));
  }
}

// Where both are credited their outcomes may differ all the same, and neither may win silently.
void VisitFolder::SettleCredited() {
  for (const v1::RaisedAttention& decision : decisions_) {
    if (decision.resolution() != v1::ATTENTION_RESOLUTION_CREDIT_BOTH) continue;
    const v1::Assignment* a = FindAssignment(decision.side_a().technician_id());
    const v1::Assignment* b = FindAssignment(decision.side_b().technician_id());
    if (a == nullptr || b == nullptr || a->revoked() || b->revoked()) continue;
    RaiseDisagreement(*a, *b);
  }
}

// Somebody who was never sent stands against whoever leads.
void VisitFolder::SettleSides() {
  const v1::Assignment* lead = FindLead(visit_);
  for (auto& [occurrence, raised] : raised_) {
    if (occurrence.first != v1::ATTENTION_FLAG_NOT_ASSIGNED) continue;
    const v1::Assignment* unsent = FindAssignment(occurrence.second);
    if (unsent == nullptr || lead == nullptr || lead == unsent) continue;
    raised.a = SideOf(*lead);
    raised.b = SideOf(*unsent);
  }
}

// What was decided about stays told with the entries that were its reason, though nothing is in conflict any more.
void VisitFolder::KeepDecided() {
  const auto entry = [](const std::map<std::string, v1::JournalPosition>& of, const v1::AttentionSide& side) {
    const auto found = of.find(side.technician_id());
    return found != of.end() ? &found->second : nullptr;
  };
  for (const v1::RaisedAttention& decision : decisions_) {
    const v1::AttentionSide& a = decision.side_a();
    const v1::AttentionSide& b = decision.side_b();
    switch (decision.flag()) {
      case v1::ATTENTION_FLAG_REASSIGNED_WORKED:
        Raise(decision.flag(), decision.occurrence(), {entry(work_began_, a)});
        break;
      case v1::ATTENTION_FLAG_OUTCOME_DISAGREES:
        Raise(decision.flag(), decision.occurrence(), {entry(outcome_reported_, a), entry(outcome_reported_, b)});
        break;
      default:
        Raise(decision.flag(), decision.occurrence(), {entry(first_on_site_, b)});
    }
  }
}

}  // namespace doorstep
