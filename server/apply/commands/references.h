// Whether what a command names exists: NOT_FOUND "FIELD: no account A-7".
#ifndef DOORSTEP_SERVER_APPLY_COMMANDS_REFERENCES_H_
#define DOORSTEP_SERVER_APPLY_COMMANDS_REFERENCES_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/apply/transaction.h"

namespace doorstep {

absl::Status RequireAccount(absl::string_view field, absl::string_view id, Transaction& tx);
absl::Status RequireTechnician(absl::string_view field, absl::string_view id, Transaction& tx);
// An empty id passes. INVALID_ARGUMENT: it belongs to another account.
absl::Status RequireSite(absl::string_view field, absl::string_view id, absl::string_view account_id, Transaction& tx);
absl::Status RequireAsset(absl::string_view field, absl::string_view id, absl::string_view account_id, Transaction& tx);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_COMMANDS_REFERENCES_H_
