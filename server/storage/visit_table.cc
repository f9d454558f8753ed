#include "server/storage/visit_table.h"

#include <tuple>
#include <utility>

#include "client_core/base/status.h"
#include "doorstep/v1/health.pb.h"
#include "doorstep/v1/visit.pb.h"

namespace doorstep {
namespace {

// The columns from `first` on: account, work_order, kind, state, version, attention, time_us, day, began_us, began_day,
// ended_us, ended_day, outcome, asset, fault.
VisitColumns ReadColumns(const Query& query, int first) {
  VisitColumns c;
  c.account = query.Int(first);
  c.work_order = query.Int(first + 1);  // NULL reads as 0.
  c.kind = query.Int(first + 2);
  c.state = query.Int(first + 3);
  c.version = query.Int(first + 4);
  c.attention = query.Int(first + 5);
  c.time_us = query.Int(first + 6);
  c.day = query.Int(first + 7);
  c.began_us = query.Int(first + 8);
  c.began_day = query.Int(first + 9);
  c.ended_us = query.Int(first + 10);
  c.ended_day = query.Int(first + 11);
  c.outcome = query.Int(first + 12);
  c.asset = std::string(query.Text(first + 13));
  c.fault = std::string(query.Text(first + 14));
  return c;
}

absl::StatusOr<std::optional<VisitRow>> ReadRow(Query& query) {
  ASSIGN_OR_RETURN(const bool found, query.Step());
  if (!found) return std::optional<VisitRow>();
  VisitRow row;
  row.n = query.Int(0);
  row.chain = std::string(query.Text(1));
  row.columns = ReadColumns(query, 2);
  row.bytes = std::string(query.Blob(17));
  row.fold = std::string(query.Blob(18));
  row.pending_until_us = query.Int(19);  // NULL reads as 0.
  return std::optional<VisitRow>(std::move(row));
}

absl::StatusOr<std::vector<VisitSummary>> ReadSummaries(Query& query) {
  std::vector<VisitSummary> summaries;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return summaries;
    VisitSummary summary;
    summary.n = query.Int(0);
    summary.chain = std::string(query.Text(1));
    summary.columns = ReadColumns(query, 2);
    summary.id = std::string(query.Text(17));
    summaries.push_back(std::move(summary));
  }
}

// In the column `attention`: what another visit can put right, by one of the outcomes with which a visit is COMPLETED.
constexpr int64_t kNotFixed =
    (int64_t{1} << v1::ATTENTION_FLAG_NOT_FIXED) | (int64_t{1} << v1::ATTENTION_FLAG_NO_ACCESS);

absl::StatusOr<std::vector<int64_t>> ReadNumbers(Query& query) {
  std::vector<int64_t> numbers;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return numbers;
    numbers.push_back(query.Int(0));
  }
}

}  // namespace

absl::StatusOr<int64_t> FindVisitNumber(SqlSession& sql, absl::string_view id) {
  Query query = sql.Use("SELECT n FROM visit WHERE id = $1");
  ASSIGN_OR_RETURN(const bool found, query.Text(1, id).Step());
  return found ? query.Int(0) : 0;
}

absl::StatusOr<std::optional<VisitRow>> FindVisit(SqlSession& sql, absl::string_view id) {
  Query query = sql.Use(
      "SELECT n, chain, account, work_order, kind, state, version, attention, time_us, day, began_us, began_day, "
      "ended_us, ended_day, outcome, asset, fault, bytes, fold, pending_until_us FROM visit WHERE id = $1");
  query.Text(1, id);
  return ReadRow(query);
}

absl::StatusOr<std::optional<VisitRow>> FindVisitByNumber(SqlSession& sql, int64_t n) {
  Query query = sql.Use(
      "SELECT n, chain, account, work_order, kind, state, version, attention, time_us, day, began_us, began_day, "
      "ended_us, ended_day, outcome, asset, fault, bytes, fold, pending_until_us FROM visit WHERE n = $1");
  query.Int(1, n);
  return ReadRow(query);
}

absl::StatusOr<std::string> FindVisitBytes(SqlSession& sql, absl::string_view id) {
  Query query = sql.Use("SELECT bytes FROM visit WHERE id = $1");
  ASSIGN_OR_RETURN(const bool found, query.Text(1, id).Step());
  return found ? std::string(query.Blob(0)) : std::string();
}

absl::StatusOr<int64_t> LastVisitNumber(SqlSession& sql) {
  Query query = sql.Use("SELECT coalesce(max(n), 0) FROM visit");
  RETURN_IF_ERROR(query.Step().status());
  return query.Int(0);
}

