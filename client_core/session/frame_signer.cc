#include "client_core/session/frame_signer.h"

#include <sodium.h>

#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "client_core/rules/frame_signature.h"

namespace doorstep {
namespace {

static_assert(kEd25519SeedBytes == crypto_sign_SEEDBYTES);
static_assert(kEd25519KeyBytes == crypto_sign_PUBLICKEYBYTES);
static_assert(kEd25519SignatureBytes == crypto_sign_BYTES);

// The pair that belongs to a seed. The secret half does not outlive it.
class Ed25519Pair {
 public:
  explicit Ed25519Pair(const std::string& seed) {
    crypto_sign_seed_keypair(public_, secret_, reinterpret_cast<const unsigned char*>(seed.data()));
  }
  ~Ed25519Pair() { sodium_memzero(secret_, sizeof(secret_)); }
  Ed25519Pair(const Ed25519Pair&) = delete;
  Ed25519Pair& operator=(const Ed25519Pair&) = delete;

  std::string public_key() const { return std::string(reinterpret_cast<const char*>(public_), sizeof(public_)); }
  std::string Sign(const std::string& text) const {
    std::string signature(kEd25519SignatureBytes, '\0');
    crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr,
                         reinterpret_cast<const unsigned char*>(text.data()), text.size(), secret_);
    return signature;
  }

 private:
  unsigned char public_[crypto_sign_PUBLICKEYBYTES];
  unsigned char secret_[crypto_sign_SECRETKEYBYTES];
};

}  // namespace

FrameSigner::FrameSigner(std::optional<HostSigner> host, LocalStore* store, Random* random)
    : host_(std::move(host)), store_(store), random_(random) {
  if (host_.has_value()) thread_ = std::make_unique<SerialQueue>([] {});
}

absl::StatusOr<v1::SigningKey> FrameSigner::Key() {
  if (host_.has_value()) return host_->key;
  ASSIGN_OR_RETURN(const std::string seed, store_->SigningSeed(*random_));
  v1::SigningKey key;
  key.set_algorithm(v1::KEY_ALGORITHM_ED25519);
  key.set_public_key(Ed25519Pair(seed).public_key());
  return key;
}

absl::StatusOr<std::string> FrameSigner::SignNow(const std::string& text) {
  ASSIGN_OR_RETURN(const std::string seed, store_->SigningSeed(*random_));
  return Ed25519Pair(seed).Sign(text);
}

// What is thrown must not leave the phone without a signer until it is started anew.
absl::StatusOr<std::string> FrameSigner::Ask(const std::string& text) {
  try {
    return host_->sign(text);
  } catch (const std::exception& e) {
    return absl::UnavailableError(absl::StrCat("the app's signer failed: ", e.what()));
  }
}

void FrameSigner::SignLater(std::string text, Done done) {
  // An app that does not answer is asked no second time, or its calls would pile up.
  if (busy_.exchange(true)) return done(absl::UnavailableError("the app's signer has not answered yet"));
  thread_->Post(Urgency::kNetwork, [this, text = std::move(text), done = std::move(done)] {
    absl::StatusOr<std::string> signature = Ask(text);
    busy_ = false;
    done(std::move(signature));
  });
}

}  // namespace doorstep
