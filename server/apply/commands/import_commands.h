// Records of other systems, both halves. Each row stands alone: it is created, updated, unchanged or rejected with
// field and reason, and a rejected row keeps no other back.
#ifndef DOORSTEP_SERVER_APPLY_COMMANDS_IMPORT_COMMANDS_H_
#define DOORSTEP_SERVER_APPLY_COMMANDS_IMPORT_COMMANDS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "doorstep/v1/import_service.pb.h"
#include "server/apply/transaction.h"

namespace doorstep {

// As in dispatch_commands.h. Rows are not looked at: what is wrong with them is an answer, not an error.
absl::Status CheckFields(const v1::ImportRowsRequest& request);

// With `dry_run` the same answers, and nothing is applied.
absl::StatusOr<v1::ImportRowsResponse> RunCommand(const v1::ImportRowsRequest& request, Transaction& tx);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_COMMANDS_IMPORT_COMMANDS_H_
