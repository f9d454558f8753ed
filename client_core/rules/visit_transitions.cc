// The table of what the office may do with a visit, and the advice to technicians.

#include <initializer_list>

#include "absl/strings/str_cat.h"
#include "client_core/rules/visit_fold.h"
#include "client_core/rules/visit_folder.h"

namespace doorstep {
namespace {

// The state's name in plain words.
absl::string_view Words(v1::VisitState state) {
  switch (state) {
    case v1::VISIT_STATE_UNSCHEDULED:
      return "unscheduled";
    case v1::VISIT_STATE_SCHEDULED:
      return "scheduled";
    case v1::VISIT_STATE_DISPATCHED:
      return "dispatched";
    case v1::VISIT_STATE_EN_ROUTE:
      return "en route";
    case v1::VISIT_STATE_ON_SITE:
      return "on site";
    case v1::VISIT_STATE_IN_PROGRESS:
      return "in progress";
    case v1::VISIT_STATE_PAUSED:
      return "paused";
    case v1::VISIT_STATE_COMPLETED:
      return "completed";
    case v1::VISIT_STATE_INCOMPLETE:
      return "incomplete";
    case v1::VISIT_STATE_CANCELED:
      return "cancelled";
    case v1::VISIT_STATE_CLOSED:
      return "closed";
    default:
      return "unknown";
  }
}

// "visit V-1 is dispatched: it can be dispatched only while it is scheduled".
absl::Status Allow(const v1::Visit& visit, absl::string_view done, std::initializer_list<v1::VisitState> from,
                   absl::string_view rule) {
  for (const v1::VisitState state : from) {
    if (visit.state() == state) return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat("visit ", visit.id(), " is ", Words(visit.state()), ": it can be ",
                                                    done, " only while it is ", rule));
}

absl::Status AllowUnlessEnded(const v1::Visit& visit, absl::string_view too_late) {
  if (!HasEnded(visit.state())) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("visit ", visit.id(), " is ", Words(visit.state()), ": ", too_late, " any more"));
}

bool AnyAssigned(const v1::Visit& visit) {
  for (const v1::Assignment& a : visit.assignments()) {
    if (!a.revoked()) return true;
  }
  return false;
}

// What a technician records once the work is done: with it the visit goes on as it should.
bool FollowsTheOutcome(v1::LogEntry::FactCase fact) {
  switch (fact) {
    case v1::LogEntry::kDeparted:
    case v1::LogEntry::kSignatureCaptured:
    case v1::LogEntry::kSignatureWaived:
    case v1::LogEntry::kFeedbackCaptured:
    case v1::LogEntry::kFeedbackDeclined:
      return true;
    default:
      return false;
  }
}

}  // namespace

