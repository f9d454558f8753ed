// A transport that the host app carries: calls go out through the host's callbacks and come back with Complete.
// Invariant: every call is completed at most once; what the host completes late, twice or for nobody is ignored.
#ifndef DOORSTEP_CLIENT_CORE_TRANSPORT_HOST_TRANSPORT_H_
#define DOORSTEP_CLIENT_CORE_TRANSPORT_HOST_TRANSPORT_H_

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>

#include "absl/status/status.h"
#include "client_core/base/mutex.h"
#include "client_core/transport/transport.h"

namespace doorstep {

class HostTransport final : public Transport {
 public:
  struct Callbacks {
    // Begins a call and returns at once; may complete it before returning.
    std::function<void(uint64_t id, const UnaryCall& call)> start;
    // May be empty.
    std::function<void(uint64_t id)> cancel;
  };

  explicit HostTransport(Callbacks callbacks);
  // The host must not call Complete any more, and none may be running.
  ~HostTransport() override;

  void Start(uint64_t id, UnaryCall call, Done done) override;
  void Cancel(uint64_t id) override;

  // The host's answer to call `id`, from any thread.
  void Complete(uint64_t id, absl::Status status, std::string answer);

 private:
  const Callbacks callbacks_;
  Mutex mutex_;
  std::unordered_map<uint64_t, Done> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_TRANSPORT_HOST_TRANSPORT_H_