namespace {

// Naming a column that stands in an index rewrites the index, changed or not: what these are about is named only when
// some of it has changed.
auto IndexedPart(const VisitRow& row) {
  const VisitColumns& c = row.columns;
  return std::tie(c.account, c.work_order, c.attention, c.ended_us, row.pending_until_us, row.chain);
}

// Parameters 2 to 12.
void BindPlain(Query& query, const VisitRow& row) {
  const VisitColumns& c = row.columns;
  query.Int(2, c.kind).Int(3, c.state).Int(4, c.version).Int(5, c.time_us).Int(6, c.day);
  query.Int(7, c.began_us).Int(8, c.began_day).Int(9, c.ended_day).Int(10, c.outcome);
  query.Text(11, c.asset).Text(12, c.fault);
}

// Parameters 13 to 18.
void BindIndexed(Query& query, const VisitRow& row) {
  const VisitColumns& c = row.columns;
  query.Int(13, c.account).Int(14, c.work_order).Int(15, c.attention).Int(16, c.ended_us);
  query.Int(17, row.pending_until_us).Text(18, row.chain);
}

}  // namespace

absl::Status InsertVisit(SqlSession& sql, absl::string_view id, const VisitRow& row) {
  Query query = sql.Use(
      "INSERT INTO visit (n, kind, state, version, time_us, day, began_us, began_day, ended_day, outcome, asset, "
      "fault, account, work_order, attention, ended_us, pending_until_us, chain, bytes, fold, id) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, nullif($14, 0), $15, $16, nullif($17, 0), "
      "nullif($18, ''), $19, $20, $21)");
  BindPlain(query, row);
  BindIndexed(query, row);
  return query.Int(1, row.n).Blob(19, row.bytes).Blob(20, row.fold).Text(21, id).Run();
}

absl::Status UpdateVisit(SqlSession& sql, const VisitRow& row, const VisitRow& before) {
  if (IndexedPart(row) == IndexedPart(before)) {
    Query plain = sql.Use(
        "UPDATE visit SET kind = $2, state = $3, version = $4, time_us = $5, day = $6, began_us = $7, began_day = $8, "
        "ended_day = $9, outcome = $10, asset = $11, fault = $12, bytes = $13, fold = $14 WHERE n = $1");
    BindPlain(plain, row);
    return plain.Int(1, row.n).Blob(13, row.bytes).Blob(14, row.fold).Run();
  }
  Query whole = sql.Use(
      "UPDATE visit SET kind = $2, state = $3, version = $4, time_us = $5, day = $6, began_us = $7, began_day = $8, "
      "ended_day = $9, outcome = $10, asset = $11, fault = $12, account = $13, work_order = nullif($14, 0), "
      "attention = $15, ended_us = $16, pending_until_us = nullif($17, 0), chain = nullif($18, ''), bytes = $19, "
      "fold = $20 WHERE n = $1");
  BindPlain(whole, row);
  BindIndexed(whole, row);
  return whole.Int(1, row.n).Blob(19, row.bytes).Blob(20, row.fold).Run();
}

absl::Status UpdateVisitColumns(SqlSession& sql, const VisitRow& row, const VisitRow& before) {
  if (IndexedPart(row) == IndexedPart(before)) {
    if (row.columns == before.columns) return absl::OkStatus();
    Query plain = sql.Use(
        "UPDATE visit SET kind = $2, state = $3, version = $4, time_us = $5, day = $6, began_us = $7, began_day = $8, "
        "ended_day = $9, outcome = $10, asset = $11, fault = $12 WHERE n = $1");
    BindPlain(plain, row);
    return plain.Int(1, row.n).Run();
  }
  Query whole = sql.Use(
      "UPDATE visit SET kind = $2, state = $3, version = $4, time_us = $5, day = $6, began_us = $7, began_day = $8, "
      "ended_day = $9, outcome = $10, asset = $11, fault = $12, account = $13, work_order = nullif($14, 0), "
      "attention = $15, ended_us = $16, pending_until_us = nullif($17, 0), chain = nullif($18, '') WHERE n = $1");
  BindPlain(whole, row);
  BindIndexed(whole, row);
  return whole.Int(1, row.n).Run();
}

absl::Status UpdateVisitMessages(SqlSession& sql, int64_t n, absl::string_view bytes, absl::string_view fold) {
  return sql.Use("UPDATE visit SET bytes = $2, fold = $3 WHERE n = $1").Int(1, n).Blob(2, bytes).Blob(3, fold).Run();
}

absl::Status SetVisitChain(SqlSession& sql, int64_t n, absl::string_view chain) {
  Query query = sql.Use("UPDATE visit SET chain = $2 WHERE n = $1");
  query.Int(1, n);
  if (chain.empty()) {
    query.Null(2);
  } else {
    query.Text(2, chain);
  }
  return query.Run();
}

absl::Status SetVisitPending(SqlSession& sql, int64_t n, int64_t pending_until_us) {
  Query query = sql.Use("UPDATE visit SET pending_until_us = $2 WHERE n = $1");
  query.Int(1, n);
  if (pending_until_us == 0) {
    query.Null(2);
  } else {
    query.Int(2, pending_until_us);
  }
  return query.Run();
}

absl::StatusOr<std::vector<VisitSummary>> VisitsOfWorkOrder(SqlSession& sql, int64_t work_order) {
  Query query = sql.Use(
      "SELECT n, chain, account, work_order, kind, state, version, attention, time_us, day, began_us, began_day, "
      "ended_us, ended_day, outcome, asset, fault, id FROM visit WHERE work_order = $1 ORDER BY n");
  query.Int(1, work_order);
  return ReadSummaries(query);
}

