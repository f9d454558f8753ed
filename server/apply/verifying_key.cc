#include "server/apply/verifying_key.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "client_core/rules/frame_signature.h"

namespace doorstep {
namespace {

const unsigned char* Bytes(absl::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

EVP_PKEY* P256Key(std::string point) {
  char curve[] = "P-256";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, sizeof(curve) - 1),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
      OSSL_PARAM_construct_end(),
  };
  const std::unique_ptr<EVP_PKEY_CTX, void (*)(EVP_PKEY_CTX*)> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr), EVP_PKEY_CTX_free);
  EVP_PKEY* made = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1) return nullptr;
  // A point that is not on the curve is none.
  if (EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, const_cast<OSSL_PARAM*>(params)) != 1)
    return nullptr;
  return made;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const VerifyingKey>> VerifyingKey::Make(absl::string_view field,
                                                                       const v1::SigningKey& key) {
  RETURN_IF_ERROR(CheckSigningKey(field, key));
  const bool p256 = key.algorithm() == v1::KEY_ALGORITHM_P256;
  Handle handle(
      p256 ? P256Key(key.public_key())
           : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(key.public_key()), key.public_key().size()),
      EVP_PKEY_free);
  if (handle == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(field, ".public_key: is not a key of its algorithm"));
  }
  return std::shared_ptr<const VerifyingKey>(new VerifyingKey(key, std::move(handle)));
}

bool VerifyingKey::Verify(absl::string_view text, absl::string_view signature) const {
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const EVP_MD* const digest = key_.algorithm() == v1::KEY_ALGORITHM_P256 ? EVP_sha256() : nullptr;
  if (EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, handle_.get()) != 1) return false;
  return EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(text), text.size()) == 1;
}

}  // namespace doorstep
