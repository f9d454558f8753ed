#include "server/apply/commands/tick.h"

#include "client_core/base/status.h"
#include "client_core/rules/clock_correction.h"
#include "server/apply/commands/apply_parts.h"
#include "server/storage/feed_table.h"

namespace doorstep {

absl::Status RunTick(Transaction& tx) {
  const int32_t today = CivilDay(tx.commit_us(), /*utc_offset_s=*/0);
  ASSIGN_OR_RETURN(const auto behind, TechnicianFeedsBehind(tx.sql(), today));
  if (behind.empty()) return absl::OkStatus();
  v1::CommandRecord record;
  record.mutable_tick()->set_day(today);
  return tx.Apply(std::move(record));
}

absl::Status ApplyPart(const v1::TickCommand&, Transaction& tx) {
  tx.TurnDay();
  return absl::OkStatus();
}

}  // namespace doorstep
