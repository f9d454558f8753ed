#include "server/apply/rebuild.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdio>
#include <deque>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/status.h"
#include "server/apply/frame_admission.h"
#include "server/apply/group.h"
#include "server/apply/prepared_frame.h"
#include "server/apply/stored_frame.h"
#include "server/storage/command_table.h"
#include "server/storage/frame_table.h"
#include "server/storage/projections.h"

namespace doorstep {
namespace {

constexpr int64_t kRowsAtATime = 256;
constexpr int64_t kWalPagesMax = 8192;

// The rows of the truth, group by group.
class Truth {
 public:
  explicit Truth(SqlSession& sql) : sql_(sql) {}

  struct GroupRows {
    int64_t commit_us = 0;
    std::vector<FrameRow> frames;
    std::vector<CommandRow> commands;
  };

  // False: no more.
  absl::StatusOr<bool> Next(GroupRows& rows) {
    RETURN_IF_ERROR(Fill());
    if (frames_.empty() && commands_.empty()) return false;
    rows = GroupRows();
    const int64_t frame_us = frames_.empty() ? INT64_MAX : frames_.front().commit_us;
    const int64_t command_us = commands_.empty() ? INT64_MAX : commands_.front().commit_us;
    rows.commit_us = std::min(frame_us, command_us);
    while (!frames_.empty() && frames_.front().commit_us == rows.commit_us) {
      rows.frames.push_back(std::move(frames_.front()));
      frames_.pop_front();
      RETURN_IF_ERROR(Fill());
    }
    while (!commands_.empty() && commands_.front().commit_us == rows.commit_us) {
      rows.commands.push_back(std::move(commands_.front()));
      commands_.pop_front();
      RETURN_IF_ERROR(Fill());
    }
    return true;
  }

 private:
  absl::Status Fill() {
    if (frames_.empty()) {
      ASSIGN_OR_RETURN(std::vector<FrameRow> rows, FramesFrom(sql_, last_frame_, kRowsAtATime));
      if (!rows.empty()) last_frame_ = rows.back().n;
      for (FrameRow& row : rows) frames_.push_back(std::move(row));
    }
    if (commands_.empty()) {
      ASSIGN_OR_RETURN(std::vector<CommandRow> rows, CommandsAfter(sql_, last_us_, last_ordinal_, kRowsAtATime));
      if (!rows.empty()) {
        last_us_ = rows.back().commit_us;
        last_ordinal_ = rows.back().ordinal;
      }
      for (CommandRow& row : rows) commands_.push_back(std::move(row));
    }
    return absl::OkStatus();
  }

