// The state machine behind FoldVisit and VisitOverlay: commands and facts go in, in fold order; a visit comes out.
// Internal to rules/.
#ifndef DOORSTEP_CLIENT_CORE_RULES_VISIT_FOLDER_H_
#define DOORSTEP_CLIENT_CORE_RULES_VISIT_FOLDER_H_

#include <set>
#include <string>

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
  // Settles what depends on the whole: who leads, the state, the flags. The folder is used up.
  v1::Visit Finish();

  // The state as it stands now, which decides whether a command still fits.
  v1::VisitState CurrentState() const;

 private:
  void Create(const v1::FoldCreate& create);
  void Schedule(const v1::FoldSchedule& schedule);
  void Reassign(const v1::FoldReassign& reassign, const v1::FoldCommand& command);
  void TakePast(const v1::FoldPast& past, int64_t commit_us);
  v1::Assignment& Expect(absl::string_view technician, v1::AssignmentRole role, int64_t time_us);
  void Revoke(v1::Assignment& assignment, absl::string_view by, absl::string_view reason, absl::string_view successor);
  void Reopen();

  v1::Assignment& Author(const v1::FoldFact& fact);
  void ReportOutcome(v1::Assignment& assignment, const v1::FoldFact& fact, const v1::Outcome& outcome, bool finished);
  void BeginWork(v1::Assignment& assignment, const v1::FoldFact& fact);
  void NoteInstant(int64_t& instant_us, const v1::FoldFact& fact, v1::Assignment& assignment);
  void NoteOnSite(const v1::FoldFact& fact);

  void SettleLead();
  void GiveBackTo(v1::Assignment& worked, v1::Assignment* lead);
  void SettleTimes();
  void SettleState();
  void SettleFlags();

  v1::Visit visit_;
  v1::VisitState office_ = v1::VISIT_STATE_UNSPECIFIED;  // UNSPECIFIED to DISPATCHED, CANCELED, CLOSED.
  bool closed_ = false;
  bool worked_ = false;               // Somebody was on site or further, at any time.
  bool worked_after_cancel_ = false;  // ... after a cancellation that had been forced on work under way.
  bool cancel_forced_ = false;
  std::set<std::string> taken_over_;  // Technicians whose begun work the office gave to others on purpose.
  std::set<v1::AttentionFlag> flags_;
};

// The order in which facts are folded. Total.
bool FoldsBefore(const v1::FoldFact& a, const v1::FoldFact& b);
// Corrections and retractions: they do nothing themselves.
bool DecidesAboutOthers(const v1::FoldFact& fact);

// How far one technician has got.
inline bool Started(const v1::Assignment& a) { return a.state() >= v1::ASSIGNMENT_STATE_EN_ROUTE; }
inline bool OnSite(const v1::Assignment& a) { return a.state() >= v1::ASSIGNMENT_STATE_ON_SITE; }
inline bool UnderWay(const v1::Assignment& a) { return Started(a) && a.state() != v1::ASSIGNMENT_STATE_DONE; }

// The assignment that leads: not revoked, LEAD. Null when nobody does.
v1::Assignment* FindLead(v1::Visit& visit);
const v1::Assignment* FindLead(const v1::Visit& visit);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_RULES_VISIT_FOLDER_H_
