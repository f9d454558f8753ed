// What must have become of the bytes that entries name: whole at the office, equal to their hash, and kept for an entry
// that names them and for no other.
#ifndef DOORSTEP_TESTS_SIM_ATTACHED_BYTES_H_
#define DOORSTEP_TESTS_SIM_ATTACHED_BYTES_H_

#include <cstdint>
#include <functional>
#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "tests/sim/sim_server.h"
#include "tests/sim/world.h"

namespace doorstep::sim {

// The content is drawn from `seed`, so that nobody has to keep it.
struct Photo {
  uint64_t seed = 0;
  size_t size = 0;
};
std::string ContentOf(const Photo& photo);
std::string Sha256(absl::string_view bytes);

// Whether the office has it whole, as its file says; a row alone says nothing.
bool IsAtOffice(SimServer& server, const std::string& sha256);

// Every attachment of the office: undamaged, of an entry that names it, and among `attached`, which somebody added.
void CheckAttachments(World& world, SimServer& server, const std::set<std::string>& attached);

}  // namespace doorstep::sim

#endif  // DOORSTEP_TESTS_SIM_ATTACHED_BYTES_H_
