// What the office holds, heard again in another order of arrival, each thing with the instant at which it was first
// heard: visits, work orders and health must come out the same.
#ifndef DOORSTEP_TESTS_SIM_ARRIVAL_ORDER_H_
#define DOORSTEP_TESTS_SIM_ARRIVAL_ORDER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client_core/base/random.h"
#include "server/storage/storage.h"

namespace doorstep::sim {

// What differs, in words; empty: nothing. `visits` and `accounts` are all there are. A fresh file stands beside the
// live one meanwhile.
absl::StatusOr<std::vector<std::string>> HearInAnotherOrder(Storage& live, const std::vector<std::string>& visits,
                                                            const std::vector<std::string>& accounts, Random& random);

}  // namespace doorstep::sim

#endif  // DOORSTEP_TESTS_SIM_ARRIVAL_ORDER_H_
