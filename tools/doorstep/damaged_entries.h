// Entries whose bytes on the server's disk are no longer what the phone sent. A command shows them among the others
// and fails at its end, so that nobody takes what it printed for the whole.
#ifndef DOORSTEP_TOOLS_DOORSTEP_DAMAGED_ENTRIES_H_
#define DOORSTEP_TOOLS_DOORSTEP_DAMAGED_ENTRIES_H_

#include <vector>

#include "absl/status/status.h"
#include "doorstep/v1/admin_service.pb.h"
#include "doorstep/v1/dispatch_service.pb.h"

namespace doorstep::cli {

bool IsDamaged(const v1::ReceivedEntry& entry);
bool IsDamaged(const v1::VisitLogItem& item);
bool IsDamaged(const v1::QuarantinedEntry& entry);

// OK when there are none; else DATA_LOSS that names them, those in a row as one, with what to do.
absl::Status DamageError(std::vector<v1::JournalPosition> damaged);
absl::Status DamageError(const v1::GetVisitLogResponse& log);

}  // namespace doorstep::cli

#endif  // DOORSTEP_TOOLS_DOORSTEP_DAMAGED_ENTRIES_H_
