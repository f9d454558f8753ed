// What an administrator decides about parked entries: judge them again, record one anew, set one aside. First halves,
// as in dispatch_commands.h.
#ifndef DOORSTEP_SERVER_APPLY_COMMANDS_QUARANTINE_COMMANDS_H_
#define DOORSTEP_SERVER_APPLY_COMMANDS_QUARANTINE_COMMANDS_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "doorstep/v1/admin_service.pb.h"
#include "server/apply/transaction.h"

namespace doorstep {

absl::Status CheckFields(const v1::ReplayQuarantinedRequest& request);
absl::Status CheckFields(const v1::RepairQuarantinedRequest& request);
absl::Status CheckFields(const v1::DismissQuarantinedRequest& request);

// Entries that would be judged as they are leave no trace.
absl::StatusOr<v1::ReplayQuarantinedResponse> RunCommand(const v1::ReplayQuarantinedRequest& request, Transaction& tx);
absl::StatusOr<v1::RepairQuarantinedResponse> RunCommand(const v1::RepairQuarantinedRequest& request, Transaction& tx);
absl::StatusOr<v1::DismissQuarantinedResponse> RunCommand(const v1::DismissQuarantinedRequest& request,
                                                          Transaction& tx);

// Of the judgements of parked entries, those whose reason lies in the entry's bytes and that this program would judge
// otherwise: what a newer program has to judge again when it starts.
absl::StatusOr<std::vector<v1::JournalPosition>> JudgedOtherwiseNow(SqlSession& sql,
                                                                    const std::vector<v1::Judgement>& parked);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_COMMANDS_QUARANTINE_COMMANDS_H_
