#include "server/apply/commands/secrets.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/openssl_sha256.h"

namespace doorstep {
namespace {

// base64url without padding.
std::string TokenOf(absl::string_view bytes) {
  std::string token = absl::WebSafeBase64Escape(bytes);
  while (!token.empty() && token.back() == '=') token.pop_back();
  return token;
}

}  // namespace

std::string HashSecret(absl::string_view secret) {
  OpensslSha256 hasher;
  hasher.Update(secret);
  return std::string(AsBytes(hasher.Finish()));
}

bool EqualSecrets(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string MakeToken(Random& random) { return TokenOf(random.Bytes(32)); }

std::string DeviceToken(absl::string_view secret, absl::string_view code, absl::string_view request_id) {
  // A code has no line break when it is normalized, so no two pairs are spelled alike.
  const std::string text = absl::StrCat("doorstep-device-token-1\n", NormalizeInvitationCode(code), "\n", request_id);
  Hash hash{};
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data(), nullptr);
  return TokenOf(AsBytes(hash));
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
