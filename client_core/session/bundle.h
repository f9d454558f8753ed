// Everything that is only on this phone, as a file that somebody can carry to the office.
#ifndef DOORSTEP_CLIENT_CORE_SESSION_BUNDLE_H_
#define DOORSTEP_CLIENT_CORE_SESSION_BUNDLE_H_

#include "absl/status/statusor.h"
#include "client_core/base/clock.h"
#include "client_core/store/local_store.h"
#include "doorstep/v1/client.pb.h"

namespace doorstep {

// Without `status`. Changes nothing here: the office is not known to have what was handed over until it says so.
// FAILED_PRECONDITION: not enrolled.
absl::StatusOr<v1::Bundle> MakeBundle(const ClockReading& now, LocalStore& store);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_SESSION_BUNDLE_H_
