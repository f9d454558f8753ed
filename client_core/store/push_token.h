// By what the phone's push service wakes this app, and whether the office has it. One row of the journal's file: it is
// of the phone, and there before the phone is enrolled.
//
// Invariant: the office is taken to have it only while nothing says otherwise: not after another token, another
// generation or a refusal. In doubt it is told again, which is harmless.
//
// The token is as good as a secret: whoever has it may wake this phone. It goes into Hello, and into no error, log,
// status or bundle. Not thread-safe.
#ifndef DOORSTEP_CLIENT_CORE_STORE_PUSH_TOKEN_H_
#define DOORSTEP_CLIENT_CORE_STORE_PUSH_TOKEN_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client_core/sqlite/database.h"

namespace doorstep {

class PushToken {
 public:
  explicit PushToken(sqlite::Database* db) : db_(db) {}  // `db` must outlive this object.
  // A row that damage has spoilt is as if it were not there: apps give the token at every start.
  absl::Status Load();

  // Makes `token` the phone's, durably; empty: it has none any more. False: it was so already, and nothing was written.
  // INVALID_ARGUMENT: more than limits::kPushTokenBytesMax bytes, or no UTF-8. RESOURCE_EXHAUSTED: the disk is full.
  absl::StatusOr<bool> Set(absl::string_view token);
  // Empty: it has none. Absent: the app never said.
  const std::optional<std::string>& token() const { return token_; }

  // What an office of `generation` (empty: not known) has to be told; absent: nothing.
  std::optional<std::string> Untold(absl::string_view generation) const;
  // An office of `generation` has taken `token`. Not noted when the phone has another by now.
  absl::Status NoteTold(absl::string_view token, absl::string_view generation);
  // The office may have dropped it. Repeating it writes nothing.
  absl::Status ForgetTold();

 private:
  absl::Status WriteTold(absl::string_view generation);

  sqlite::Database* const db_;
  std::optional<std::string> token_;
  std::string told_generation_;  // Empty: it was not told.
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_STORE_PUSH_TOKEN_H_
