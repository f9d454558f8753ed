// The one place that decides who speaks. A caller shows a bearer token; the server knows tokens by their SHA-256 only.
// Invariant: a method that is not in the table is nobody's (deny by default), and a refused caller learns nothing but
// that it was refused.
// Thread-safe.
#ifndef DOORSTEP_SERVER_SERVICES_AUTHENTICATOR_H_
#define DOORSTEP_SERVER_SERVICES_AUTHENTICATOR_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client_core/base/mutex.h"
#include "server/feeds/scope.h"

namespace doorstep {

class Storage;

// The role that may call `method` ("/doorstep.v1.SyncService/Push"): UNIMPLEMENTED when the table has no such method.
absl::StatusOr<Role> RoleOf(absl::string_view method);

// FAILED_PRECONDITION naming the first method of `services` ("doorstep.v1.SyncService") that has no role: the server
// must not start.
absl::Status CheckEveryMethodHasARole(const std::vector<std::string>& services);

class Authenticator {
 public:
  // Makes `token_hash` the token of this principal; the one it had before stops being good. Call it when the command
  // that issued the token has been committed.
  void Admit(Role role, absl::string_view name, absl::string_view token_hash);

  // Admits every token that the file knows.
  absl::Status AdmitStored(Storage& storage);

  // `authorization` is the metadata of that name ("Bearer TOKEN"), empty when there is none. UNAUTHENTICATED without a
  // detail: no good token; PERMISSION_DENIED: good, but not for this method.
  absl::StatusOr<Scope> Authenticate(absl::string_view method, absl::string_view authorization) const;

 private:
  struct Identity {
    Role role;
    std::string name;
    std::string token_hash;
  };

  mutable Mutex mutex_;
  // By the first 8 bytes of the hash, so that finding a candidate compares nothing secret; the rest is compared in
  // constant time.
  absl::flat_hash_map<std::string, std::vector<Identity>> by_prefix_ ABSL_GUARDED_BY(mutex_);
  // "device:d7" -> the prefix its token is under.
  absl::flat_hash_map<std::string, std::string> prefix_of_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_SERVICES_AUTHENTICATOR_H_
