// What the office does with a visit: schedule, assign, reassign, dispatch, cancel, close, record a miss. Both halves.
//
// All go the same way: the fields, then version and state of the visit, then a record whose second half hands the verb
// to the visit's fold.

#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "client_core/rules/visit_fold.h"
#include "server/apply/commands/apply_parts.h"
#include "server/apply/commands/checks.h"
#include "server/apply/commands/dispatch_commands.h"
#include "server/apply/commands/references.h"
#include "server/apply/commands/seen_visit.h"

namespace doorstep {
namespace {

// ---- the verb that a request asks of the fold ----

v1::FoldCommand VerbOf(const v1::ScheduleVisitRequest& request) {
  v1::FoldCommand fold;
  *fold.mutable_schedule()->mutable_planned() = request.planned();
  if (!IsAbsent(request.promised())) *fold.mutable_schedule()->mutable_promised() = request.promised();
  fold.mutable_schedule()->set_force(request.force());
  return fold;
}

v1::FoldCommand VerbOf(const v1::AssignVisitRequest& request) {
  v1::FoldCommand fold;
  fold.mutable_assign()->set_technician_id(request.technician_id());
  fold.mutable_assign()->set_role(request.role());
  return fold;
}

v1::FoldCommand VerbOf(const v1::ReassignVisitRequest& request) {
  v1::FoldCommand fold;
  fold.mutable_reassign()->set_from_technician_id(request.from_technician_id());
  fold.mutable_reassign()->set_to_technician_id(request.to_technician_id());
  fold.mutable_reassign()->set_reason(request.reason());
  return fold;
}

v1::FoldCommand VerbOf(const v1::DispatchVisitRequest&) {
  v1::FoldCommand fold;
  fold.mutable_dispatch();
  return fold;
}

v1::FoldCommand VerbOf(const v1::CancelVisitRequest& request) {
  v1::FoldCommand fold;
  fold.mutable_cancel()->set_reason(request.reason());
  fold.mutable_cancel()->set_force(request.force());
  return fold;
}

v1::FoldCommand VerbOf(const v1::CloseVisitRequest&) {
  v1::FoldCommand fold;
  fold.mutable_close();
  return fold;
}

v1::FoldCommand VerbOf(const v1::RecordMissRequest&) {
  v1::FoldCommand fold;
  fold.mutable_record_miss();
  return fold;
}

// ---- where a record keeps a request ----

void Keep(v1::ScheduleVisitRequest r, v1::CommandRecord& record) { *record.mutable_schedule_visit() = std::move(r); }
void Keep(v1::AssignVisitRequest r, v1::CommandRecord& record) { *record.mutable_assign_visit() = std::move(r); }
void Keep(v1::ReassignVisitRequest r, v1::CommandRecord& record) { *record.mutable_reassign_visit() = std::move(r); }
void Keep(v1::DispatchVisitRequest r, v1::CommandRecord& record) { *record.mutable_dispatch_visit() = std::move(r); }
void Keep(v1::CancelVisitRequest r, v1::CommandRecord& record) { *record.mutable_cancel_visit() = std::move(r); }
void Keep(v1::CloseVisitRequest r, v1::CommandRecord& record) { *record.mutable_close_visit() = std::move(r); }
void Keep(v1::RecordMissRequest r, v1::CommandRecord& record) { *record.mutable_record_miss() = std::move(r); }

// ---- the way all go ----

template <typename Response, typename Request>
absl::StatusOr<Response> RunVerb(Request request, const v1::Visit& visit, Transaction& tx) {
  RETURN_IF_ERROR(CheckCommand(visit, VerbOf(request)));
  request.clear_request_id();
  request.clear_expected_version();
  v1::CommandRecord record;
  Keep(std::move(request), record);
  RETURN_IF_ERROR(tx.Apply(std::move(record)));
  ASSIGN_OR_RETURN(auto changed, tx.FindVisit(visit.id()));
  Response response;
  if (changed.has_value()) *response.mutable_visit() = *std::move(changed);
  return response;
}

const v1::Assignment* FindCurrent(const v1::Visit& visit, absl::string_view technician_id) {
  for (const v1::Assignment& assignment : visit.assignments()) {
    if (!assignment.revoked() && assignment.technician_id() == technician_id) return &assignment;
  }
  return nullptr;
}

std::string LeadOf(const v1::Visit& visit) {
  for (const v1::Assignment& assignment : visit.assignments()) {
    if (!assignment.revoked() && assignment.role() == v1::ASSIGNMENT_ROLE_LEAD) return assignment.technician_id();
  }
  return "";
}

}  // namespace

// ---- fields ----

absl::Status CheckFields(const v1::ScheduleVisitRequest& request) {
  RETURN_IF_ERROR(CheckNames(request.request_id(), request.id(), request.expected_version()));
  if (IsAbsent(request.planned())) return FieldError("planned", "must be set");
  RETURN_IF_ERROR(CheckWindow("planned", request.planned()));
  return CheckWindow("promised", request.promised());
}

absl::Status CheckFields(const v1::AssignVisitRequest& request) {
  RETURN_IF_ERROR(CheckNames(request.request_id(), request.id(), request.expected_version()));
  RETURN_IF_ERROR(CheckId("technician_id", request.technician_id()));
  if (!v1::AssignmentRole_IsValid(request.role())) return FieldError("role", "must be LEAD, MEMBER or TRAINEE");
  return absl::OkStatus();
}

absl::Status CheckFields(const v1::ReassignVisitRequest& request) {
  RETURN_IF_ERROR(CheckNames(request.request_id(), request.id(), request.expected_version()));
  RETURN_IF_ERROR(CheckOptionalId("from_technician_id", request.from_technician_id()));
  RETURN_IF_ERROR(CheckId("to_technician_id", request.to_technician_id()));
  if (request.from_technician_id() == request.to_technician_id()) {
    return FieldError("to_technician_id", "must be another technician than from_technician_id");
  }
  return CheckText("reason", request.reason(), limits::kShortTextBytesMax);
}

absl::Status CheckFields(const v1::DispatchVisitRequest& request) {
  return CheckNames(request.request_id(), request.id(), request.expected_version());
}

absl::Status CheckFields(const v1::CancelVisitRequest& request) {
  RETURN_IF_ERROR(CheckNames(request.request_id(), request.id(), request.expected_version()));
  return CheckRequiredText("reason", request.reason(), limits::kShortTextBytesMax);
}

absl::Status CheckFields(const v1::CloseVisitRequest& request) {
  return CheckNames(request.request_id(), request.id(), request.expected_version());
}

absl::Status CheckFields(const v1::RecordMissRequest& request) {
  return CheckNames(request.request_id(), request.id(), request.expected_version());
}

// ---- first halves ----

absl::StatusOr<v1::ScheduleVisitResponse> RunCommand(v1::ScheduleVisitRequest request, Transaction& tx) {
  ASSIGN_OR_RETURN(const v1::Visit visit, SeenVisit(request.id(), request.expected_version(), tx));
  const bool is_past = request.planned().end_time_us() <= tx.now_us();
  ASSIGN_OR_RETURN(auto response, RunVerb<v1::ScheduleVisitResponse>(std::move(request), visit, tx));
  // Somebody may be writing down what was agreed by telephone.
  if (is_past) response.set_note("the planned window has already ended");
  return response;
}

absl::StatusOr<v1::AssignVisitResponse> RunCommand(v1::AssignVisitRequest request, Transaction& tx) {
  ASSIGN_OR_RETURN(const v1::Visit visit, SeenVisit(request.id(), request.expected_version(), tx));
  RETURN_IF_ERROR(RequireTechnician("technician_id", request.technician_id(), tx));
  if (request.role() == v1::ASSIGNMENT_ROLE_UNSPECIFIED) {
    const std::string lead = LeadOf(visit);
    const bool leads = lead.empty() || lead == request.technician_id();
    request.set_role(leads ? v1::ASSIGNMENT_ROLE_LEAD : v1::ASSIGNMENT_ROLE_MEMBER);
  }
  return RunVerb<v1::AssignVisitResponse>(std::move(request), visit, tx);
}

absl::StatusOr<v1::ReassignVisitResponse> RunCommand(v1::ReassignVisitRequest request, Transaction& tx) {
  ASSIGN_OR_RETURN(const v1::Visit visit, SeenVisit(request.id(), request.expected_version(), tx));
  RETURN_IF_ERROR(RequireTechnician("to_technician_id", request.to_technician_id(), tx));
  if (request.from_technician_id().empty()) request.set_from_technician_id(LeadOf(visit));
  if (request.from_technician_id().empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("visit ", visit.id(), " has nobody who leads: assign it instead of reassigning it"));
  }
  if (FindCurrent(visit, request.from_technician_id()) == nullptr) {
    return absl::FailedPreconditionError(absl::StrCat("from_technician_id: technician ", request.from_technician_id(),
                                                      " is not assigned to visit ", visit.id()));
  }
  if (request.from_technician_id() == request.to_technician_id()) {
    return absl::FailedPreconditionError(
        absl::StrCat("to_technician_id: technician ", request.to_technician_id(), " already leads visit ", visit.id()));
  }
  return RunVerb<v1::ReassignVisitResponse>(std::move(request), visit, tx);
}

