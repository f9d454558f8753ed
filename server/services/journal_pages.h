// Journals and quarantine as an administrator pages through them.
#ifndef DOORSTEP_SERVER_SERVICES_JOURNAL_PAGES_H_
#define DOORSTEP_SERVER_SERVICES_JOURNAL_PAGES_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "doorstep/v1/admin_service.pb.h"
#include "server/storage/sql_session.h"

namespace doorstep {

// INVALID_ARGUMENT names field and bound; NOT_FOUND: no such device.
absl::Status ReadJournal(SqlSession& sql, const v1::GetJournalRequest& request, v1::GetJournalResponse& response);

absl::Status ReadQuarantine(SqlSession& sql, const v1::ListQuarantineRequest& request,
                            v1::ListQuarantineResponse& response);

// Also of one that was dismissed. NOT_FOUND: the entry was not received, or is not parked.
absl::StatusOr<v1::QuarantinedEntry> ReadQuarantined(SqlSession& sql, const v1::JournalPosition& position);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_SERVICES_JOURNAL_PAGES_H_
