#include "tools/doorstep/zones.h"

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "doorstep/v1/account_service.pb.h"
#include "tools/doorstep/civil_time.h"
#include "tools/doorstep/errors.h"

namespace doorstep::cli {

absl::StatusOr<absl::TimeZone> ZoneAt(Connection* connection, const std::string& asked, const std::string& account_id,
                                      const std::string& site_id) {
  if (!asked.empty()) {
    const absl::StatusOr<absl::TimeZone> zone = FindZone(asked);
    if (!zone.ok()) return UsageError(absl::StrCat("--zone ", zone.status().message()), "--zone Europe/Berlin");
    return zone;
  }
  if (account_id.empty()) return absl::LocalTimeZone();
  v1::GetAccountRequest request;
  request.set_id(account_id);
  v1::GetAccountResponse response;
  const absl::Status status = connection->Call(&request, &response);
  if (absl::IsNotFound(status)) return absl::LocalTimeZone();
  RETURN_IF_ERROR(status);
  std::string name = response.account().zone();
  for (const v1::Site& site : response.sites()) {
    if (site.id() == site_id && !site.zone().empty()) name = site.zone();
  }
  if (name.empty()) return absl::LocalTimeZone();
  return FindZone(name);
}

}  // namespace doorstep::cli
