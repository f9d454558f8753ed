// With what each device signs, in memory, so that a frame is checked on the thread that took it.
// Invariant: what is here has been committed.
// Thread-safe.
#ifndef DOORSTEP_SERVER_SERVICES_SIGNING_KEYS_H_
#define DOORSTEP_SERVER_SERVICES_SIGNING_KEYS_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "client_core/base/log.h"
#include "client_core/base/mutex.h"
#include "client_core/rules/frame_codec.h"
#include "doorstep/v1/sync.pb.h"
#include "server/apply/verifying_key.h"

namespace doorstep {

class Storage;

class SigningKeys {
 public:
  // Takes every key that the file knows. Of one that is damaged, or of a newer server, the log says so, and the
  // device's frames wait until it has told its key again.
  absl::Status TakeStored(Storage& storage, const LogSink& log);
  // This one counts from now on. Call it when the command that noted it has been committed.
  void Take(absl::string_view device, std::shared_ptr<const VerifyingKey> key);

  // It signs no more.
  void Drop(absl::string_view device);

  // Whether it is the one that counts. An empty key: whether none does.
  bool Counts(absl::string_view device, const v1::SigningKey& key) const;

  // FAILED_PRECONDITION: the device has told a key, and the frame is not signed by it: a Hello may tell another.
  absl::Status Check(absl::string_view device, const OpenedFrame& frame) const;

 private:
  // Absent: the device has told none. Null: it has, and nobody can read it.
  std::optional<std::shared_ptr<const VerifyingKey>> Find(absl::string_view device) const;

  mutable Mutex mutex_;
  absl::flat_hash_map<std::string, std::shared_ptr<const VerifyingKey>> by_device_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_SERVICES_SIGNING_KEYS_H_
