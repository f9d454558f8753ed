#include "server/apply/commands/known_now.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "server/apply/commands/quarantine_commands.h"
#include "server/storage/device_table.h"
#include "server/storage/judgement_table.h"

namespace doorstep {
namespace {

struct Candidates {
  QuarantinedPosition last;  // Of the page; its device is 0 when there is no more.
  std::vector<v1::JournalPosition> positions;
};

absl::StatusOr<Candidates> NextCandidates(SqlSession& sql, const QuarantinedPosition& after) {
  Candidates candidates;
  ASSIGN_OR_RETURN(const std::vector<v1::Judgement> page, ListQuarantined(sql, after, limits::kReplayPositionsMax));
  if (page.empty()) return candidates;
  const v1::JournalPosition& last = page.back().position();
  ASSIGN_OR_RETURN(const auto device, FindDevice(sql, last.device()));
  if (!device.has_value()) return absl::DataLossError(absl::StrCat("table judgement: no device ", last.device()));
  candidates.last = {device->n, last.epoch(), last.seq(), page.back().judged_time_us()};
  ASSIGN_OR_RETURN(candidates.positions, JudgedOtherwiseNow(sql, page));
  return candidates;
}

}  // namespace

absl::Status ReplayWhatIsKnownNow(Storage& storage, Writer& writer, const LogSink& log) {
  QuarantinedPosition after;
  while (true) {
    Candidates candidates;
    RETURN_IF_ERROR(storage.Read("parked entries", [&](SqlSession& sql) -> absl::Status {
      ASSIGN_OR_RETURN(candidates, NextCandidates(sql, after));
      return absl::OkStatus();
    }));
    if (candidates.last.device == 0) return absl::OkStatus();
    after = candidates.last;
    if (candidates.positions.empty()) continue;
    v1::ReplayQuarantinedRequest request;
    for (const v1::JournalPosition& position : candidates.positions) *request.add_positions() = position;
    Command command;
    command.principal = "server";
    command.run = [&request](Transaction& tx) -> absl::StatusOr<std::string> {
      RETURN_IF_ERROR(RunCommand(request, tx).status());
      return std::string();
    };
    const absl::Status judged = writer.RunCommand(std::move(command)).status();
    if (judged.ok()) {
      Log(log, LogLevel::kInfo,
          absl::StrCat(request.positions_size(), " parked entries are known to this program and were judged again"));
    } else {
      // They stay parked, where an administrator finds them; nobody else has to wait for them.
      Log(log, LogLevel::kError,
          absl::StrCat(request.positions_size(), " parked entries cannot be judged again: ", judged.message()));
    }
  }
}

}  // namespace doorstep
