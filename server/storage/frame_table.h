// The truth of the phones: frames as received, and which visits each speaks about.
#ifndef DOORSTEP_SERVER_STORAGE_FRAME_TABLE_H_
#define DOORSTEP_SERVER_STORAGE_FRAME_TABLE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/storage/sql_session.h"

namespace doorstep {

struct FrameRow {
  int64_t n = 0;
  int64_t device = 0;
  uint64_t epoch = 0;
  uint64_t first_seq = 0;
  uint64_t last_seq = 0;
  uint64_t skip = 0;  // Readers ignore so many entries: an earlier frame holds them.
  int64_t commit_us = 0;
  absl::string_view prev_hash;  // Only written.
  std::string head_hash;
  std::string bytes;  // A Frame, as received.
};

// Returns the frame's number. `bytes` is written in place of `row.bytes`.
absl::StatusOr<int64_t> InsertFrame(SqlSession& sql, const FrameRow& row, absl::string_view bytes);
// The frame that holds `seq` without skipping it.
absl::StatusOr<std::optional<FrameRow>> FindFrameHolding(SqlSession& sql, int64_t device, uint64_t epoch, uint64_t seq);
// Frames with entries after `after_seq`, in order. `epoch` must be given.
absl::StatusOr<std::vector<FrameRow>> FramesAfter(SqlSession& sql, int64_t device, uint64_t epoch, uint64_t after_seq,
                                                  int64_t limit);

absl::Status LinkVisitFrame(SqlSession& sql, int64_t visit, int64_t frame);
// Numbers of the visits about which the frame speaks. Reads the whole table of links: for a frame that cannot say so.
absl::StatusOr<std::vector<int64_t>> VisitsOfFrame(SqlSession& sql, int64_t frame);
// Frames that hold entries of the visit, in the order of their commits.
absl::StatusOr<std::vector<FrameRow>> FramesOfVisit(SqlSession& sql, int64_t visit, int64_t limit);

// Frames of one device that were received at `commit_us` or later, in the order of their commits.
absl::StatusOr<std::vector<FrameRow>> FramesSince(SqlSession& sql, int64_t device, int64_t commit_us);

// Every frame after number `after_n`, in the order of commits.
absl::StatusOr<std::vector<FrameRow>> FramesFrom(SqlSession& sql, int64_t after_n, int64_t limit);

// 0: none yet.
absl::StatusOr<int64_t> LastFrameCommit(SqlSession& sql);

struct FrameTotals {
  uint64_t frames = 0;
  uint64_t entries = 0;  // Each position once.
};
absl::StatusOr<FrameTotals> CountFrames(SqlSession& sql);
// Entries received from one device, over all its epochs.
absl::StatusOr<uint64_t> CountEntriesOfDevice(SqlSession& sql, int64_t device);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_FRAME_TABLE_H_
