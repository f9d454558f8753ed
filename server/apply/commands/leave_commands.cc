#include "server/apply/commands/leave_commands.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "client_core/rules/visit_fold.h"
#include "server/apply/commands/apply_parts.h"
#include "server/apply/commands/checks.h"
#include "server/storage/assignment_table.h"
#include "server/storage/judgement_table.h"
#include "server/storage/record_table.h"
#include "server/storage/visit_table.h"

namespace doorstep {
namespace {

absl::StatusOr<uint64_t> CountParked(Transaction& tx) {
  ASSIGN_OR_RETURN(const std::vector<v1::Judgement> parked,
                   QuarantinedFor(tx.sql(), v1::QUARANTINE_REASON_AUTHOR_LEFT));
  return parked.size();
}

// Visits on which nobody comes unless somebody else is sent.
absl::Status AddOpenVisits(Transaction& tx, v1::RecordLeaveResponse& response) {
  ASSIGN_OR_RETURN(const std::vector<int64_t> visits,
                   VisitsOfTechnician(tx.sql(), response.technician().id(), INT32_MIN, INT32_MAX));
  for (const int64_t n : visits) {
    if (response.open_visit_ids_size() == limits::kOpenVisitsMax) break;
    ASSIGN_OR_RETURN(const auto row, FindVisitByNumber(tx.sql(), n));
    v1::Visit visit;
    if (!row.has_value() || !visit.ParseFromString(row->bytes)) {
      return absl::DataLossError(absl::StrCat("table visit: row ", n, " is not a Visit"));
    }
    if (!HasEnded(visit.state())) response.add_open_visit_ids(visit.id());
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckFields(const v1::RecordLeaveRequest& request) {
  RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  RETURN_IF_ERROR(CheckId("technician_id", request.technician_id()));
  return CheckTime("left_time_us", request.left_time_us());
}

absl::StatusOr<v1::RecordLeaveResponse> RunCommand(const v1::RecordLeaveRequest& request, Transaction& tx) {
  ASSIGN_OR_RETURN(const auto before, FindRecord<v1::Technician>(tx.sql(), request.technician_id()));
  if (!before.has_value()) {
    return absl::NotFoundError(absl::StrCat("technician_id: no technician ", request.technician_id()));
  }
  if (request.left_time_us() > tx.now_us()) {
    return FieldError("left_time_us", "must not be later than now: nobody knows what will be recorded until then");
  }
  v1::RecordLeaveResponse response;
  if (before->left_time_us() != request.left_time_us()) {
    ASSIGN_OR_RETURN(const uint64_t parked_before, CountParked(tx));
    v1::CommandRecord record;
    record.mutable_record_leave()->set_technician_id(request.technician_id());
    record.mutable_record_leave()->set_left_time_us(request.left_time_us());
    RETURN_IF_ERROR(tx.Apply(std::move(record)));
    ASSIGN_OR_RETURN(const uint64_t parked_now, CountParked(tx));
    // A leaving that moves forward parks nothing, and one that moves back counts nothing again.
    if (parked_now > parked_before) response.set_parked(parked_now - parked_before);
    if (parked_now < parked_before) response.set_counted_again(parked_before - parked_now);
  }
  ASSIGN_OR_RETURN(auto now, FindRecord<v1::Technician>(tx.sql(), request.technician_id()));
  *response.mutable_technician() = *std::move(now);
  if (request.left_time_us() != 0) RETURN_IF_ERROR(AddOpenVisits(tx, response));
  return response;
}

absl::Status ApplyPart(const v1::RecordLeaveCommand& command, Transaction& tx) { return tx.RecordLeave(command); }

}  // namespace doorstep
