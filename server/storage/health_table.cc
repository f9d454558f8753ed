#include "server/storage/health_table.h"

#include <utility>

#include "client_core/base/status.h"

namespace doorstep {
namespace {

absl::StatusOr<std::vector<v1::Observation>> ReadObservations(Query& query) {
  std::vector<v1::Observation> observations;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return observations;
    v1::Observation observation;
    const absl::string_view bytes = query.Blob(0);
    if (!observation.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return absl::DataLossError("table observation: a row is not an Observation");
    }
    observations.push_back(std::move(observation));
  }
}

}  // namespace

absl::StatusOr<std::vector<ObservationRow>> OpenObservationsOf(SqlSession& sql, int64_t account,
                                                               absl::string_view source) {
  Query query = sql.Use(
      "SELECT known_from_us, item, bytes FROM observation WHERE account = $1 AND source = $2 AND known_to_us = 0 "
      "ORDER BY known_from_us, item");
  query.Int(1, account).Text(2, source);
  std::vector<ObservationRow> rows;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return rows;
    rows.push_back({query.Int(0), query.Int(1), std::string(query.Blob(2))});
  }
}

absl::Status InsertObservation(SqlSession& sql, int64_t account, absl::string_view source, int64_t known_from_us,
                               int64_t item, v1::Signal signal, absl::string_view bytes) {
  return sql
      .Use(
          "INSERT INTO observation (account, source, known_from_us, item, known_to_us, signal, bytes) "
          "VALUES ($1, $2, $3, $4, 0, $5, $6)")
      .Int(1, account)
      .Text(2, source)
      .Int(3, known_from_us)
      .Int(4, item)
      .Int(5, signal)
      .Blob(6, bytes)
      .Run();
}

absl::Status CloseObservation(SqlSession& sql, int64_t account, absl::string_view source, int64_t known_from_us,
                              int64_t item, int64_t known_to_us) {
  return sql
      .Use(
          "UPDATE observation SET known_to_us = $5 WHERE account = $1 AND source = $2 AND known_from_us = $3 "
          "AND item = $4")
      .Int(1, account)
      .Text(2, source)
      .Int(3, known_from_us)
      .Int(4, item)
      .Int(5, known_to_us)
      .Run();
}

absl::Status AddToBucket(SqlSession& sql, int64_t account, const health::BucketRow& row) {
  Query query = sql.Use(
      "INSERT INTO health_bucket (account, dimension, held, day, observations, weight, weighted_quality) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account, dimension, held, day) DO UPDATE SET "
      "observations = health_bucket.observations + excluded.observations, "
      "weight = health_bucket.weight + excluded.weight, "
      "weighted_quality = health_bucket.weighted_quality + excluded.weighted_quality "
      "RETURNING observations = 0 AND weight = 0 AND weighted_quality = 0");
  query.Int(1, account).Int(2, row.dimension).Int(3, row.held ? 1 : 0).Int(4, row.day);
  query.Int(5, row.observations).Int(6, row.weight).Int(7, row.weighted_quality);
  ASSIGN_OR_RETURN(const bool written, query.Step());
  const bool empty = written && query.Int(0) != 0;
  RETURN_IF_ERROR(query.Run());
  if (!empty) return absl::OkStatus();
  // A row of zeros means the same as none; without it the rows do not show what was there and went.
  return sql.Use("DELETE FROM health_bucket WHERE account = $1 AND dimension = $2 AND held = $3 AND day = $4")
      .Int(1, account)
      .Int(2, row.dimension)
      .Int(3, row.held ? 1 : 0)
      .Int(4, row.day)
      .Run();
}

absl::StatusOr<std::vector<v1::Observation>> KnownObservations(SqlSession& sql, int64_t account, int64_t known_at_us) {
  Query query = sql.Use(
      "SELECT bytes FROM observation WHERE account = $1 AND "
      "(($2 = 0 AND known_to_us = 0) OR "
      "($2 > 0 AND known_from_us <= $2 AND (known_to_us = 0 OR known_to_us > $2))) "
      "ORDER BY source, known_from_us, item");
  query.Int(1, account).Int(2, known_at_us);
  return ReadObservations(query);
}

absl::StatusOr<std::vector<v1::Observation>> KnownRepeats(SqlSession& sql, int64_t account) {
  Query query = sql.Use(
      "SELECT bytes FROM observation WHERE account = $1 AND known_to_us = 0 AND signal IN (5, 6) "
      "ORDER BY source, known_from_us, item");
  query.Int(1, account);
  return ReadObservations(query);
}

absl::StatusOr<std::vector<health::BucketRow>> BucketsOfAccount(SqlSession& sql, int64_t account) {
  Query query = sql.Use(
      "SELECT dimension, held, day, observations, weight, weighted_quality FROM health_bucket WHERE account = $1 "
      "ORDER BY dimension, held, day");
  query.Int(1, account);
  std::vector<health::BucketRow> rows;
  while (true) {
    ASSIGN_OR_RETURN(const bool found, query.Step());
    if (!found) return rows;
    health::BucketRow row;
    row.dimension = static_cast<v1::Dimension>(query.Int(0));
    row.held = query.Int(1) != 0;
    row.day = static_cast<int32_t>(query.Int(2));
    row.observations = query.Int(3);
    row.weight = query.Int(4);
    row.weighted_quality = query.Int(5);
    rows.push_back(row);
  }
}

}  // namespace doorstep
