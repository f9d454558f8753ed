// Judgements that are exceptions. An entry at or below the mark without a row counts.
#ifndef DOORSTEP_SERVER_STORAGE_JUDGEMENT_TABLE_H_
#define DOORSTEP_SERVER_STORAGE_JUDGEMENT_TABLE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/sync.pb.h"
#include "server/storage/sql_session.h"

namespace doorstep {

// Inserts or replaces; a replaced row's version grows by one. Returns the version.
absl::StatusOr<int64_t> WriteJudgement(SqlSession& sql, int64_t device, const v1::Judgement& judgement);
absl::StatusOr<std::optional<v1::Judgement>> FindJudgement(SqlSession& sql, int64_t device, uint64_t epoch,
                                                           uint64_t seq);
// Of one journal, seq in [first, last], by seq.
absl::StatusOr<std::vector<v1::Judgement>> JudgementsBetween(SqlSession& sql, int64_t device, uint64_t epoch,
                                                             uint64_t first_seq, uint64_t last_seq);

struct QuarantinedPosition {
  int64_t device = 0;
  uint64_t epoch = 0;
  uint64_t seq = 0;
  int64_t judged_us = 0;
};
// Entries quarantined because nobody knew this visit, by position.
absl::StatusOr<std::vector<QuarantinedPosition>> WaitingForVisit(SqlSession& sql, absl::string_view visit_id);

// Quarantined entries, oldest judgement first, those after `after`; a default `after`: from the beginning.
absl::StatusOr<std::vector<v1::Judgement>> ListQuarantined(SqlSession& sql, const QuarantinedPosition& after,
                                                           int64_t limit);
// The same with those that were dismissed. Reads the whole table: for people, not for every request.
absl::StatusOr<std::vector<v1::Judgement>> ListParked(SqlSession& sql, const QuarantinedPosition& after, int64_t limit);
// Entries quarantined for `reason`, by position.
absl::StatusOr<std::vector<v1::Judgement>> QuarantinedFor(SqlSession& sql, v1::QuarantineReason reason);
absl::StatusOr<uint64_t> CountQuarantined(SqlSession& sql);
absl::StatusOr<uint64_t> CountCopies(SqlSession& sql);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_JUDGEMENT_TABLE_H_
