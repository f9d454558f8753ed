// Who may see what, decided here from the visits alone and with no code of the feeds: every visit's instructions are
// marked, and no mark of a visit that is not theirs may reach a phone.
#ifndef DOORSTEP_TESTS_SIM_SCOPE_CHECK_H_
#define DOORSTEP_TESTS_SIM_SCOPE_CHECK_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/storage/storage.h"

namespace doorstep::sim {

// Visits that were made of others, whose instructions they have, and some of whose facts.
class VisitCopies {
 public:
  void Note(const std::string& original, const std::string& copy) { original_of_[copy] = original; }
  // The first original.
  std::string RootOf(const std::string& visit) const;
  // `root` and all that was made of it.
  std::vector<std::string> Family(const std::string& root) const;

 private:
  std::map<std::string, std::string> original_of_;
};

// What stands in the instructions of a visit.
std::string Canary(const std::string& visit);

// The visits of `all` that the technician is expected on, as the office holds them, by id.
absl::StatusOr<std::map<std::string, std::string>> VisitsOf(SqlSession& sql, const std::vector<std::string>& all,
                                                            const std::string& technician);

// Whether no phone need keep the visit: nobody has planned it, and by the clocks of those who worked on it, which may
// be wrong, its day lies a week back or two ahead.
bool IsOfAnotherWeek(const std::string& visit, int64_t now_us);

// An error names the visit that an answer shows to a device of which nobody is expected on it, nor on one of those that
// were made of it.
absl::Status CheckAnswerScope(Storage& storage, const VisitCopies& copies, const std::string& device,
                              absl::string_view method, const std::string& answer);

}  // namespace doorstep::sim

#endif  // DOORSTEP_TESTS_SIM_SCOPE_CHECK_H_
