// Whether what a command names exists: NOT_FOUND "FIELD: no account A-7".
#ifndef DOORSTEP_SERVER_APPLY_COMMANDS_REFERENCES_H_
#define DOORSTEP_SERVER_APPLY_COMMANDS_REFERENCES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/account.pb.h"
#include "server/apply/transaction.h"

namespace doorstep {

absl::Status RequireAccount(absl::string_view field, absl::string_view id, Transaction& tx);
// Also FAILED_PRECONDITION: the technician has left the company.
absl::Status RequireTechnician(absl::string_view field, absl::string_view id, Transaction& tx);
// INVALID_ARGUMENT naming both accounts, unless the `kind` of record with `id`, which belongs to `owner_id`, is of
// `account_id`.
absl::Status CheckOwner(absl::string_view field, absl::string_view kind, absl::string_view id,
                        absl::string_view owner_id, absl::string_view account_id);
// An empty id passes. INVALID_ARGUMENT: it belongs to another account.
absl::Status RequireSite(absl::string_view field, absl::string_view id, absl::string_view account_id, Transaction& tx);
absl::Status RequireAsset(absl::string_view field, absl::string_view id, absl::string_view account_id, Transaction& tx);

// The one site of those assets that have one; empty: none has, or they stand apart. An order for them is for that site.
std::string CommonSite(const std::vector<v1::Asset>& assets);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_COMMANDS_REFERENCES_H_