absl::Status CheckCommand(const v1::Visit& visit, const v1::FoldCommand& command) {
  constexpr auto kUnscheduled = v1::VISIT_STATE_UNSCHEDULED;
  constexpr auto kScheduled = v1::VISIT_STATE_SCHEDULED;
  constexpr auto kDispatched = v1::VISIT_STATE_DISPATCHED;
  switch (command.verb_case()) {
    case v1::FoldCommand::kSchedule:
      if (command.schedule().force()) {
        return Allow(visit, "scheduled", {kUnscheduled, kScheduled, kDispatched, v1::VISIT_STATE_EN_ROUTE},
                     "unscheduled, scheduled, dispatched or en route");
      }
      return Allow(visit, "scheduled", {kUnscheduled, kScheduled, kDispatched},
                   "unscheduled, scheduled or dispatched, and by force while it is en route");
    case v1::FoldCommand::kUnschedule:
      return Allow(visit, "unscheduled", {kScheduled, kDispatched}, "scheduled or dispatched");
    case v1::FoldCommand::kAssign:
      return AllowUnlessEnded(visit, "nobody can be assigned to it");
    case v1::FoldCommand::kUnassign:
      return AllowUnlessEnded(visit, "nobody can be taken off it");
    case v1::FoldCommand::kReassign:
      return AllowUnlessEnded(visit, "it cannot be given to somebody else");
    case v1::FoldCommand::kDispatch:
      if (!AnyAssigned(visit)) {
        return absl::FailedPreconditionError(
            absl::StrCat("visit ", visit.id(), " has nobody assigned: it can be dispatched once a technician is"));
      }
      return Allow(visit, "dispatched", {kScheduled}, "scheduled");
    case v1::FoldCommand::kRecall:
      return Allow(visit, "recalled", {kDispatched}, "dispatched");
    case v1::FoldCommand::kCancel:
      if (command.cancel().force() || HasEnded(visit.state())) {
        return AllowUnlessEnded(visit, "it cannot be cancelled");
      }
      return Allow(visit, "cancelled", {kUnscheduled, kScheduled, kDispatched},
                   "unscheduled, scheduled or dispatched, and later by force");
    case v1::FoldCommand::kReopen:
      return Allow(visit, "reopened", {v1::VISIT_STATE_COMPLETED, v1::VISIT_STATE_INCOMPLETE},
                   "completed or incomplete");
    case v1::FoldCommand::kClose:
      return Allow(visit, "closed", {v1::VISIT_STATE_COMPLETED, v1::VISIT_STATE_INCOMPLETE, v1::VISIT_STATE_CANCELED},
                   "completed, incomplete or cancelled");
    case v1::FoldCommand::kRecordMiss:
      if (visit.promised().end_time_us() == 0) {
        return absl::FailedPreconditionError(
            absl::StrCat("visit ", visit.id(), " was promised no window: there is nothing to miss"));
      }
      if (visit.state() == v1::VISIT_STATE_CANCELED) {
        return absl::FailedPreconditionError(absl::StrCat("visit ", visit.id(), " is cancelled: nobody was expected"));
      }
      return absl::OkStatus();
    case v1::FoldCommand::kCreate:
    case v1::FoldCommand::kPast:
    case v1::FoldCommand::kResolveAttention:
    case v1::FoldCommand::VERB_NOT_SET:
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

std::vector<std::string> AdviseFact(const v1::Visit& visit, absl::string_view author, v1::LogEntry::FactCase fact) {
  std::vector<std::string> advice;
  const bool reported = visit.state() == v1::VISIT_STATE_COMPLETED || visit.state() == v1::VISIT_STATE_INCOMPLETE;
  if (HasEnded(visit.state()) && !(reported && FollowsTheOutcome(fact))) {
    advice.push_back(absl::StrCat("This visit is already ", Words(visit.state()), "; the office will see this entry."));
  }
  const v1::Assignment* own = nullptr;
  for (const v1::Assignment& a : visit.assignments()) {
    if (a.technician_id() == author) own = &a;
  }
  if (own == nullptr) {
    advice.push_back("You are not assigned to this visit; the office will see this entry.");
  } else if (own->revoked()) {
    advice.push_back(absl::StrCat("This visit was given to ",
                                  own->successor_id().empty() ? "nobody else" : own->successor_id(),
                                  "; what you record counts all the same."));
  }
  const bool arrived = own != nullptr && own->arrived_time_us() != 0;
  if (fact == v1::LogEntry::kOutcomeReported && !arrived) {
    advice.push_back("No arrival was recorded before this outcome; it will be implied.");
  }
  if (fact == v1::LogEntry::kOutcomeReported && !visit.outcome().fault().code().empty()) {
    advice.push_back(
        absl::StrCat("An outcome was reported before with the fault code ", visit.outcome().fault().code(),
                     "; if this one is to take its place and the fault is the same, name the code again."));
  }
  if (fact == v1::LogEntry::kOutcomeReported && visit.requirements().feedback() &&
      visit.feedback() == v1::FEEDBACK_STATE_UNSPECIFIED) {
    advice.push_back("The customer has not been asked for feedback yet.");
  }
  if (fact == v1::LogEntry::kOutcomeReported && visit.requirements().signature() && !visit.signature_recorded()) {
    advice.push_back("A signature is required and was neither captured nor waived.");
  }
  return advice;
}

}  // namespace doorstep
