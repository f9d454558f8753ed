// What a phone's calls do, whatever carries them: enrolment, frames up, feeds down. sync_service.cc and
// enrollment_service.cc carry them over gRPC, simulations over a network of their own.
// `done` is called once, on any thread, possibly before the call returns; a request lives until then.
#ifndef DOORSTEP_SERVER_SERVICES_SYNC_CALLS_H_
#define DOORSTEP_SERVER_SERVICES_SYNC_CALLS_H_

#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"
#include "doorstep/v1/enrollment_service.pb.h"
#include "doorstep/v1/sync.pb.h"
#include "server/feeds/scope.h"
#include "server/services/parts.h"

namespace doorstep {

class HintStream;

template <typename Response>
using CallDone = std::function<void(absl::StatusOr<Response>)>;

// An invitation becomes a device, whose token is good from now on.
void EnrollCall(const ServerParts& parts, const v1::EnrollRequest& request, CallDone<v1::EnrollResponse> done);
// `scope` is the device's. PERMISSION_DENIED: it is blocked.
void HelloCall(const ServerParts& parts, const Scope& scope, const v1::HelloRequest& request,
               CallDone<v1::HelloResponse> done);
void PushCall(const ServerParts& parts, const Scope& scope, const v1::PushRequest& request,
              CallDone<v1::PushResponse> done);
// PERMISSION_DENIED: also any feed but the device's own.
absl::StatusOr<v1::PullResponse> PullCall(const ServerParts& parts, const Scope& scope, const v1::PullRequest& request);
// Gives `stream` to the hub, which ends it from then on; `id` is set before anything is sent to it. An error: the hub
// has not taken it; RESOURCE_EXHAUSTED when there are too many.
absl::Status WatchCall(const ServerParts& parts, const Scope& scope, HintStream* stream, uint64_t& id);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_SERVICES_SYNC_CALLS_H_
