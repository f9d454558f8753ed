// Reads what can be read of a damaged journal: every row by itself, so that one bad page costs only what stood on it,
// also when it is one that led to others.
#ifndef DOORSTEP_CLIENT_CORE_STORE_SALVAGE_H_
#define DOORSTEP_CLIENT_CORE_STORE_SALVAGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client_core/sqlite/database.h"
#include "client_core/store/journal.h"
#include "doorstep/v1/enrollment_service.pb.h"

namespace doorstep {

struct Salvaged {
  std::optional<v1::EnrollResponse> identity;
  std::vector<EpochMarks> epochs;
  std::vector<Journal::Row> rows;  // In journal order. Each is what was recorded, as far as its chain can tell.
  uint64_t unreadable = 0;         // Rows that are known to have been there.
  // Others may have been there too: where the rows of an epoch end could not be read.
  bool may_lack_more = false;
  // By what the phone is woken; empty: it has none any more. Absent: it never had any, or it cannot be read.
  std::optional<std::string> push_token;
};

// `options` names the file that was set aside. `kept` is the copy of the identity, used for what the file itself does
// not tell. Never fails: what cannot be read is counted.
Salvaged ReadDamagedJournal(const sqlite::OpenOptions& options, const std::optional<v1::EnrollResponse>& kept);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_STORE_SALVAGE_H_
