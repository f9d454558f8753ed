// Does this phone have what it takes for a day without a network? Answered from what is here, with what is missing and
// why, and with the age of the proof: nobody offline can know more.
#ifndef DOORSTEP_CLIENT_CORE_STORE_READINESS_H_
#define DOORSTEP_CLIENT_CORE_STORE_READINESS_H_

#include "absl/status/statusor.h"
#include "client_core/base/clock.h"
#include "client_core/store/local_store.h"
#include "doorstep/v1/client.pb.h"

namespace doorstep {

// Without `sync` and `sync_error`. INVALID_ARGUMENT: no such day. FAILED_PRECONDITION: not enrolled.
absl::StatusOr<v1::Readiness> CheckReadiness(const v1::ReadinessRequest& request, const ClockReading& now,
                                             LocalStore& store);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_STORE_READINESS_H_
