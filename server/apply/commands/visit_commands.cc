// What the office does with a visit: schedule, assign, reassign, dispatch, cancel, record a miss, resolve attention.
// Both halves.
//
// All go the same way: the fields, then version and state of the visit, then a record whose second half hands the verb
// to the visit's fold.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "client_core/rules/visit_fold.h"
#include "server/apply/commands/apply_parts.h"
#include "server/apply/commands/checks.h"
#include "server/apply/commands/dispatch_commands.h"
#include "server/apply/commands/references.h"

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
void Keep(v1::RecordMissRequest r, v1::CommandRecord& record) { *record.mutable_record_miss() = std::move(r); }

// ---- the way all go ----

absl::Status CheckNames(absl::string_view request_id, absl::string_view id, int64_t expected_version) {
  RETURN_IF_ERROR(CheckRequestId(request_id));
  RETURN_IF_ERROR(CheckId("id", id));
  if (expected_version < 0) return FieldError("expected_version", "must be 0 or more");
  return absl::OkStatus();
}

// The visit, if it is there and is the version that the caller saw.
absl::StatusOr<v1::Visit> SeenVisit(absl::string_view id, int64_t expected_version, Transaction& tx) {
  ASSIGN_OR_RETURN(auto visit, tx.FindVisit(id));
  if (!visit.has_value()) return absl::NotFoundError(absl::StrCat("no visit ", id));
  if (expected_version != 0 && expected_version != visit->version()) {
    return absl::AbortedError(absl::StrCat("visit ", id, " is at version ", visit->version(), ", not at ",
                                           expected_version, ": read it again and decide again"));
  }
  return *std::move(visit);
}

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

absl::Status CheckFields(const v1::RecordMissRequest& request) {
  return CheckNames(request.request_id(), request.id(), request.expected_version());
}

absl::Status CheckFields(const v1::ResolveAttentionRequest& request) {
  RETURN_IF_ERROR(CheckNames(request.request_id(), request.id(), request.expected_version()));
  for (const int flag : request.flags()) {
    if (!v1::AttentionFlag_IsValid(flag) || flag == v1::ATTENTION_FLAG_UNSPECIFIED) {
      return FieldError("flags", "must be attention flags");
    }
  }
  return CheckRequiredText("reason", request.reason(), limits::kShortTextBytesMax);
}

// ---- first halves ----

absl::StatusOr<v1::ScheduleVisitResponse> RunCommand(v1::ScheduleVisitRequest request, Transaction& tx) {
  ASSIGN_OR_RETURN(const v1::Visit visit, SeenVisit(request.id(), request.expected_version(), tx));
  const bool is_past = request.planned().end_time_us() <= tx.commit_us();
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

absl::StatusOr<v1::RecordMissResponse> RunCommand(v1::RecordMissRequest request, Transaction& tx) {
  ASSIGN_OR_RETURN(const v1::Visit visit, SeenVisit(request.id(), request.expected_version(), tx));
  return RunVerb<v1::RecordMissResponse>(std::move(request), visit, tx);
}

absl::StatusOr<v1::ResolveAttentionResponse> RunCommand(v1::ResolveAttentionRequest request, Transaction& tx) {
  ASSIGN_OR_RETURN(const v1::Visit visit, SeenVisit(request.id(), request.expected_version(), tx));
  if (visit.attention().empty()) {
    return absl::FailedPreconditionError(absl::StrCat("visit ", visit.id(), " has nothing that needs attention"));
  }
  for (const int flag : request.flags()) {
    if (std::count(visit.attention().begin(), visit.attention().end(), flag) > 0) continue;
    return absl::FailedPreconditionError(absl::StrCat("flags: visit ", visit.id(), " is not flagged ",
                                                      v1::AttentionFlag_Name(static_cast<v1::AttentionFlag>(flag))));
  }
  if (request.flags().empty()) *request.mutable_flags() = visit.attention();
  request.clear_request_id();
  request.clear_expected_version();
  v1::CommandRecord record;
  *record.mutable_resolve_attention() = std::move(request);
  RETURN_IF_ERROR(tx.Apply(std::move(record)));
  ASSIGN_OR_RETURN(auto resolved, tx.FindVisit(visit.id()));
  v1::ResolveAttentionResponse response;
  *response.mutable_visit() = *std::move(resolved);
  return response;
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

absl::Status ApplyPart(const v1::ResolveAttentionRequest& command, Transaction& tx) {
  // What somebody has looked at is what stands now; what comes later has another name.
  ASSIGN_OR_RETURN(const auto visit, tx.FindVisit(command.id()));
  if (!visit.has_value()) return absl::NotFoundError(absl::StrCat("visit \"", command.id(), "\" is unknown"));
  v1::FoldCommand fold;
  v1::FoldResolveAttention& resolve = *fold.mutable_resolve_attention();
  resolve.set_reason(command.reason());
  for (const v1::RaisedAttention& raised : visit->raised()) {
    const bool meant = std::count(command.flags().begin(), command.flags().end(), raised.flag()) > 0;
    if (raised.resolved() || !meant) continue;
    resolve.add_occurrences()->set_flag(raised.flag());
    resolve.mutable_occurrences()->rbegin()->set_occurrence(raised.occurrence());
  }
  return tx.AddToVisit(command.id(), std::move(fold));
}

absl::Status ApplyPart(const v1::RecordMissRequest& command, Transaction& tx) {
  return tx.AddToVisit(command.id(), VerbOf(command));
}

}  // namespace doorstep
