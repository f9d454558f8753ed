// What people record: some fact, a decision about one that was recorded before, a photo or a signature.
#ifndef DOORSTEP_TESTS_SIM_TAPS_H_
#define DOORSTEP_TESTS_SIM_TAPS_H_

#include <vector>

#include "doorstep/v1/types.pb.h"
#include "doorstep/v1/visit.pb.h"
#include "tests/sim/attached_bytes.h"
#include "tests/sim/sim_phone.h"
#include "tests/sim/world.h"

namespace doorstep::sim {

class Taps {
 public:
  explicit Taps(World* world) : world_(world) {}

  v1::LogEntry SomeFact();
  // Corrects or retracts the entry at `target`.
  v1::LogEntry Deciding(const v1::JournalPosition& target);
  Attachment SomeAttachment();

 private:
  World* const world_;
  std::vector<Photo> photos_;  // That somebody took before.
};

}  // namespace doorstep::sim

#endif  // DOORSTEP_TESTS_SIM_TAPS_H_
