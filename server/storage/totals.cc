#include "server/storage/totals.h"

#include "client_core/base/status.h"
#include "server/storage/account_table.h"
#include "server/storage/command_table.h"
#include "server/storage/frame_table.h"
#include "server/storage/judgement_table.h"

namespace doorstep {

absl::StatusOr<Totals> CountTotals(SqlSession& sql) {
  Totals totals;
  ASSIGN_OR_RETURN(const FrameTotals frames, CountFrames(sql));
  totals.frames = frames.frames;
  totals.entries = frames.entries;
  ASSIGN_OR_RETURN(totals.commands, CountCommands(sql));
  ASSIGN_OR_RETURN(const int64_t accounts, CountAccounts(sql));
  totals.accounts = static_cast<uint64_t>(accounts);
  ASSIGN_OR_RETURN(totals.quarantined, CountQuarantined(sql));
  ASSIGN_OR_RETURN(totals.copies, CountCopies(sql));
  Query query = sql.Use(
      "SELECT (SELECT count(*) FROM visit WHERE version > 0), (SELECT count(*) FROM visit WHERE attention <> 0), "
      "(SELECT count(*) FROM device)");
  ASSIGN_OR_RETURN(const bool row, query.Step());
  if (!row) return absl::InternalError("counting visits returned nothing");
  totals.visits = static_cast<uint64_t>(query.Int(0));
  totals.attention = static_cast<uint64_t>(query.Int(1));
  totals.devices = static_cast<uint64_t>(query.Int(2));
  return totals;
}

}  // namespace doorstep