absl::StatusOr<v1::DispatchVisitResponse> RunCommand(v1::DispatchVisitRequest request, Transaction& tx) {
  ASSIGN_OR_RETURN(const v1::Visit visit, SeenVisit(request.id(), request.expected_version(), tx));
  return RunVerb<v1::DispatchVisitResponse>(std::move(request), visit, tx);
}

absl::StatusOr<v1::CancelVisitResponse> RunCommand(v1::CancelVisitRequest request, Transaction& tx) {
  ASSIGN_OR_RETURN(const v1::Visit visit, SeenVisit(request.id(), request.expected_version(), tx));
  return RunVerb<v1::CancelVisitResponse>(std::move(request), visit, tx);
}

absl::StatusOr<v1::CloseVisitResponse> RunCommand(v1::CloseVisitRequest request, Transaction& tx) {
  ASSIGN_OR_RETURN(const v1::Visit visit, SeenVisit(request.id(), request.expected_version(), tx));
  return RunVerb<v1::CloseVisitResponse>(std::move(request), visit, tx);
}

absl::StatusOr<v1::RecordMissResponse> RunCommand(v1::RecordMissRequest request, Transaction& tx) {
  ASSIGN_OR_RETURN(const v1::Visit visit, SeenVisit(request.id(), request.expected_version(), tx));
  return RunVerb<v1::RecordMissResponse>(std::move(request), visit, tx);
}

