// Tokens and invitation codes: how they are made, and the hash that is stored in their place.
// Invariant: a secret leaves the server only in the answer that made it and in its repeats.
#ifndef DOORSTEP_SERVER_APPLY_COMMANDS_SECRETS_H_
#define DOORSTEP_SERVER_APPLY_COMMANDS_SECRETS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "client_core/base/random.h"

namespace doorstep {

// SHA-256, 32 bytes. Plain hashing is enough: what it hides has at least 120 random bits.
std::string HashSecret(absl::string_view secret);

// True when both are equal; takes the same time wherever they differ.
bool EqualSecrets(absl::string_view a, absl::string_view b);

// 32 random bytes as base64url without padding: 43 characters.
std::string MakeToken(Random& random);

// The token of the device that the enrolment `request_id` made of the invitation `code`; looks like one of MakeToken.
// It is the same whenever it is asked for, so that a repeated enrolment harms nobody, and takes a secret of the server
// (EnrolmentSecret of token_table.h) as well as the code: the invitation alone does not tell it.
std::string DeviceToken(absl::string_view secret, absl::string_view code, absl::string_view request_id);

// 24 characters of base32 in groups of four, 120 bits: easy to read out and to type. The same for the same `seed` (the
// caller's, 32 secret bytes) and `request_id`, so that a repeated call shows the code that only its hash is kept of.
std::string InvitationCode(absl::string_view seed, absl::string_view request_id);

// The code as it is hashed: upper case, without dashes and spaces.
std::string NormalizeInvitationCode(absl::string_view code);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_COMMANDS_SECRETS_H_
