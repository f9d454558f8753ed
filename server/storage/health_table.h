// What is known of accounts: observations with the interval in which they were known, and buckets over the open ones.
#ifndef DOORSTEP_SERVER_STORAGE_HEALTH_TABLE_H_
#define DOORSTEP_SERVER_STORAGE_HEALTH_TABLE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/health.pb.h"
#include "server/health/buckets.h"
#include "server/storage/sql_session.h"

namespace doorstep {

struct ObservationRow {
  int64_t known_from_us = 0;
  int64_t item = 0;
  std::string bytes;  // An Observation.
};
// Open rows that were derived from one group of facts ("visit:V", "chain:C", "promise:P").
absl::StatusOr<std::vector<ObservationRow>> OpenObservationsOf(SqlSession& sql, int64_t account,
                                                               absl::string_view source);
absl::Status InsertObservation(SqlSession& sql, int64_t account, absl::string_view source, int64_t known_from_us,
                               int64_t item, v1::Signal signal, absl::string_view bytes);
// The row stays: past questions are answered from it.
absl::Status CloseObservation(SqlSession& sql, int64_t account, absl::string_view source, int64_t known_from_us,
                              int64_t item, int64_t known_to_us);
absl::Status AddToBucket(SqlSession& sql, int64_t account, const health::BucketRow& row);

// Everything known of the account at `known_at_us` (0: now), in a fixed order.
absl::StatusOr<std::vector<v1::Observation>> KnownObservations(SqlSession& sql, int64_t account, int64_t known_at_us);
// Only repeats, as known now: what FindRepeatingAsset reads.
absl::StatusOr<std::vector<v1::Observation>> KnownRepeats(SqlSession& sql, int64_t account);
// In the order of KeyLess.
absl::StatusOr<std::vector<health::BucketRow>> BucketsOfAccount(SqlSession& sql, int64_t account);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_HEALTH_TABLE_H_
