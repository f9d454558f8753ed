// The public key of a device, ready to check what it signed.
#ifndef DOORSTEP_SERVER_APPLY_VERIFYING_KEY_H_
#define DOORSTEP_SERVER_APPLY_VERIFYING_KEY_H_

#include <openssl/evp.h>

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/sync.pb.h"

namespace doorstep {

// Thread-safe.
class VerifyingKey {
 public:
  // INVALID_ARGUMENT naming `field`: not a key of its algorithm, such as a point that is not on the curve.
  static absl::StatusOr<std::shared_ptr<const VerifyingKey>> Make(absl::string_view field, const v1::SigningKey& key);

  const v1::SigningKey& key() const { return key_; }
  // Whether `signature` is this key's over `text`.
  bool Verify(absl::string_view text, absl::string_view signature) const;

 private:
  using Handle = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;
  VerifyingKey(v1::SigningKey key, Handle handle) : key_(std::move(key)), handle_(std::move(handle)) {}

  const v1::SigningKey key_;
  const Handle handle_;
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_VERIFYING_KEY_H_
