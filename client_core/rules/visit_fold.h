// A visit is a fold over its commands and facts, sorted by a key that does not depend on the order of arrival.
// Invariant: the same set of facts (with the same corrected times) and commands gives the same bytes.
//
// Fold key: a fact has (highest corrected time among its journal's facts for this visit up to its seq, device, epoch,
// seq); a command has (commit_us, ordinal) and stands before facts of that instant.
#ifndef DOORSTEP_CLIENT_CORE_RULES_VISIT_FOLD_H_
#define DOORSTEP_CLIENT_CORE_RULES_VISIT_FOLD_H_

#include <deque>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/fold.pb.h"
#include "doorstep/v1/visit.pb.h"

namespace doorstep {

// Adds one counted entry of a journal to the input, in the order of that journal: keeps the journal's last seq and
// highest corrected time, and the fact when it bears state. An entry at or below the journal's last seq is ignored, so
// repeating is safe. `late` (a replayed entry, judged after later ones of its journal) is added whatever the last seq.
void AddFact(v1::FoldFact fact, bool late, v1::FoldInput& input);

// The visit that follows from `input`; `version` is 0. UNSPECIFIED state when there is no FoldCreate and no FoldPast.
v1::Visit FoldVisit(const v1::FoldInput& input);

// Whether `command` may be given to a visit in this state: OK or FAILED_PRECONDITION naming state and rule. The same
// table that the fold uses to void commands that a fact overtook.
absl::Status CheckCommand(const v1::Visit& visit, const v1::FoldCommand& command);

// Advice for the user interface before a technician records `fact`, in plain words; empty: nothing to say.
std::vector<std::string> AdviseFact(const v1::Visit& visit, absl::string_view author, v1::LogEntry::FactCase fact);

// True for the states after which nothing more is expected: COMPLETED, INCOMPLETE, CANCELED, CLOSED.
bool HasEnded(v1::VisitState state);
// True once a technician is on the way or further, and the visit has not ended.
bool IsUnderWay(v1::VisitState state);

// The facts of `input` that count, in fold order: corrections applied, retracted ones left out. What health reads.
// Points into `input`, which must outlive it and stay as it is.
class EffectiveFacts {
 public:
  explicit EffectiveFacts(const v1::FoldInput& input);
  EffectiveFacts(const EffectiveFacts&) = delete;
  EffectiveFacts& operator=(const EffectiveFacts&) = delete;

  size_t size() const { return facts_.size(); }
  std::vector<const v1::FoldFact*>::const_iterator begin() const { return facts_.begin(); }
  std::vector<const v1::FoldFact*>::const_iterator end() const { return facts_.end(); }

 private:
  std::deque<v1::FoldFact> corrected_;  // What corrections made.
  std::vector<const v1::FoldFact*> facts_;
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_RULES_VISIT_FOLD_H_
