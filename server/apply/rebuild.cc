#include "server/apply/rebuild.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/status.h"
#include "server/apply/feed_writer.h"
#include "server/apply/frame_admission.h"
#include "server/apply/group.h"
#include "server/apply/prepared_frame.h"
#include "server/apply/quarantine.h"
#include "server/apply/recent.h"
#include "server/apply/truth_reader.h"
#include "server/storage/command_table.h"
#include "server/storage/projections.h"
#include "server/storage/visit_table.h"

namespace doorstep {
namespace {

// Whether a stored frame goes on where its journal stands, which it did when it was admitted. Else admitting it would
// look for hashes that are not there.
absl::StatusOr<bool> Follows(Group& group, const FrameRow& row, const v1::FrameHeader& header) {
  ASSIGN_OR_RETURN(const JournalRow* journal, group.FindJournal(row.device, header.epoch()));
  if (journal == nullptr || header.last_seq() <= journal->mark) return false;
  if (header.first_seq() + row.skip != journal->mark + 1) return false;
  return row.skip > 0 || header.prev_hash() == journal->head_hash;
}

absl::Status ReplayFrame(Group& group, const FrameRow& row, PreparedFrame& frame) {
  ASSIGN_OR_RETURN(const bool follows, Follows(group, row, frame.opened.header));
  if (follows) {
    ASSIGN_OR_RETURN(const FrameResult result, AdmitFrame(group, frame));
    const bool as_before =
        result.refusal.ok() && !result.answer.fork.has_value() && result.answer.mark.received_through() == row.last_seq;
    if (as_before) return absl::OkStatus();
  }
  return absl::DataLossError(absl::StrCat("table frame: row ", row.n, " does not follow from the rows before it"));
}

// The row itself is not written: what commands left is compared, and not they.
absl::Status ReplayCommand(Group& group, const CommandRow& row, const v1::CommandRecord& record,
                           const ApplyCommand& apply) {
  group.set_next_ordinal(row.ordinal);
  switch (record.command_case()) {
    case v1::CommandRecord::kFork:
      return ApplyFork(group, record.fork());
    case v1::CommandRecord::kQuarantine:
      return absl::OkStatus();  // Done with the frames of the group.
    default: {
      Transaction tx(&group, &apply, row.principal, row.request_id, row.body_hash);
      return apply(record, tx);
    }
  }
}

// What groups have left in memory.
absl::Status WriteUnwritten(SqlSession& fresh, Recent& recent) {
  std::vector<VisitRow> rows;
  std::thread beside([&] {
    for (GroupVisit* visit : recent.Visits()) {
      if (!visit->unwritten) continue;
      VisitRow& row = rows.emplace_back();
      row.n = visit->row.n;
      row.bytes = visit->before.SerializeAsString();
      row.fold = visit->input.SerializeAsString();
      visit->unwritten = false;
    }
  });
  const absl::Status feeds = WriteFeeds(fresh, recent);
  beside.join();
  RETURN_IF_ERROR(feeds);
  for (const VisitRow& row : rows) RETURN_IF_ERROR(UpdateVisitMessages(fresh, row.n, row.bytes, row.fold));
  return absl::OkStatus();
}

absl::Status ReplayGroup(SqlSession& fresh, Recent& recent, TruthGroup& truth, Random& random,
                         const ApplyCommand& apply, const std::map<std::string, v1::Judgement>& parked_before) {
  const auto kept = std::make_shared<Group>(&fresh, &recent, truth.commit_us, &random);
  Group& group = *kept;
  group.parked_before = &parked_before;
  group.writes_later = true;
  for (const auto& [row, record] : truth.commands) {
    if (record.has_quarantine()) group.forced_quarantine.insert(FormatPosition(record.quarantine().position()));
  }
  for (const auto& [row, prepared] : truth.frames) RETURN_IF_ERROR(ReplayFrame(group, row, *prepared));
  for (const auto& [row, record] : truth.commands) RETURN_IF_ERROR(ReplayCommand(group, row, record, apply));
  RETURN_IF_ERROR(group.Finish());
  group.HandOver();
  if (recent.IsFull()) {
    RETURN_IF_ERROR(WriteUnwritten(fresh, recent));
    recent.ForgetOld();
  }
  // Freeing it takes a twentieth of the time, and the reader has time.
  truth.leftovers.push_back(kept);
  return absl::OkStatus();
}

// What replaying keeps in memory.
struct Replay {
  TruthGroup group;
  Recent recent{&group.leftovers};
};

// Into a transaction that holds all groups and is never committed: nobody reads the fresh file but this session.
absl::Status ReplayAll(SqlSession& live, SqlSession& fresh, Replay& replay, Random& random, const ApplyCommand& apply,
                       RebuildReport& report) {
  ASSIGN_OR_RETURN(const auto parked_before, ParkedBefore(live));
  TruthReader truth(&live);
  RETURN_IF_ERROR(fresh.Use("BEGIN").Run());
  TruthGroup& group = replay.group;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, truth.Next(group));
    if (!more) return WriteUnwritten(fresh, replay.recent);
    RETURN_IF_ERROR(ReplayGroup(fresh, replay.recent, group, random, apply, parked_before));
    for (const auto& [row, prepared] : group.frames) report.entries += row.last_seq - row.first_seq + 1 - row.skip;
    report.commands += group.commands.size();
  }
}

absl::Status ReplayAndCompare(SqlSession& live, SqlSession& fresh, Random& random, const ApplyCommand& apply,
                              RebuildReport& report) {
  const auto replay = std::make_shared<Replay>();
  report.leftovers = replay;
  RETURN_IF_ERROR(ReplayAll(live, fresh, *replay, random, apply, report));
  ASSIGN_OR_RETURN(ProjectionComparison compared, CompareProjections(live, fresh));
  report.differences = std::move(compared.differences);
  report.projection_hash = std::move(compared.hash);
  return absl::OkStatus();
}

void RemoveFiles(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) remove((path + suffix).c_str());
}

}  // namespace

absl::StatusOr<RebuildReport> Rebuild(Storage& live, Random& random, const ApplyCommand& apply) {
  StorageOptions options;
  options.path = live.path() + ".rebuild";
  options.key = live.key();
  options.scratch = true;
  options.readers = 0;
  // Whoever holds the guard is the one rebuild under way; a file that a killed one left behind goes.
  const std::string guard = options.path + ".guard";
  const int guard_file = open(guard.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (guard_file < 0 || flock(guard_file, LOCK_EX | LOCK_NB) != 0) {
    if (guard_file >= 0) close(guard_file);
    return absl::FailedPreconditionError("another rebuild is under way; wait for it");
  }
  RemoveFiles(options.path);

  RebuildReport report;
  absl::Status status;
  {
    absl::StatusOr<std::unique_ptr<Storage>> fresh = Storage::Open(options, random);
    status = fresh.status();
    if (status.ok()) {
      status = live.Read("the truth for a rebuild", [&](SqlSession& sql) {
        return ReplayAndCompare(sql, (*fresh)->writer(), random, apply, report);
      });
    }
  }
  RemoveFiles(options.path);
  remove(guard.c_str());
  close(guard_file);
  if (!status.ok()) return status;
  return report;
}

}  // namespace doorstep
