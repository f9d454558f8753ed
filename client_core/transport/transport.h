// How the phone core calls its server: one asynchronous unary call, and a stream of messages where there is one. Three
// implementations: the built-in gRPC one, one that the host app carries over its own gRPC, and those of tests and
// simulations.
#ifndef DOORSTEP_CLIENT_CORE_TRANSPORT_TRANSPORT_H_
#define DOORSTEP_CLIENT_CORE_TRANSPORT_TRANSPORT_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"

namespace doorstep {

struct UnaryCall {
  std::string method;         // "/doorstep.v1.SyncService/Push"
  std::string authorization;  // Metadata value, "Bearer ..."; empty: none is sent. Secret.
  std::string request;        // The serialized message.
  uint32_t deadline_ms = 0;   // From now. 1 and up.
};

// Thread-safe.
class Transport {
 public:
  // The server's status and, when OK, the serialized answer.
  using Done = std::function<void(absl::Status, std::string answer)>;

  // Cancels what is in flight and waits for running `Done`s to return; none runs afterwards.
  virtual ~Transport() = default;

  // Begins a call and returns at once. `done` runs at most once, on any thread, possibly before Start returns, and must
  // not block. `id` names the call for Cancel and is never used twice.
  virtual void Start(uint64_t id, UnaryCall call, Done done) = 0;

  // One message of a stream, serialized.
  using Message = std::function<void(std::string message)>;

  // Whether Watch works here. A host that carries the calls itself says what it hears with doorstep_notify.
  virtual bool CanWatch() const { return false; }
  // Begins a call that is answered by a stream. `message` runs for each message, one after another and never beside
  // `done`, which runs once at the end. For both, and for `id`, the same holds as for Start.
  virtual void Watch(uint64_t /*id*/, UnaryCall /*call*/, Message /*message*/, Done /*done*/) {}

  // Nobody waits for this call any more: what was given to it may still run, with any status. Unknown ids are ignored.
  virtual void Cancel(uint64_t id) = 0;
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_TRANSPORT_TRANSPORT_H_
