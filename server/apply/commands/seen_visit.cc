#include "server/apply/commands/seen_visit.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "server/apply/commands/checks.h"

namespace doorstep {

absl::Status CheckNames(absl::string_view request_id, absl::string_view id, int64_t expected_version) {
  RETURN_IF_ERROR(CheckRequestId(request_id));
  RETURN_IF_ERROR(CheckId("id", id));
  if (expected_version < 0) return FieldError("expected_version", "must be 0 or more");
  return absl::OkStatus();
}

absl::StatusOr<v1::Visit> SeenVisit(absl::string_view id, int64_t expected_version, Transaction& tx) {
  ASSIGN_OR_RETURN(auto visit, tx.FindVisit(id));
  if (!visit.has_value()) return absl::NotFoundError(absl::StrCat("no visit ", id));
  if (expected_version != 0 && expected_version != visit->version()) {
    return absl::AbortedError(absl::StrCat("visit ", id, " is at version ", visit->version(), ", not at ",
                                           expected_version, ": read it again and decide again"));
  }
  return *std::move(visit);
}

}  // namespace doorstep
