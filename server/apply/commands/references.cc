#include "server/apply/commands/references.h"

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "server/storage/account_table.h"
#include "server/storage/record_table.h"

namespace doorstep {
namespace {

absl::Status Missing(absl::string_view field, absl::string_view kind, absl::string_view id) {
  return absl::NotFoundError(absl::StrCat(field, ": no ", kind, " ", id));
}

}  // namespace

absl::Status RequireAccount(absl::string_view field, absl::string_view id, Transaction& tx) {
  ASSIGN_OR_RETURN(const int64_t n, FindAccountNumber(tx.sql(), id));
  return n != 0 ? absl::OkStatus() : Missing(field, "account", id);
}

absl::Status RequireTechnician(absl::string_view field, absl::string_view id, Transaction& tx) {
  ASSIGN_OR_RETURN(const int64_t version, FindRecordVersion<v1::Technician>(tx.sql(), id));
  return version != 0 ? absl::OkStatus() : Missing(field, "technician", id);
}

absl::Status RequireSite(absl::string_view field, absl::string_view id, Transaction& tx) {
  if (id.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const int64_t version, FindRecordVersion<v1::Site>(tx.sql(), id));
  return version != 0 ? absl::OkStatus() : Missing(field, "site", id);
}

absl::Status RequireAsset(absl::string_view field, absl::string_view id, Transaction& tx) {
  if (id.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const int64_t version, FindRecordVersion<v1::Asset>(tx.sql(), id));
  return version != 0 ? absl::OkStatus() : Missing(field, "asset", id);
}

}  // namespace doorstep
