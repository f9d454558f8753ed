#include "server/apply/commands/import_commands.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "server/apply/commands/apply_parts.h"
#include "server/apply/commands/checks.h"
#include "server/apply/commands/import_plan.h"
#include "server/storage/account_table.h"

namespace doorstep {
namespace {

// A work order's state rolls up from its visits, whatever a file says.
absl::Status SaveWorkOrder(v1::WorkOrder order, Transaction& tx) {
  ASSIGN_OR_RETURN(const auto existing, tx.FindWorkOrder(order.id()));
  order.set_state(existing.has_value() ? existing->state() : v1::WORK_ORDER_STATE_OPEN);
  order.set_created_time_us(existing.has_value() ? existing->created_time_us() : tx.commit_us());
  order.clear_first_time_fix();
  return tx.Save(std::move(order)).status();
}

bool LacksParent(const v1::ImportRow& row, const v1::ImportRowResult& result) {
  return row.has_account() && result.result() == v1::IMPORT_RESULT_REJECTED && result.field() == "parent_account_id";
}

absl::Status SavePastVisit(const v1::PastVisit& past, const v1::ExternalRef& ref, Transaction& tx) {
  v1::FoldCommand creating;
  v1::FoldCreate& create = *creating.mutable_create();
  create.set_account_id(past.account_id());
  create.set_site_id(past.site_id());
  if (!past.asset_id().empty()) create.add_asset_ids(past.asset_id());
  create.set_kind(past.kind());
  *create.add_external_refs() = ref;
  RETURN_IF_ERROR(tx.AddToVisit(past.id(), std::move(creating)));

  v1::FoldCommand telling;
  v1::FoldPast& told = *telling.mutable_past();
  told.set_technician_id(past.technician_id());
  told.set_arrived_time_us(past.arrived_time_us());
  told.set_ended_time_us(past.ended_time_us());
  told.set_utc_offset_s(past.utc_offset_s());
  *told.mutable_outcome() = past.outcome();
  return tx.AddToVisit(past.id(), std::move(telling));
}

absl::Status SaveRow(const v1::ImportRow& row, Transaction& tx) {
  switch (row.record_case()) {
    case v1::ImportRow::kAccount:
      return tx.Save(row.account()).status();
    case v1::ImportRow::kContact:
      return tx.Save(row.contact()).status();
    case v1::ImportRow::kSite:
      return tx.Save(row.site()).status();
    case v1::ImportRow::kAsset:
      return tx.Save(row.asset()).status();
    case v1::ImportRow::kContract:
      return tx.Save(row.contract()).status();
    case v1::ImportRow::kTechnician:
      return tx.Save(row.technician()).status();
    case v1::ImportRow::kWorkOrder:
      return SaveWorkOrder(row.work_order(), tx);
    case v1::ImportRow::kPastVisit: {
      v1::ExternalRef ref;
      ref.set_system(row.system());
      ref.set_id(row.past_visit().id());
      return SavePastVisit(row.past_visit(), ref, tx);
    }
    case v1::ImportRow::RECORD_NOT_SET:
      break;
  }
  return absl::InternalError("an import row without a record");
}

}  // namespace

absl::Status CheckFields(const v1::ImportRowsRequest& request) {
  RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  if (request.rows().empty() || request.rows_size() > limits::kImportRowsMax) {
    return FieldError("rows",
                      absl::StrCat("must have 1 to ", limits::kImportRowsMax, " rows, has ", request.rows_size()));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::ImportRowsResponse> RunCommand(const v1::ImportRowsRequest& request, Transaction& tx) {
  ImportPlan plan(&tx);
  v1::ImportRowsResponse response;
  for (int i = 0; i < request.rows_size(); ++i) {
    ASSIGN_OR_RETURN(*response.add_results(), plan.Add(request.rows(i)));
  }
  // An account may stand before the one that it belongs to.
  for (bool any = true; any;) {
    any = false;
    for (int i = 0; i < request.rows_size(); ++i) {
      if (!LacksParent(request.rows(i), response.results(i))) continue;
      ASSIGN_OR_RETURN(*response.mutable_results(i), plan.Add(request.rows(i)));
      any |= !LacksParent(request.rows(i), response.results(i));
    }
  }
  for (int i = 0; i < response.results_size(); ++i) response.mutable_results(i)->set_row(static_cast<uint32_t>(i));
  v1::CommandRecord record;
  *record.mutable_import() = plan.Command();
  if (request.dry_run() || record.import().rows().empty()) return response;
  RETURN_IF_ERROR(tx.Apply(std::move(record)));
  return response;
}

absl::Status ApplyPart(const v1::ImportCommand& command, Transaction& tx) {
  for (const v1::ImportRow& row : command.rows()) RETURN_IF_ERROR(SaveRow(row, tx));
  return absl::OkStatus();
}

}  // namespace doorstep
