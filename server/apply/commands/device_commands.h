// How a phone and an administrator get in, and a phone's word that it has told all it knew. First halves, as in
// dispatch_commands.h.
// Invariant: a secret is made here, goes out in the answer, and only its hash goes into the record.
#ifndef DOORSTEP_SERVER_APPLY_COMMANDS_DEVICE_COMMANDS_H_
#define DOORSTEP_SERVER_APPLY_COMMANDS_DEVICE_COMMANDS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/admin_service.pb.h"
#include "doorstep/v1/enrollment_service.pb.h"
#include "doorstep/v1/sync.pb.h"
#include "server/apply/transaction.h"

namespace doorstep {

absl::Status CheckFields(const v1::InviteDeviceRequest& request);
absl::Status CheckFields(const v1::EnrollRequest& request);
absl::Status CheckFields(const v1::HelloRequest& request);

// `code` is what the answer will show. The answer kept for repeats holds CodeMark(code) in its place.
std::string CodeMark(absl::string_view code);
absl::StatusOr<v1::InviteDeviceResponse> RunInvite(const v1::InviteDeviceRequest& request, absl::string_view code,
                                                   Transaction& tx);

// Repeating it with the same code and request_id gives the same device and the same token, and changes nothing.
// `generation` goes into the answer.
absl::StatusOr<v1::EnrollResponse> RunEnroll(const v1::EnrollRequest& request, absl::string_view generation,
                                             Transaction& tx);

// Notes the contact, a push token that is told and, with an empty queue, that the phone has told everything up to the
// moment of its clock sample. `knows_marks`: the phone speaks of what this server has now; else its queue may be longer
// than it thinks.
absl::Status RunHello(const v1::HelloRequest& request, absl::string_view device, bool knows_marks, int64_t now_us,
                      Transaction& tx);

// Makes the token of `token_hash` the only one of this administrator.
absl::Status RunIssueAdminToken(absl::string_view name, absl::string_view token_hash, Transaction& tx);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_COMMANDS_DEVICE_COMMANDS_H_
