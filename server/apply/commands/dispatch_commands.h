// The commands of the office, first half: what a request may say, whether it fits the data, what is drawn for it.
// CheckFields needs no data and runs on the caller's thread: INVALID_ARGUMENT names field and bound. RunCommand runs in
// the writer's transaction: NOT_FOUND names what is missing, ABORTED another version, FAILED_PRECONDITION the state
// that does not allow it.
#ifndef DOORSTEP_SERVER_APPLY_COMMANDS_DISPATCH_COMMANDS_H_
#define DOORSTEP_SERVER_APPLY_COMMANDS_DISPATCH_COMMANDS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "doorstep/v1/dispatch_service.pb.h"
#include "server/apply/transaction.h"

namespace doorstep {

absl::Status CheckFields(const v1::CreateWorkOrderRequest& request);
absl::Status CheckFields(const v1::CreateVisitRequest& request);
absl::Status CheckFields(const v1::ScheduleVisitRequest& request);
absl::Status CheckFields(const v1::AssignVisitRequest& request);
absl::Status CheckFields(const v1::ReassignVisitRequest& request);
absl::Status CheckFields(const v1::DispatchVisitRequest& request);
absl::Status CheckFields(const v1::CancelVisitRequest& request);
absl::Status CheckFields(const v1::CloseVisitRequest& request);
absl::Status CheckFields(const v1::RecordMissRequest& request);
absl::Status CheckFields(const v1::ResolveAttentionRequest& request);

absl::StatusOr<v1::CreateWorkOrderResponse> RunCommand(v1::CreateWorkOrderRequest request, Transaction& tx);
absl::StatusOr<v1::CreateVisitResponse> RunCommand(v1::CreateVisitRequest request, Transaction& tx);
absl::StatusOr<v1::ScheduleVisitResponse> RunCommand(v1::ScheduleVisitRequest request, Transaction& tx);
absl::StatusOr<v1::AssignVisitResponse> RunCommand(v1::AssignVisitRequest request, Transaction& tx);
absl::StatusOr<v1::ReassignVisitResponse> RunCommand(v1::ReassignVisitRequest request, Transaction& tx);
absl::StatusOr<v1::DispatchVisitResponse> RunCommand(v1::DispatchVisitRequest request, Transaction& tx);
absl::StatusOr<v1::CancelVisitResponse> RunCommand(v1::CancelVisitRequest request, Transaction& tx);
absl::StatusOr<v1::CloseVisitResponse> RunCommand(v1::CloseVisitRequest request, Transaction& tx);
absl::StatusOr<v1::RecordMissResponse> RunCommand(v1::RecordMissRequest request, Transaction& tx);
absl::StatusOr<v1::ResolveAttentionResponse> RunCommand(v1::ResolveAttentionRequest request, Transaction& tx);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_COMMANDS_DISPATCH_COMMANDS_H_
