#include "server/apply/commands/secrets.h"

#include <openssl/crypto.h>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/openssl_sha256.h"

namespace doorstep {

std::string HashSecret(absl::string_view secret) {
  OpensslSha256 hasher;
  hasher.Update(secret);
  return std::string(AsBytes(hasher.Finish()));
}

bool EqualSecrets(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string MakeToken(Random& random) {
  std::string token = absl::WebSafeBase64Escape(random.Bytes(32));
  while (!token.empty() && token.back() == '=') token.pop_back();
  return token;
}

std::string InvitationCode(absl::string_view seed, absl::string_view request_id) {
  // RFC 4648 base32, whose alphabet has no 0, 1 and 8: nothing that looks like a letter.
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  constexpr int kCharacters = 24;
  const std::string bytes = HashSecret(absl::StrCat("doorstep-invitation-1", seed, request_id));
  std::string code;
  for (int i = 0; i < kCharacters; ++i) {
    if (i > 0 && i % 4 == 0) code.push_back('-');
    code.push_back(kAlphabet[static_cast<unsigned char>(bytes[i]) & 31]);
  }
  return code;
}

std::string NormalizeInvitationCode(absl::string_view code) {
  std::string normal;
  for (const char c : code) {
    if (c != '-' && c != ' ') normal.push_back(absl::ascii_toupper(static_cast<unsigned char>(c)));
  }
  return normal;
}

}  // namespace doorstep
