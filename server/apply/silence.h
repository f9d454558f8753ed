// Silence is not a miss: whether a phone that could still tell us otherwise has not reported past an instant.
#ifndef DOORSTEP_SERVER_APPLY_SILENCE_H_
#define DOORSTEP_SERVER_APPLY_SILENCE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "doorstep/v1/visit.pb.h"
#include "server/apply/group.h"

namespace doorstep {

// True when one of the ACTIVE phones of those expected on `visit` has not reported past `instant_us`.
absl::StatusOr<bool> IsSilent(Group& group, const v1::Visit& visit, int64_t instant_us);

// True when somebody expected on `visit` has an ACTIVE phone.
absl::StatusOr<bool> HasPhone(Group& group, const v1::Visit& visit);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_SILENCE_H_
