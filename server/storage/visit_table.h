// Visits: what the fold made of them, what it made it from, and the columns that are searched.
#ifndef DOORSTEP_SERVER_STORAGE_VISIT_TABLE_H_
#define DOORSTEP_SERVER_STORAGE_VISIT_TABLE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/storage/sql_session.h"

namespace doorstep {

// The searched columns of a visit; their meaning stands in migrations/0001_first.sql.
struct VisitColumns {
  int64_t account = 0;
  int64_t work_order = 0;  // 0: none.
  int64_t kind = 0;
  int64_t state = 0;
  int64_t version = 0;
  int64_t attention = 0;
  int64_t time_us = 0;
  int64_t day = 0;
  int64_t began_us = 0;
  int64_t began_day = 0;
  int64_t ended_us = 0;
  int64_t ended_day = 0;
  int64_t outcome = 0;
  std::string asset;
  std::string fault;
  bool operator==(const VisitColumns&) const = default;
};

struct VisitRow {
  int64_t n = 0;
  VisitColumns columns;
  std::string chain;             // Empty: none.
  int64_t pending_until_us = 0;  // 0: not pending.
  std::string bytes;             // A Visit.
  std::string fold;              // A FoldInput.
};

// 0: no such visit.
absl::StatusOr<int64_t> FindVisitNumber(SqlSession& sql, absl::string_view id);
absl::StatusOr<std::optional<VisitRow>> FindVisit(SqlSession& sql, absl::string_view id);
// Only the bytes of the Visit; empty: no such visit.
absl::StatusOr<std::string> FindVisitBytes(SqlSession& sql, absl::string_view id);
absl::StatusOr<std::optional<VisitRow>> FindVisitByNumber(SqlSession& sql, int64_t n);

// 0: there are none.
absl::StatusOr<int64_t> LastVisitNumber(SqlSession& sql);
absl::Status InsertVisit(SqlSession& sql, absl::string_view id, const VisitRow& row);
// `before` is what the row holds now: columns that stand in an index are written only when they change.
absl::Status UpdateVisit(SqlSession& sql, const VisitRow& row, const VisitRow& before);
// The same in two halves: all but both messages (nothing, when nothing of it changed), and they.
absl::Status UpdateVisitColumns(SqlSession& sql, const VisitRow& row, const VisitRow& before);
absl::Status UpdateVisitMessages(SqlSession& sql, int64_t n, absl::string_view bytes, absl::string_view fold);
absl::Status SetVisitChain(SqlSession& sql, int64_t n, absl::string_view chain);
// 0: not pending.
absl::Status SetVisitPending(SqlSession& sql, int64_t n, int64_t pending_until_us);

// A visit of a work order or of a repair chain, as far as roll-up and reliability read it.
struct VisitSummary {
  int64_t n = 0;
  std::string id;
  VisitColumns columns;
  std::string chain;
};
absl::StatusOr<std::vector<VisitSummary>> VisitsOfWorkOrder(SqlSession& sql, int64_t work_order);
absl::StatusOr<std::vector<VisitSummary>> VisitsOfChain(SqlSession& sql, int64_t account, absl::string_view chain);
// Every visit that began, with its chain, of one account (0: of all), by account and chain.
absl::StatusOr<std::vector<VisitSummary>> VisitsInChains(SqlSession& sql, int64_t account);
// The visits of the account that ended last, newest first.
struct EndedVisit {
  std::string id;
  int64_t ended_day = 0;
  int64_t outcome = 0;
  std::string fault;
};
absl::StatusOr<std::vector<EndedVisit>> LastEndedVisits(SqlSession& sql, int64_t account, int64_t limit);

// Visits whose promised window, of which nothing is known, ends in (from_us, to_us] and on which one of the device's
// technicians is expected.
absl::StatusOr<std::vector<int64_t>> PendingVisitsOfDevice(SqlSession& sql, int64_t device, int64_t from_us,
                                                           int64_t to_us);
// Visits on which the technician is expected and whose promised window waits like that or was missed.
absl::StatusOr<std::vector<int64_t>> UnmetVisitsOfTechnician(SqlSession& sql, absl::string_view technician);

struct VisitFilter {
  int64_t account = 0;        // 0: any.
  std::string technician_id;  // Empty: any.
  int64_t state = 0;          // 0: any.
  int64_t from_us = 0;        // With `to_us`: planned (else actual) time in [from, to). Both 0: any.
  int64_t to_us = 0;
  // An attention flag is raised, and it is not only that the visit did not fix what a later one of its order did.
  bool needs_attention = false;
};
struct VisitListItem {
  int64_t n = 0;
  std::string bytes;
};
// In the order of creation, those after number `after_n`.
absl::StatusOr<std::vector<VisitListItem>> ListVisits(SqlSession& sql, const VisitFilter& filter, int64_t after_n,
                                                      int64_t limit);
// Visits of one work order, in the order of creation.
absl::StatusOr<std::vector<std::string>> VisitBytesOfWorkOrder(SqlSession& sql, int64_t work_order);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_VISIT_TABLE_H_
