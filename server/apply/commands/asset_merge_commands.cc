// Whether assets with the same serial number are one thing. Both halves.
#include "server/apply/commands/asset_merge_commands.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "server/apply/commands/apply_parts.h"
#include "server/apply/commands/checks.h"
#include "server/storage/record_table.h"
#include "server/storage/serial_table.h"

namespace doorstep {
namespace {

absl::StatusOr<v1::Asset> Require(const std::string& id, Transaction& tx) {
  ASSIGN_OR_RETURN(auto asset, FindRecord<v1::Asset>(tx.sql(), id));
  if (!asset.has_value()) return absl::NotFoundError(absl::StrCat("asset_ids: no asset ", id));
  return *std::move(asset);
}

absl::Status RequireSame(const v1::Asset& a, const v1::Asset& b) {
  const std::string serial = SerialKey(a);
  if (!serial.empty() && serial == SerialKey(b) && a.account_id() == b.account_id()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("asset_ids: ", a.id(), " and ", b.id(), " do not have the same serial number in one account"));
}

}  // namespace

absl::Status CheckFields(const v1::ResolveAssetMergeRequest& request) {
  RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  RETURN_IF_ERROR(CheckRange("asset_ids", request.asset_ids_size(), 2, limits::kMergedAssetsMax));
  std::set<std::string> ids;
  for (const std::string& id : request.asset_ids()) {
    RETURN_IF_ERROR(CheckId("asset_ids", id));
    if (!ids.insert(id).second) return FieldError("asset_ids", absl::StrCat("must name ", id, " once"));
  }
  if (!request.kept_asset_id().empty() && ids.count(request.kept_asset_id()) == 0) {
    return FieldError("kept_asset_id", "must be one of asset_ids, or empty");
  }
  return CheckRequiredText("reason", request.reason(), limits::kShortTextBytesMax);
}

absl::StatusOr<v1::ResolveAssetMergeResponse> RunCommand(const v1::ResolveAssetMergeRequest& request, Transaction& tx) {
  const std::set<std::string> ids(request.asset_ids().begin(), request.asset_ids().end());
  ASSIGN_OR_RETURN(const v1::Asset first, Require(*ids.begin(), tx));
  for (const std::string& id : ids) {
    ASSIGN_OR_RETURN(const v1::Asset asset, Require(id, tx));
    RETURN_IF_ERROR(RequireSame(first, asset));
  }
  v1::CommandRecord record;
  v1::ResolveAssetMergeCommand& command = *record.mutable_resolve_asset_merge();
  command.mutable_asset_ids()->Assign(ids.begin(), ids.end());
  command.set_kept_asset_id(request.kept_asset_id());
  command.set_reason(request.reason());
  RETURN_IF_ERROR(tx.Apply(std::move(record)));
  v1::ResolveAssetMergeResponse response;
  for (const std::string& id : ids) {
    ASSIGN_OR_RETURN(*response.add_assets(), Require(id, tx));
  }
  return response;
}

absl::Status ApplyPart(const v1::ResolveAssetMergeCommand& command, Transaction& tx) {
  for (const std::string& id : command.asset_ids()) {
    RETURN_IF_ERROR(MarkSerialLookedAt(tx.sql(), id));
    if (command.kept_asset_id().empty() || id == command.kept_asset_id()) continue;
    ASSIGN_OR_RETURN(v1::Asset asset, Require(id, tx));
    RETURN_IF_ERROR(tx.Merge(std::move(asset), command.kept_asset_id()));
  }
  return absl::OkStatus();
}

}  // namespace doorstep
