// ResolveAssetMerge, first half.
#ifndef DOORSTEP_SERVER_APPLY_COMMANDS_ASSET_MERGE_COMMANDS_H_
#define DOORSTEP_SERVER_APPLY_COMMANDS_ASSET_MERGE_COMMANDS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "doorstep/v1/admin_service.pb.h"
#include "server/apply/transaction.h"

namespace doorstep {

absl::Status CheckFields(const v1::ResolveAssetMergeRequest& request);
absl::StatusOr<v1::ResolveAssetMergeResponse> RunCommand(const v1::ResolveAssetMergeRequest& request, Transaction& tx);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_COMMANDS_ASSET_MERGE_COMMANDS_H_
