// Which entries of this phone its later ones correct or take back, for the words in which an entry is shown. As the
// fold does it: what was itself taken back or corrected decides about nothing, nor does what the office has judged not
// to count. What is not judged yet decides, as it does on the screen.
#ifndef DOORSTEP_CLIENT_CORE_STORE_OWN_DECISIONS_H_
#define DOORSTEP_CLIENT_CORE_STORE_OWN_DECISIONS_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "client_core/store/journal.h"
#include "doorstep/v1/client.pb.h"

namespace doorstep {

class Replica;

class OwnDecisions {
 public:
  // Reads the journal behind entry `after_seq` of `epoch`: an entry is decided about by later ones only.
  static absl::StatusOr<OwnDecisions> Read(Journal& journal, const Replica& replica, uint64_t epoch,
                                           uint64_t after_seq);

  struct Decision {
    v1::JournalPosition by;
    bool retracts = false;  // Else it corrects.
    // False: the office has recorded something else in place of an entry on which this rests.
    bool sure = true;
    // "corrected by d7.2.419".
    std::string Words() const;
  };
  // Null: nothing decides about the entry, under either of its positions.
  const Decision* About(const v1::EntryStatus& entry) const;

 private:
  std::map<std::string, Decision> by_target_;
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_STORE_OWN_DECISIONS_H_
