// A device tells with what it signs its frames. First half, as in dispatch_commands.h.
#ifndef DOORSTEP_SERVER_APPLY_COMMANDS_SIGNING_KEYS_H_
#define DOORSTEP_SERVER_APPLY_COMMANDS_SIGNING_KEYS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/sync.pb.h"
#include "server/apply/transaction.h"

namespace doorstep {

// Notes the key when it is not the one that counts already.
absl::Status RunTellSigningKey(const v1::SigningKey& key, absl::string_view device, Transaction& tx);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_COMMANDS_SIGNING_KEYS_H_
