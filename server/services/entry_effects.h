// What one journal entry moved in its account's health, in plain words.
#ifndef DOORSTEP_SERVER_SERVICES_ENTRY_EFFECTS_H_
#define DOORSTEP_SERVER_SERVICES_ENTRY_EFFECTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "doorstep/v1/admin_service.pb.h"
#include "doorstep/v1/visit.pb.h"
#include "server/storage/sql_session.h"

namespace doorstep {

// One line a contribution that rests on this entry, the largest first; one line saying why when there is none. `day` is
// the civil day on which the health is asked for.
absl::StatusOr<std::vector<std::string>> EffectsOfEntry(SqlSession& sql, const v1::ReceivedEntry& received,
                                                        const v1::Visit& visit, int32_t day);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_SERVICES_ENTRY_EFFECTS_H_
