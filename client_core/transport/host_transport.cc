#include "client_core/transport/host_transport.h"

#include <utility>

namespace doorstep {

HostTransport::HostTransport(Callbacks callbacks) : callbacks_(std::move(callbacks)) {}

HostTransport::~HostTransport() {
  std::unordered_map<uint64_t, Done> left;
  {
    MutexLock lock(&mutex_);
    left.swap(waiting_);
  }
  if (!callbacks_.cancel) return;
  for (const auto& [id, done] : left) callbacks_.cancel(id);
}

void HostTransport::Start(uint64_t id, UnaryCall call, Done done) {
  {
    MutexLock lock(&mutex_);
    waiting_.emplace(id, std::move(done));
  }
  // Outside the lock: the host may complete the call at once.
  callbacks_.start(id, call);
}

void HostTransport::Cancel(uint64_t id) {
  {
    MutexLock lock(&mutex_);
    if (waiting_.erase(id) == 0) return;
  }
  if (callbacks_.cancel) callbacks_.cancel(id);
}

void HostTransport::Complete(uint64_t id, absl::Status status, std::string answer) {
  Done done;
  {
    MutexLock lock(&mutex_);
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) return;
    done = std::move(found->second);
    waiting_.erase(found);
  }
  done(std::move(status), std::move(answer));
}

}  // namespace doorstep
