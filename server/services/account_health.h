// Health as a question to the stored evidence: an account, a day, and what was known when.
#ifndef DOORSTEP_SERVER_SERVICES_ACCOUNT_HEALTH_H_
#define DOORSTEP_SERVER_SERVICES_ACCOUNT_HEALTH_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "doorstep/v1/health.pb.h"
#include "server/health/explain.h"
#include "server/storage/sql_session.h"

namespace doorstep {

struct HealthQuestion {
  std::string account_id;
  int32_t day = 0;          // Civil day, counted from 1970.
  int64_t known_at_us = 0;  // 0: everything known now.
};

// From the buckets when it asks about now, else from the observations known then; both give the same bytes for the same
// evidence. NOT_FOUND: no such account.
absl::StatusOr<v1::AccountHealth> ReadHealth(SqlSession& sql, const HealthQuestion& question);

// The same health with every contribution.
absl::StatusOr<health::Explanation> ExplainHealth(SqlSession& sql, const HealthQuestion& question);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_SERVICES_ACCOUNT_HEALTH_H_
