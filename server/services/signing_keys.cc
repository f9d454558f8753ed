#include "server/services/signing_keys.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/planted_bug.h"
#include "client_core/base/status.h"
#include "client_core/rules/frame_signature.h"
#include "server/storage/signing_key_table.h"
#include "server/storage/storage.h"

namespace doorstep {

absl::Status SigningKeys::TakeStored(Storage& storage, const LogSink& log) {
  return storage.Read("signing keys", [&](SqlSession& sql) -> absl::Status {
    ASSIGN_OR_RETURN(const auto stored, CurrentSigningKeys(sql));
    for (const auto& [device, key] : stored) {
      if (key.algorithm() == v1::KEY_ALGORITHM_UNSPECIFIED) continue;
      auto verifying = VerifyingKey::Make(absl::StrCat("table signing_key: device ", device), key);
      if (!verifying.ok()) {
        Log(log, LogLevel::kError, absl::StrCat(verifying.status().message(), "; its phone is asked for it again"));
      }
      Take(device, verifying.ok() ? *std::move(verifying) : nullptr);
    }
    return absl::OkStatus();
  });
}

void SigningKeys::Take(absl::string_view device, std::shared_ptr<const VerifyingKey> key) {
  MutexLock lock(&mutex_);
  by_device_[std::string(device)] = std::move(key);
}

void SigningKeys::Drop(absl::string_view device) {
  MutexLock lock(&mutex_);
  by_device_.erase(std::string(device));
}

std::optional<std::shared_ptr<const VerifyingKey>> SigningKeys::Find(absl::string_view device) const {
  MutexLock lock(&mutex_);
  const auto found = by_device_.find(std::string(device));
  if (found == by_device_.end()) return std::nullopt;
  return found->second;
}

bool SigningKeys::Counts(absl::string_view device, const v1::SigningKey& key) const {
  const auto known = Find(device);
  if (key.algorithm() == v1::KEY_ALGORITHM_UNSPECIFIED) return !known.has_value();
  return known.has_value() && *known != nullptr && (*known)->key().algorithm() == key.algorithm() &&
         (*known)->key().public_key() == key.public_key();
}

absl::Status SigningKeys::Check(absl::string_view device, const OpenedFrame& frame) const {
  const auto known = Find(device);
  if (!known.has_value() || Planted("signature_unchecked")) return absl::OkStatus();
  if (*known != nullptr && (*known)->Verify(SignedText(frame.header), frame.signature)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("frame.signature: ", frame.signature.empty() ? "is missing" : "is not by the key", " of device \"",
                   device, "\"; a Hello that tells another key makes it known"));
}

}  // namespace doorstep
