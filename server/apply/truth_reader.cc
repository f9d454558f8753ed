#include "server/apply/truth_reader.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "server/apply/stored_frame.h"
#include "server/storage/device_table.h"

namespace doorstep {
namespace {

constexpr int64_t kRowsAtATime = 64;
// How far ahead: enough to hide a slow read, little enough to keep in memory.
constexpr size_t kGroupsAhead = 256;
constexpr size_t kBytesAhead = size_t{32} * 1024 * 1024;

// Says also which entries the row holds, as people know them.
absl::Status DamagedRow(SqlSession& sql, const FrameRow& row, absl::string_view what) {
  const absl::StatusOr<std::optional<DeviceRow>> device = FindDeviceByNumber(sql, row.device);
  const std::string id = device.ok() && device->has_value() ? (*device)->id : absl::StrCat("device ", row.device);
  return absl::DataLossError(absl::StrCat("table frame: row ", row.n, what, " (entries ", id, ".", row.epoch, ".",
                                          row.first_seq, " to ", row.last_seq, ")"));
}

// Checks the chain again: what the disk has changed must not pass for what a phone has sent.
absl::StatusOr<TruthGroup::Frame> PrepareStored(SqlSession& sql, FrameRow row) {
  TruthGroup::Frame frame;
  absl::StatusOr<std::unique_ptr<PreparedFrame>> prepared = PrepareFrame(std::move(row.bytes));
  if (!prepared.ok()) {
    return DamagedRow(sql, row, absl::StrCat(": ", prepared.status().message()));
  }
  if ((*prepared)->opened.header.head_hash() != row.head_hash) {
    return DamagedRow(sql, row, ", column head_hash: is not its frame's");
  }
  frame.prepared = *std::move(prepared);
  frame.row = std::move(row);
  return frame;
}

absl::StatusOr<TruthGroup::Command> ParseCommand(CommandRow row) {
  TruthGroup::Command command;
  if (!command.record.ParseFromString(row.bytes)) {
    return absl::DataLossError(
        absl::StrCat("table command: row (", row.commit_us, ", ", row.ordinal, ") is not a CommandRecord"));
  }
  command.row = std::move(row);
  return command;
}

// As received and as decoded.
size_t BytesOf(const TruthGroup& group) {
  size_t bytes = 0;
  for (const TruthGroup::Frame& frame : group.frames) {
    bytes += frame.prepared->bytes.size() + frame.prepared->opened.header.raw_bytes();
  }
  for (const TruthGroup::Command& command : group.commands) bytes += command.row.bytes.size();
  return bytes;
}

}  // namespace

TruthReader::TruthReader(SqlSession* sql) : sql_(sql), thread_([this] { Loop(); }) {}

TruthReader::~TruthReader() {
  {
    MutexLock lock(&mutex_);
    stopped_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

absl::StatusOr<bool> TruthReader::Next(TruthGroup& group) {
  done_.push_back(std::move(group));
  if (taken_.empty()) {
    // All that is ready at once: the two threads meet once for many groups.
    MutexLock lock(&mutex_);
    while (ready_.empty() && !ended_) changed_.Wait(&mutex_);
    taken_.swap(ready_);
    ready_bytes_ = 0;
    std::move(done_.begin(), done_.end(), std::back_inserter(used_));
    done_.clear();
    changed_.NotifyAll();
    if (taken_.empty()) {
      RETURN_IF_ERROR(status_);
      return false;
    }
  }
  group = std::move(taken_.front());
  taken_.pop_front();
  return true;
}

// ---- the thread ----

void TruthReader::Loop() {
  absl::Status status = ReadAll();
  MutexLock lock(&mutex_);
  status_ = std::move(status);
  ended_ = true;
  changed_.NotifyAll();
}

absl::Status TruthReader::ReadAll() {
  while (true) {
    TruthGroup group;
    ASSIGN_OR_RETURN(const bool more, ReadGroup(group));
    if (!more || !Offer(std::move(group))) return absl::OkStatus();
  }
}

bool TruthReader::Offer(TruthGroup group) {
  std::deque<TruthGroup> used;  // Freed when the lock has gone.
  MutexLock lock(&mutex_);
  while (!stopped_ && (ready_.size() >= kGroupsAhead || ready_bytes_ >= kBytesAhead)) changed_.Wait(&mutex_);
  ready_bytes_ += BytesOf(group);
  ready_.push_back(std::move(group));
  used.swap(used_);
  changed_.NotifyAll();
  return !stopped_;
}

absl::StatusOr<bool> TruthReader::ReadGroup(TruthGroup& group) {
  RETURN_IF_ERROR(FillRows());
  if (frames_.empty() && commands_.empty()) return false;
  const int64_t frame_us = frames_.empty() ? INT64_MAX : frames_.front().commit_us;
  const int64_t command_us = commands_.empty() ? INT64_MAX : commands_.front().commit_us;
  group.commit_us = std::min(frame_us, command_us);
  while (!frames_.empty() && frames_.front().commit_us == group.commit_us) {
    ASSIGN_OR_RETURN(TruthGroup::Frame frame, PrepareStored(*sql_, std::move(frames_.front())));
    group.frames.push_back(std::move(frame));
    frames_.pop_front();
    RETURN_IF_ERROR(FillRows());
  }
  while (!commands_.empty() && commands_.front().commit_us == group.commit_us) {
    ASSIGN_OR_RETURN(TruthGroup::Command command, ParseCommand(std::move(commands_.front())));
    group.commands.push_back(std::move(command));
    commands_.pop_front();
    RETURN_IF_ERROR(FillRows());
  }
  return true;
}

absl::Status TruthReader::FillRows() {
  if (frames_.empty()) {
    ASSIGN_OR_RETURN(std::vector<FrameRow> rows, FramesFrom(*sql_, last_frame_, kRowsAtATime));
    if (!rows.empty()) last_frame_ = rows.back().n;
    for (FrameRow& row : rows) frames_.push_back(std::move(row));
  }
  if (commands_.empty()) {
    ASSIGN_OR_RETURN(std::vector<CommandRow> rows, CommandsAfter(*sql_, last_us_, last_ordinal_, kRowsAtATime));
    if (!rows.empty()) {
      last_us_ = rows.back().commit_us;
      last_ordinal_ = rows.back().ordinal;
    }
    for (CommandRow& row : rows) commands_.push_back(std::move(row));
  }
  return absl::OkStatus();
}

}  // namespace doorstep
