#include "server/apply/commands/references.h"

#include <optional>

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
  ASSIGN_OR_RETURN(const std::optional<v1::Technician> technician, FindRecord<v1::Technician>(tx.sql(), id));
  if (!technician.has_value()) return Missing(field, "technician", id);
  if (technician->left_time_us() == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(field, ": technician ", id, " has left the company"));
}

absl::Status CheckOwner(absl::string_view field, absl::string_view kind, absl::string_view id,
                        absl::string_view owner_id, absl::string_view account_id) {
  if (owner_id == account_id) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": ", kind, " ", id, " belongs to account ", owner_id, ", not ", account_id));
}

namespace {

// Site and asset alike.
template <typename Record>
absl::Status RequireOfAccount(absl::string_view field, absl::string_view kind, absl::string_view id,
                              absl::string_view account_id, Transaction& tx) {
  if (id.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::optional<Record> record, FindRecord<Record>(tx.sql(), id));
  if (!record.has_value()) return Missing(field, kind, id);
  return CheckOwner(field, kind, id, record->account_id(), account_id);
}

}  // namespace

absl::Status RequireSite(absl::string_view field, absl::string_view id, absl::string_view account_id, Transaction& tx) {
  return RequireOfAccount<v1::Site>(field, "site", id, account_id, tx);
}

absl::Status RequireAsset(absl::string_view field, absl::string_view id, absl::string_view account_id,
                          Transaction& tx) {
  return RequireOfAccount<v1::Asset>(field, "asset", id, account_id, tx);
}

std::string CommonSite(const std::vector<v1::Asset>& assets) {
  std::string site_id;
  for (const v1::Asset& asset : assets) {
    if (asset.site_id().empty()) continue;
    if (!site_id.empty() && site_id != asset.site_id()) return "";
    site_id = asset.site_id();
  }
  return site_id;
}

}  // namespace doorstep
