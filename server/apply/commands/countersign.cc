#include "server/apply/commands/countersign.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "server/apply/commands/secrets.h"

namespace doorstep {
namespace {

void AppendNumber(uint64_t number, std::string& out) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift & 0xFF));
}

void AppendBytes(absl::string_view bytes, std::string& out) {
  AppendNumber(bytes.size(), out);
  out.append(bytes.data(), bytes.size());
}

std::string SignatureOf(const Countersigner& signer, absl::string_view device, const v1::JournalMark& mark) {
  std::string said = "doorstep-mark-1";
  AppendBytes(signer.generation, said);
  AppendBytes(device, said);
  AppendNumber(mark.epoch(), said);
  AppendNumber(mark.received_through(), said);
  AppendBytes(mark.hash(), said);
  std::array<unsigned char, EVP_MAX_MD_SIZE> signature;
  unsigned int size = 0;
  HMAC(EVP_sha256(), signer.secret.data(), static_cast<int>(signer.secret.size()),
       reinterpret_cast<const unsigned char*>(said.data()), said.size(), signature.data(), &size);
  return std::string(reinterpret_cast<const char*>(signature.data()), size);
}

}  // namespace

void Countersign(const Countersigner& signer, absl::string_view device, v1::JournalMark& mark) {
  mark.set_countersign(SignatureOf(signer, device, mark));
}

bool IsCountersigned(const Countersigner& signer, absl::string_view device, const v1::JournalMark& mark) {
  return EqualSecrets(mark.countersign(), SignatureOf(signer, device, mark));
}

}  // namespace doorstep
