// CreateWorkOrder and CreateVisit: both halves.

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "server/apply/commands/apply_parts.h"
#include "server/apply/commands/checks.h"
#include "server/apply/commands/dispatch_commands.h"
#include "server/apply/commands/record_checks.h"
#include "server/apply/commands/references.h"
#include "server/storage/record_table.h"

namespace doorstep {

absl::Status CheckFields(const v1::CreateWorkOrderRequest& request) {
  RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  v1::WorkOrder order = request.work_order();
  if (order.id().empty()) order.set_id("drawn later");
  const absl::Status status = CheckRecord(order);
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat("work_order.", status.message()));
}

absl::StatusOr<v1::CreateWorkOrderResponse> RunCommand(v1::CreateWorkOrderRequest request, Transaction& tx) {
  v1::WorkOrder& order = *request.mutable_work_order();
  if (order.id().empty()) order.set_id(MakeUuidV7(tx.commit_us(), tx.random()));
  if (order.priority() == 0) order.set_priority(limits::kPriorityDefault);
  ASSIGN_OR_RETURN(const auto existing, tx.FindWorkOrder(order.id()));
  if (existing.has_value()) return absl::AlreadyExistsError(absl::StrCat("work order ", order.id(), " exists"));
  RETURN_IF_ERROR(RequireAccount("work_order.account_id", order.account_id(), tx));
  RETURN_IF_ERROR(RequireSite("work_order.site_id", order.site_id(), order.account_id(), tx));
  std::vector<v1::Asset> assets;
  for (const std::string& asset_id : order.asset_ids()) {
    RETURN_IF_ERROR(RequireAsset("work_order.asset_ids", asset_id, order.account_id(), tx));
    ASSIGN_OR_RETURN(const auto asset, FindRecord<v1::Asset>(tx.sql(), asset_id));
    if (asset.has_value()) assets.push_back(*asset);
  }
  if (order.site_id().empty()) order.set_site_id(CommonSite(assets));
  request.clear_request_id();
  const std::string id = order.id();
  v1::CommandRecord record;
  *record.mutable_create_work_order() = std::move(request);
  RETURN_IF_ERROR(tx.Apply(std::move(record)));
  ASSIGN_OR_RETURN(auto saved, tx.FindWorkOrder(id));
  v1::CreateWorkOrderResponse response;
  if (saved.has_value()) *response.mutable_work_order() = *std::move(saved);
  return response;
}

absl::Status ApplyPart(const v1::CreateWorkOrderRequest& command, Transaction& tx) {
  v1::WorkOrder order = command.work_order();
  order.set_state(v1::WORK_ORDER_STATE_OPEN);
  order.clear_first_time_fix();
  order.set_created_time_us(tx.commit_us());
  return tx.Save(std::move(order)).status();
}

absl::Status CheckFields(const v1::CreateVisitRequest& request) {
  RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  RETURN_IF_ERROR(CheckOptionalId("id", request.id()));
  RETURN_IF_ERROR(CheckId("work_order_id", request.work_order_id()));
  RETURN_IF_ERROR(CheckWindow("constraint", request.constraint()));
  RETURN_IF_ERROR(CheckText("instructions", request.instructions(), limits::kTextBytesMax));
  RETURN_IF_ERROR(CheckRequirements("requirements", request.requirements()));
  return CheckExternalRefs("external_refs", request.external_refs());
}

absl::StatusOr<v1::CreateVisitResponse> RunCommand(v1::CreateVisitRequest request, Transaction& tx) {
  if (request.id().empty()) request.set_id(MakeUuidV7(tx.commit_us(), tx.random()));
  ASSIGN_OR_RETURN(const auto existing, tx.FindVisit(request.id()));
  if (existing.has_value()) return absl::AlreadyExistsError(absl::StrCat("visit ", request.id(), " exists"));
  ASSIGN_OR_RETURN(const auto order, tx.FindWorkOrder(request.work_order_id()));
  if (!order.has_value()) {
    return absl::NotFoundError(absl::StrCat("work_order_id: no work order ", request.work_order_id()));
  }
  request.clear_request_id();
  const std::string id = request.id();
  v1::CommandRecord record;
  *record.mutable_create_visit() = std::move(request);
  RETURN_IF_ERROR(tx.Apply(std::move(record)));
  ASSIGN_OR_RETURN(auto visit, tx.FindVisit(id));
  v1::CreateVisitResponse response;
  if (visit.has_value()) *response.mutable_visit() = *std::move(visit);
  return response;
}

absl::Status ApplyPart(const v1::CreateVisitRequest& command, Transaction& tx) {
  ASSIGN_OR_RETURN(const auto order, tx.FindWorkOrder(command.work_order_id()));
  if (!order.has_value()) return absl::InternalError(absl::StrCat("no work order ", command.work_order_id()));
  v1::FoldCommand fold;
  v1::FoldCreate& create = *fold.mutable_create();
  create.set_work_order_id(order->id());
  create.set_account_id(order->account_id());
  create.set_site_id(order->site_id());
  *create.mutable_asset_ids() = order->asset_ids();
  create.set_kind(order->kind());
  create.set_priority(order->priority());
  if (!IsAbsent(command.constraint())) *create.mutable_constraint() = command.constraint();
  create.set_instructions(command.instructions());
  if (command.has_requirements()) *create.mutable_requirements() = command.requirements();
  *create.mutable_external_refs() = command.external_refs();
  return tx.AddToVisit(command.id(), std::move(fold));
}

}  // namespace doorstep
