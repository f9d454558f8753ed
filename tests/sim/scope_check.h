// Who may see what, decided here from the visits alone and with no code of the feeds: every visit's instructions are
// marked, and no mark of a visit that is not theirs may reach a phone.
#ifndef DOORSTEP_TESTS_SIM_SCOPE_CHECK_H_
#define DOORSTEP_TESTS_SIM_SCOPE_CHECK_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/storage/storage.h"

namespace doorstep::sim {

// What stands in the instructions of a visit.
std::string Canary(const std::string& visit);

// The visits of `all` that the technician is expected on, as the office holds them, by id.
absl::StatusOr<std::map<std::string, std::string>> VisitsOf(SqlSession& sql, const std::vector<std::string>& all,
                                                            const std::string& technician);

// An error names the visit that an answer shows to a device of which nobody is expected on it.
absl::Status CheckAnswerScope(Storage& storage, const std::string& device, absl::string_view method,
                              const std::string& answer);

}  // namespace doorstep::sim

#endif  // DOORSTEP_TESTS_SIM_SCOPE_CHECK_H_
