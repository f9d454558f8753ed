// Who may call: hashes of bearer tokens and of invitation codes. Of secrets themselves only those are stored that a
// repeated enrolment needs, for as long as one can be repeated.
#ifndef DOORSTEP_SERVER_STORAGE_TOKEN_TABLE_H_
#define DOORSTEP_SERVER_STORAGE_TOKEN_TABLE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client_core/base/random.h"
#include "server/storage/sql_session.h"

namespace doorstep {

// Makes `token_hash` the only token of `principal` ("admin:a1", "device:d7").
absl::Status SetToken(SqlSession& sql, absl::string_view principal, absl::string_view token_hash);
// Empty: it has none.
absl::StatusOr<std::string> FindTokenHash(SqlSession& sql, absl::string_view principal);
struct TokenRow {
  std::string token_hash;
  std::string principal;
};
// Every token, by principal.
absl::StatusOr<std::vector<TokenRow>> ListTokens(SqlSession& sql);

struct InvitationRow {
  std::string code_hash;
  std::string technician_id;
  int64_t expires_us = 0;
  std::string device;           // Empty: not used yet.
  std::string used_request_id;  // Of the enrolment that used it.
};
absl::StatusOr<std::optional<InvitationRow>> FindInvitation(SqlSession& sql, absl::string_view code_hash);
// Inserts or replaces.
absl::Status WriteInvitation(SqlSession& sql, const InvitationRow& row);
// Technicians with an invitation that nobody has used and that is good after `now_us`, by id.
absl::StatusOr<std::vector<std::string>> InvitedTechnicians(SqlSession& sql, int64_t now_us);

// What the tokens are derived from of phones whose invitations expire on the day of `expires_us`: 64 hexadecimal
// digits, drawn by who asks first.
absl::StatusOr<std::string> EnrolmentSecret(SqlSession& sql, int64_t expires_us, Random& random);
// Deletes those of the days before `now_us`, so that a copy of the file tells no token but those of the last day.
absl::Status ForgetEnrolmentSecrets(SqlSession& sql, int64_t now_us);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_TOKEN_TABLE_H_
