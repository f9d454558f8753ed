// Promises, and what visits say about them. A promise made on one visit may be fulfilled on another.
#ifndef DOORSTEP_SERVER_STORAGE_COMMITMENT_TABLE_H_
#define DOORSTEP_SERVER_STORAGE_COMMITMENT_TABLE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/account.pb.h"
#include "doorstep/v1/fold.pb.h"
#include "server/storage/sql_session.h"

namespace doorstep {

struct CommitmentFact {
  int64_t visit = 0;
  v1::FoldFact fact;
};
absl::StatusOr<std::vector<CommitmentFact>> FactsOfCommitment(SqlSession& sql, absl::string_view commitment);
// Promises that the visit speaks about, by id.
absl::StatusOr<std::vector<std::string>> CommitmentsOfVisit(SqlSession& sql, int64_t visit);
absl::Status DeleteCommitmentFacts(SqlSession& sql, int64_t visit);
absl::Status InsertCommitmentFact(SqlSession& sql, absl::string_view commitment, int64_t visit, int64_t item,
                                  absl::string_view bytes);

struct CommitmentRow {
  int64_t account = 0;
  int64_t visit = 0;
  int64_t pending_until_us = 0;  // 0: not pending.
  v1::Commitment commitment;
};
absl::StatusOr<std::optional<CommitmentRow>> FindCommitment(SqlSession& sql, absl::string_view id);
absl::Status WriteCommitment(SqlSession& sql, const CommitmentRow& row);
absl::Status DeleteCommitment(SqlSession& sql, absl::string_view id);
// By due time, then id. `state` 0: any.
absl::StatusOr<std::vector<v1::Commitment>> CommitmentsOfAccount(SqlSession& sql, int64_t account, int64_t state);
// As PendingVisitsOfDevice: promises made on visits of the device's technicians, due in (from_us, to_us].
absl::StatusOr<std::vector<std::string>> PendingCommitmentsOfDevice(SqlSession& sql, int64_t device, int64_t from_us,
                                                                    int64_t to_us);
// Open promises with a due time made on visits on which the technician is expected.
absl::StatusOr<std::vector<std::string>> OpenCommitmentsOfTechnician(SqlSession& sql, absl::string_view technician);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_COMMITMENT_TABLE_H_
