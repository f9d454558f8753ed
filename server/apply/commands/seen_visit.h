// What every command about one visit begins with.
#ifndef DOORSTEP_SERVER_APPLY_COMMANDS_SEEN_VISIT_H_
#define DOORSTEP_SERVER_APPLY_COMMANDS_SEEN_VISIT_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/visit.pb.h"
#include "server/apply/transaction.h"

namespace doorstep {

absl::Status CheckNames(absl::string_view request_id, absl::string_view id, int64_t expected_version);

// The visit, if it is there and is the version that the caller saw. NOT_FOUND, ABORTED.
absl::StatusOr<v1::Visit> SeenVisit(absl::string_view id, int64_t expected_version, Transaction& tx);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_COMMANDS_SEEN_VISIT_H_
