// Frames that are stored, opened again: to compare with, to replay, to explain.
#ifndef DOORSTEP_SERVER_APPLY_STORED_FRAME_H_
#define DOORSTEP_SERVER_APPLY_STORED_FRAME_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client_core/rules/frame_codec.h"
#include "server/storage/frame_table.h"
#include "server/storage/sql_session.h"

namespace doorstep {

// DATA_LOSS when the stored bytes are not a frame any more.
absl::StatusOr<OpenedFrame> OpenStored(const FrameRow& row);

// The chain's hash after entry `seq`, which must be held; 32 bytes.
absl::StatusOr<std::string> StoredHashAfter(SqlSession& sql, int64_t device, uint64_t epoch, uint64_t seq);

// One stored entry with what was around it.
struct StoredEntry {
  FrameRow frame;
  OpenedFrame opened;
  uint64_t seq = 0;
  const v1::EntryEnvelope& envelope() const { return opened.body.entries(static_cast<int>(seq - frame.first_seq)); }
};
// NOT_FOUND when the journal does not reach `seq`.
absl::StatusOr<StoredEntry> FindStoredEntry(SqlSession& sql, int64_t device, uint64_t epoch, uint64_t seq);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_STORED_FRAME_H_