// ---- second halves ----

absl::Status ApplyPart(const v1::ScheduleVisitRequest& command, Transaction& tx) {
  return tx.AddToVisit(command.id(), VerbOf(command));
}

absl::Status ApplyPart(const v1::AssignVisitRequest& command, Transaction& tx) {
  return tx.AddToVisit(command.id(), VerbOf(command));
}

absl::Status ApplyPart(const v1::ReassignVisitRequest& command, Transaction& tx) {
  // Work that the server knew of when the office decided was taken over on purpose.
  ASSIGN_OR_RETURN(const auto visit, tx.FindVisit(command.id()));
  v1::FoldCommand fold = VerbOf(command);
  const v1::Assignment* from = visit.has_value() ? FindCurrent(*visit, command.from_technician_id()) : nullptr;
  fold.mutable_reassign()->set_work_known(from != nullptr && from->work_started_time_us() != 0);
  return tx.AddToVisit(command.id(), std::move(fold));
}

absl::Status ApplyPart(const v1::DispatchVisitRequest& command, Transaction& tx) {
  return tx.AddToVisit(command.id(), VerbOf(command));
}

absl::Status ApplyPart(const v1::CancelVisitRequest& command, Transaction& tx) {
  return tx.AddToVisit(command.id(), VerbOf(command));
}

absl::Status ApplyPart(const v1::CloseVisitRequest& command, Transaction& tx) {
  ASSIGN_OR_RETURN(const auto visit, tx.FindVisit(command.id()));
  v1::FoldCommand fold = VerbOf(command);
  if (visit.has_value()) *fold.mutable_close()->mutable_seen() = visit->folded();
  return tx.AddToVisit(command.id(), std::move(fold));
}

absl::Status ApplyPart(const v1::RecordMissRequest& command, Transaction& tx) {
  return tx.AddToVisit(command.id(), VerbOf(command));
}

}  // namespace doorstep
