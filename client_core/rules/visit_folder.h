// The state machine behind FoldVisit and VisitOverlay: commands and facts go in, in fold order; a visit comes out.
// Internal to rules/.
#ifndef DOORSTEP_CLIENT_CORE_RULES_VISIT_FOLDER_H_
#define DOORSTEP_CLIENT_CORE_RULES_VISIT_FOLDER_H_

#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "doorstep/v1/fold.pb.h"
#include "doorstep/v1/visit.pb.h"

namespace doorstep {

// Each technician's progress stands in the visit's assignments; what the office wants stands in `office_`. What the
// visit is follows from both, in Finish().
class VisitFolder {
 public:
  VisitFolder() = default;
  // Goes on from a folded visit, to lay a phone's own facts above it.
  explicit VisitFolder(const v1::Visit& row);

  void Apply(const v1::FoldCommand& command);
  void Apply(const v1::FoldFact& fact);
  // Came after the visit had been closed. Nothing if it was not.
  void Amend(const v1::FoldFact& fact);
  // Settles what depends on the whole: who leads, the state, the flags. The folder is used up.
  v1::Visit Finish();

  // The state as it stands now, which decides whether a command still fits.
  v1::VisitState CurrentState() const;

 private:
  void Create(const v1::FoldCreate& create, int64_t commit_us);
  void Schedule(const v1::FoldSchedule& schedule);
  void Reassign(const v1::FoldReassign& reassign, const v1::FoldCommand& command);
  void TakePast(const v1::FoldPast& past, int64_t commit_us);
  v1::Assignment& Expect(absl::string_view technician, v1::AssignmentRole role, int64_t time_us);
  void Revoke(v1::Assignment& assignment, absl::string_view by, absl::string_view reason, absl::string_view successor);
  void Reopen();

  v1::Assignment& Author(const v1::FoldFact& fact);
  void NoteTrip(const v1::FoldFact& fact, v1::Assignment& assignment);
  void NoteLeaving(const v1::FoldFact& fact);
  void ReportOutcome(v1::Assignment& assignment, const v1::FoldFact& fact, const v1::Outcome& outcome, bool finished);
  void BeginWork(v1::Assignment& assignment, const v1::FoldFact& fact);
  void NoteInstant(int64_t& instant_us, const v1::FoldFact& fact, v1::Assignment& assignment);
  void NoteOnSite(const v1::FoldFact& fact, v1::Assignment& assignment);

  // What people decided, and between whom; in visit_folder_decisions.cc.
  void TakeDecisions(const v1::FoldCommand& command);
  void Decide(const v1::RaisedAttention& decision);
  void DecideAboutCancel(const v1::RaisedAttention& decision);
  void Favour(absl::string_view kept, absl::string_view other, const v1::RaisedAttention& decision);
  void SetAside(absl::string_view technician, const v1::RaisedAttention& decision, absl::string_view successor);
  void Restore(v1::Assignment& assignment);
  void LetSomebodyLead();
  void SettleReturns();
  void SettleCredited();
  void SettleSides();
  void KeepDecided();
  v1::AttentionSide SideOf(const v1::Assignment& assignment) const;
  const v1::Assignment* FindAssignment(absl::string_view technician) const;
  v1::Assignment& AssignmentOf(absl::string_view technician);

  void SettleLead();
  void RaiseReassigned(const v1::Assignment& worked, const v1::Assignment* lead);
  void RaiseDisagreement(const v1::Assignment& a, const v1::Assignment& b);
  void GiveBackTo(v1::Assignment& worked, v1::Assignment* lead);
  void SettleTimes();
  void SettleState();
  void SettleFlags();
  void SettleCanceled();
  void SettleRejected();
  void SettleNotFixed();
  void SettleFeedback();
  void WriteAttention();

  // The flag stands for what happened under the name `occurrence`, which must follow from the visit and not from the
  // order of arrival. `entries` (null: none) are what raised it, unless earlier ones have.
  void Raise(v1::AttentionFlag flag, absl::string_view occurrence,
             std::initializer_list<const v1::JournalPosition*> entries);
  void RaiseBetween(v1::AttentionFlag flag, absl::string_view occurrence,
                    std::initializer_list<const v1::JournalPosition*> entries, v1::AttentionSide a,
                    v1::AttentionSide b);
  // Nothing of this flag holds any more.
  void Lower(v1::AttentionFlag flag);
  void StepsImplied(const v1::FoldFact& fact, const v1::Assignment& assignment);
  // Whether work was done that a cancellation does not undo.
  bool WorkedDespiteCancel() const;

  v1::Visit visit_;
  v1::VisitState office_ = v1::VISIT_STATE_UNSPECIFIED;  // UNSPECIFIED to DISPATCHED, CANCELED, CLOSED.
  bool closed_ = false;
  bool laid_over_ = false;  // Began with a row.
  bool cancel_forced_ = false;
  v1::AttentionSide canceled_by_;
  std::set<std::string> on_site_;  // Technicians who were on site or further, at any time.
  std::set<std::string> gone_;     // Technicians who have left the site: when they are there again, it is another trip.
  // Technicians against whose work the office let its cancellation stand.
  std::set<std::string> overruled_;

  // By flag and occurrence. What raised it holds now; what was resolved stays, whether it holds still or not.
  using Occurrence = std::pair<v1::AttentionFlag, std::string>;
  struct Raised {
    std::vector<v1::JournalPosition> entries;
    v1::AttentionSide a;  // Both sides empty: the flag has none.
    v1::AttentionSide b;
  };
  std::map<Occurrence, Raised> raised_;
  std::map<Occurrence, v1::RaisedAttention> resolved_;
  std::vector<v1::RaisedAttention> decisions_;  // Those with sides and more than a look, in the order of commands.
  uint32_t cancels_ = 0;
  std::map<std::string, uint32_t> rejections_;  // By technician; nothing: this fold has seen none.
  // By technician, of the last trip: the entry by which each was first on site, began to work, reported an outcome; the
  // first on site after the last cancellation.
  std::map<std::string, v1::JournalPosition> first_on_site_;
  std::map<std::string, v1::JournalPosition> work_began_;
  std::map<std::string, v1::JournalPosition> outcome_reported_;
  std::map<std::string, v1::JournalPosition> after_cancel_;
  // What customers answered, and to which technician.
  std::vector<std::pair<std::string, v1::JournalPosition>> answered_;
};

// The order in which facts are folded. Total.
bool FoldsBefore(const v1::FoldFact& a, const v1::FoldFact& b);
// Corrections and retractions: they do nothing themselves.
bool DecidesAboutOthers(const v1::FoldFact& fact);

// How far one technician has got.
inline bool Started(const v1::Assignment& a) { return a.state() >= v1::ASSIGNMENT_STATE_EN_ROUTE; }
inline bool OnSite(const v1::Assignment& a) { return a.state() >= v1::ASSIGNMENT_STATE_ON_SITE; }
inline bool UnderWay(const v1::Assignment& a) { return Started(a) && a.state() != v1::ASSIGNMENT_STATE_DONE; }

// "ana"; from the second time on "ana, trip 2", because then it happens again.
std::string WithTrip(absl::string_view technician, uint32_t trips);

// The assignment that leads: not revoked, LEAD. Null when nobody does.
v1::Assignment* FindLead(v1::Visit& visit);
const v1::Assignment* FindLead(const v1::Visit& visit);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_RULES_VISIT_FOLDER_H_
