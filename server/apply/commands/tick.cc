#include "server/apply/commands/tick.h"

#include <utility>

#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "client_core/rules/clock_correction.h"
#include "server/apply/commands/apply_parts.h"
#include "server/storage/feed_table.h"
#include "server/storage/token_table.h"

namespace doorstep {

absl::StatusOr<bool> RunTick(Transaction& tx) {
  RETURN_IF_ERROR(ForgetEnrolmentSecrets(tx.sql(), tx.commit_us()));
  const int32_t today = CivilDay(tx.commit_us(), /*utc_offset_s=*/0);
  ASSIGN_OR_RETURN(const auto behind, TechnicianFeedsBehind(tx.sql(), today, limits::kTickFeedsMax + 1));
  if (behind.empty()) return false;
  v1::CommandRecord record;
  record.mutable_tick()->set_day(today);
  RETURN_IF_ERROR(tx.Apply(std::move(record)));
  return static_cast<int64_t>(behind.size()) > limits::kTickFeedsMax;
}

absl::Status ApplyPart(const v1::TickCommand&, Transaction& tx) {
  tx.TurnDay();
  return absl::OkStatus();
}

}  // namespace doorstep
