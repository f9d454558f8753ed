#include "server/services/account_health.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "server/health/buckets.h"
#include "server/health/model.h"
#include "server/health/score.h"
#include "server/storage/account_table.h"
#include "server/storage/health_table.h"

namespace doorstep {
namespace {

absl::StatusOr<int64_t> AccountNumber(SqlSession& sql, const HealthQuestion& question) {
  ASSIGN_OR_RETURN(const int64_t account, FindAccountNumber(sql, question.account_id));
  if (account == 0) return absl::NotFoundError(absl::StrCat("no account ", question.account_id));
  return account;
}

void Name(const HealthQuestion& question, v1::AccountHealth& health) {
  health.set_account_id(question.account_id);
  health.set_as_known_at_time_us(question.known_at_us);
}

health::Caps CapsOf(const std::vector<v1::Observation>& repeats, int32_t day) {
  health::Caps caps;
  caps.repeating_asset_id = health::FindRepeatingAsset(repeats, day);
  return caps;
}

}  // namespace

absl::StatusOr<v1::AccountHealth> ReadHealth(SqlSession& sql, const HealthQuestion& question) {
  ASSIGN_OR_RETURN(const int64_t account, AccountNumber(sql, question));
  const health::Model& model = health::Model::Default();
  std::vector<health::BucketRow> rows;
  std::vector<v1::Observation> repeats;
  if (question.known_at_us == 0) {
    ASSIGN_OR_RETURN(rows, BucketsOfAccount(sql, account));
    ASSIGN_OR_RETURN(repeats, KnownRepeats(sql, account));
  } else {
    ASSIGN_OR_RETURN(repeats, KnownObservations(sql, account, question.known_at_us));
    for (const v1::Observation& observation : repeats) {
      RETURN_IF_ERROR(health::Spread(observation, /*sign=*/1, model, &rows));
    }
    health::Combine(&rows);
  }
  ASSIGN_OR_RETURN(v1::AccountHealth health, health::Score(rows, CapsOf(repeats, question.day), question.day, model));
  Name(question, health);
  return health;
}

absl::StatusOr<health::Explanation> ExplainHealth(SqlSession& sql, const HealthQuestion& question) {
  ASSIGN_OR_RETURN(const int64_t account, AccountNumber(sql, question));
  ASSIGN_OR_RETURN(const std::vector<v1::Observation> observations,
                   KnownObservations(sql, account, question.known_at_us));
  ASSIGN_OR_RETURN(health::Explanation explanation, health::Explain(observations, CapsOf(observations, question.day),
                                                                    question.day, health::Model::Default()));
  Name(question, explanation.health);
  return explanation;
}

}  // namespace doorstep