absl::StatusOr<std::vector<VisitSummary>> VisitsOfChain(SqlSession& sql, int64_t account, absl::string_view chain) {
  Query query = sql.Use(
      "SELECT n, chain, account, work_order, kind, state, version, attention, time_us, day, began_us, began_day, "
      "ended_us, ended_day, outcome, asset, fault, id FROM visit WHERE account = $1 AND chain = $2 ORDER BY n");
  query.Int(1, account).Text(2, chain);
  return ReadSummaries(query);
}

absl::StatusOr<std::vector<VisitSummary>> VisitsInChains(SqlSession& sql, int64_t account) {
  Query all = sql.Use(
      "SELECT n, chain, account, work_order, kind, state, version, attention, time_us, day, began_us, began_day, "
      "ended_us, ended_day, outcome, asset, fault, id FROM visit WHERE chain IS NOT NULL ORDER BY account, chain, n");
  Query of_account = sql.Use(
      "SELECT n, chain, account, work_order, kind, state, version, attention, time_us, day, began_us, began_day, "
      "ended_us, ended_day, outcome, asset, fault, id FROM visit WHERE account = $1 AND chain IS NOT NULL "
      "ORDER BY account, chain, n");
  if (account == 0) return ReadSummaries(all);
  of_account.Int(1, account);
  return ReadSummaries(of_account);
}

absl::StatusOr<std::vector<EndedVisit>> LastEndedVisits(SqlSession& sql, int64_t account, int64_t limit) {
  Query query = sql.Use(
      "SELECT id, ended_day, outcome, fault FROM visit WHERE account = $1 AND ended_us > 0 "
      "ORDER BY ended_us DESC, id LIMIT $2");
  query.Int(1, account).Int(2, limit);
  std::vector<EndedVisit> visits;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return visits;
    visits.push_back({std::string(query.Text(0)), query.Int(1), query.Int(2), std::string(query.Text(3))});
  }
}

absl::StatusOr<std::vector<int64_t>> PendingVisitsOfDevice(SqlSession& sql, int64_t device, int64_t from_us,
                                                           int64_t to_us) {
  Query query = sql.Use(
      "SELECT DISTINCT v.n FROM visit v JOIN assignment a ON a.visit = v.n AND a.revoked = 0 "
      "JOIN device_technician t ON t.technician = a.technician AND t.device = $1 "
      "WHERE v.pending_until_us > $2 AND v.pending_until_us <= $3 ORDER BY v.n");
  query.Int(1, device).Int(2, from_us).Int(3, to_us);
  return ReadNumbers(query);
}

absl::StatusOr<std::vector<int64_t>> UnmetVisitsOfTechnician(SqlSession& sql, absl::string_view technician) {
  Query query = sql.Use(
      "SELECT v.n FROM assignment a JOIN visit v ON v.n = a.visit "
      "WHERE a.technician = $1 AND a.revoked = 0 AND (v.pending_until_us IS NOT NULL OR EXISTS (SELECT 1 FROM "
      "observation o WHERE o.account = v.account AND o.source = 'visit:' || v.id AND o.known_to_us = 0 "
      "AND o.signal = $2)) ORDER BY v.n");
  query.Text(1, technician).Int(2, v1::SIGNAL_ARRIVAL_MISSED);
  return ReadNumbers(query);
}

absl::StatusOr<std::vector<VisitListItem>> ListVisits(SqlSession& sql, const VisitFilter& filter, int64_t after_n,
                                                      int64_t limit) {
  // One statement for every filter: a list is read by people, a page at a time.
  Query query = sql.Use(
      "SELECT n, bytes FROM visit v WHERE n > $1 AND version > 0 AND ($2 = 0 OR account = $2) "
      "AND ($3 = '' OR EXISTS (SELECT 1 FROM assignment a WHERE a.technician = $3 AND a.visit = v.n)) "
      "AND ($4 = 0 OR state = $4) AND ($6 = 0 OR (time_us >= $5 AND time_us < $6)) "
      "AND ($7 = 0 OR (attention & $9) <> 0 OR (attention <> 0 AND NOT EXISTS (SELECT 1 FROM visit later "
      "WHERE later.work_order = v.work_order AND later.ended_us > v.ended_us "
      "AND later.outcome IN (1, 2, 5, 11)))) ORDER BY n LIMIT $8");
  query.Int(1, after_n).Int(2, filter.account).Text(3, filter.technician_id).Int(4, filter.state);
  query.Int(5, filter.from_us).Int(6, filter.to_us).Int(7, filter.needs_attention ? 1 : 0).Int(8, limit);
  query.Int(9, ~kNotFixed);
  std::vector<VisitListItem> items;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return items;
    items.push_back({query.Int(0), std::string(query.Blob(1))});
  }
}

absl::StatusOr<std::vector<std::string>> VisitBytesOfWorkOrder(SqlSession& sql, int64_t work_order) {
  Query query = sql.Use("SELECT bytes FROM visit WHERE work_order = $1 ORDER BY n");
  query.Int(1, work_order);
  std::vector<std::string> visits;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return visits;
    visits.emplace_back(query.Blob(0));
  }
}

}  // namespace doorstep
