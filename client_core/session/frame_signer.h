// Who signs this phone's frames: the app, with a key in the phone's secure hardware, or else the core itself, with one
// that is kept beside the token.
#ifndef DOORSTEP_CLIENT_CORE_SESSION_FRAME_SIGNER_H_
#define DOORSTEP_CLIENT_CORE_SESSION_FRAME_SIGNER_H_

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "client_core/base/random.h"
#include "client_core/session/serial_queue.h"
#include "client_core/store/local_store.h"
#include "doorstep/v1/sync.pb.h"

namespace doorstep {

// The app's signer. `sign` may take seconds; it runs on a thread kept for it, one call at a time.
struct HostSigner {
  v1::SigningKey key;
  std::function<absl::StatusOr<std::string>(const std::string& text)> sign;
};

class FrameSigner {
 public:
  using Done = std::function<void(absl::StatusOr<std::string>)>;

  // Borrowed: they outlive this object. On the core's queue only, as all below.
  FrameSigner(std::optional<HostSigner> host, LocalStore* store, Random* random);

  // What a Hello tells. Errors as LocalStore::SigningSeed.
  absl::StatusOr<v1::SigningKey> Key();

  // True: SignLater; false: SignNow.
  bool is_hosts() const { return host_.has_value(); }
  // By the core's own key. Errors as Key.
  absl::StatusOr<std::string> SignNow(const std::string& text);
  // By the app. `done` runs on the app's thread for it, or at once with UNAVAILABLE when the app has not answered the
  // last time yet.
  void SignLater(std::string text, Done done);

 private:
  absl::StatusOr<std::string> Ask(const std::string& text);

  const std::optional<HostSigner> host_;
  LocalStore* const store_;
  Random* const random_;
  std::atomic<bool> busy_ = false;
  std::unique_ptr<SerialQueue> thread_;  // Null: not the app's to sign. Last: its tasks use the rest.
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_SESSION_FRAME_SIGNER_H_
