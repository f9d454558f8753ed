#include "server/apply/commands/tick.h"

#include <utility>

#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "server/apply/commands/apply_parts.h"
#include "server/storage/feed_table.h"
#include "server/storage/token_table.h"

namespace doorstep {

absl::StatusOr<bool> RunTick(Transaction& tx) {
  RETURN_IF_ERROR(ForgetEnrolmentSecrets(tx.sql(), tx.now_us()));
  ASSIGN_OR_RETURN(const int32_t today, tx.Today());
  ASSIGN_OR_RETURN(const auto behind, TechnicianFeedsBehind(tx.sql(), today, limits::kTickFeedsMax + 1));
  if (behind.empty()) return false;
  v1::CommandRecord record;
  record.mutable_tick()->set_day(today);
  RETURN_IF_ERROR(tx.Apply(std::move(record)));
  return static_cast<int64_t>(behind.size()) > limits::kTickFeedsMax;
}

absl::Status ApplyPart(const v1::TickCommand& command, Transaction& tx) { return tx.TurnDay(command.day()); }

}  // namespace doorstep