  SqlSession& sql_;
  int64_t last_frame_ = 0;
  int64_t last_us_ = -1;
  int64_t last_ordinal_ = 0;
  std::deque<FrameRow> frames_;
  std::deque<CommandRow> commands_;
};

absl::StatusOr<std::vector<v1::CommandRecord>> ParseRecords(const std::vector<CommandRow>& rows) {
  std::vector<v1::CommandRecord> records;
  for (const CommandRow& row : rows) {
    v1::CommandRecord record;
    if (!record.ParseFromString(row.bytes)) {
      return absl::DataLossError(
          absl::StrCat("table command: row (", row.commit_us, ", ", row.ordinal, ") is not a CommandRecord"));
    }
    records.push_back(std::move(record));
  }
  return records;
}

// Whether a stored frame goes on where its journal stands, which it did when it was admitted. Else admitting it would
// look for hashes that are not there.
absl::StatusOr<bool> Follows(Group& group, const FrameRow& row, const v1::FrameHeader& header) {
  ASSIGN_OR_RETURN(const JournalRow* journal, group.FindJournal(row.device, header.epoch()));
  if (journal == nullptr || header.last_seq() <= journal->mark) return false;
  if (header.first_seq() + row.skip != journal->mark + 1) return false;
  return row.skip > 0 || header.prev_hash() == journal->head_hash;
}

absl::Status ReplayFrame(Group& group, const FrameRow& row) {
  PreparedFrame frame;
  frame.bytes = row.bytes;
  ASSIGN_OR_RETURN(frame.opened, OpenStored(row));
  ASSIGN_OR_RETURN(const bool follows, Follows(group, row, frame.opened.header));
  if (!follows) {
    return absl::DataLossError(absl::StrCat("table frame: row ", row.n, " does not follow from the rows before it"));
  }
  frame.consumed = true;  // Decoded when it is judged.
  if (row.skip > 0) {
    ASSIGN_OR_RETURN(std::unique_ptr<PreparedFrame> prepared, PrepareFrame(row.bytes, frame.opened.header.device()));
    frame.hashes = std::move(prepared->hashes);
  }
  ASSIGN_OR_RETURN(const FrameResult result, AdmitFrame(group, frame));
  if (!result.refusal.ok() || result.answer.fork.has_value() || result.answer.mark.received_through() != row.last_seq) {
    return absl::DataLossError(absl::StrCat("table frame: row ", row.n, " does not follow from the rows before it"));
  }
  return absl::OkStatus();
}

absl::Status ReplayCommand(Group& group, const CommandRow& row, const v1::CommandRecord& record,
                           const ApplyCommand& apply) {
  group.set_next_ordinal(row.ordinal);
  switch (record.command_case()) {
    case v1::CommandRecord::kFork:
      RETURN_IF_ERROR(InsertCommand(group.sql(), row));
      return ApplyFork(group, record.fork());
    case v1::CommandRecord::kQuarantine:
      return InsertCommand(group.sql(), row);  // Done with the frames of the group.
    default: {
      Transaction tx(&group, &apply, row.principal, row.request_id, row.body_hash);
      return tx.Apply(record);
    }
  }
}

absl::Status ReplayGroup(SqlSession& sql, const Truth::GroupRows& rows, Random& random, const ApplyCommand& apply) {
  ASSIGN_OR_RETURN(const std::vector<v1::CommandRecord> records, ParseRecords(rows.commands));
  return sql.Transaction([&]() -> absl::Status {
    Group group(&sql, rows.commit_us, &random);
    for (const v1::CommandRecord& record : records) {
      if (record.has_quarantine()) group.forced_quarantine.insert(FormatPosition(record.quarantine().position()));
    }
    for (const FrameRow& frame : rows.frames) RETURN_IF_ERROR(ReplayFrame(group, frame));
    for (size_t i = 0; i < records.size(); ++i) {
      RETURN_IF_ERROR(ReplayCommand(group, rows.commands[i], records[i], apply));
    }
    return group.Finish();
  });
}

void RemoveFiles(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) remove((path + suffix).c_str());
}

absl::Status Compare(SqlSession& live, SqlSession& fresh, RebuildReport& report) {
  ASSIGN_OR_RETURN(const std::vector<ProjectionHash> live_hashes, HashProjections(live));
  ASSIGN_OR_RETURN(const std::vector<ProjectionHash> fresh_hashes, HashProjections(fresh));
  report.projection_hash = HashOfAll(live_hashes);
  for (size_t i = 0; i < live_hashes.size(); ++i) {
    if (live_hashes[i].hash == fresh_hashes[i].hash) continue;
    ASSIGN_OR_RETURN(const std::string difference, FirstDifference(live, fresh, live_hashes[i].table));
    report.differences.push_back(absl::StrCat(live_hashes[i].table, ": ", difference));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RebuildReport> Rebuild(Storage& live, Random& random, const ApplyCommand& apply) {
  StorageOptions options;
  options.path = live.path() + ".rebuild";
  options.key = live.key();
  options.durable = false;
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
      status = live.Read("the truth for a rebuild", [&](SqlSession& sql) -> absl::Status {
        Truth truth(sql);
        Truth::GroupRows rows;
        while (true) {
          ASSIGN_OR_RETURN(const bool more, truth.Next(rows));
          if (!more) break;
          RETURN_IF_ERROR(ReplayGroup((*fresh)->writer(), rows, random, apply));
          for (const FrameRow& row : rows.frames) report.entries += row.last_seq - row.first_seq + 1 - row.skip;
          report.commands += rows.commands.size();
          sqlite::Database& db = (*fresh)->writer().database();
          if (db.WalPages() > kWalPagesMax) RETURN_IF_ERROR(db.Checkpoint());
        }
        return Compare(sql, (*fresh)->writer(), report);
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
