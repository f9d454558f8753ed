// What happens to an entry between the tap and the journal: the core adds the time it saw, and advises.
// Invariant: a fact is never refused because of the visit's state, nor because something about it could not be read.
#ifndef DOORSTEP_CLIENT_CORE_SESSION_RECORDER_H_
#define DOORSTEP_CLIENT_CORE_SESSION_RECORDER_H_

#include "absl/status/statusor.h"
#include "client_core/base/clock.h"
#include "client_core/base/random.h"
#include "client_core/store/local_store.h"
#include "doorstep/v1/client.pb.h"

namespace doorstep {

// Durable when it returns OK. FAILED_PRECONDITION: not enrolled. INVALID_ARGUMENT names field and bound, and
// RESOURCE_EXHAUSTED says that the disk is full; nothing is recorded then.
absl::StatusOr<v1::AppendResponse> Record(v1::AppendRequest request, const ClockReading& now, Random& random,
                                          LocalStore& store);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_SESSION_RECORDER_H_
