#include "server/apply/stored_frame.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "server/openssl_sha256.h"

namespace doorstep {

absl::StatusOr<OpenedFrame> OpenStored(const FrameRow& row) {
  absl::StatusOr<OpenedFrame> opened = OpenFrame(row.bytes);
  if (!opened.ok())
    return absl::DataLossError(absl::StrCat("table frame: row ", row.n, ": ", opened.status().message()));
  return opened;
}

absl::StatusOr<StoredEntry> FindStoredEntry(SqlSession& sql, int64_t device, uint64_t epoch, uint64_t seq) {
  ASSIGN_OR_RETURN(std::optional<FrameRow> row, FindFrameHolding(sql, device, epoch, seq));
  if (!row.has_value()) return absl::NotFoundError(absl::StrCat("entry ", epoch, ".", seq, " has not been received"));
  StoredEntry entry;
  entry.frame = *std::move(row);
  ASSIGN_OR_RETURN(entry.opened, OpenStored(entry.frame));
  entry.seq = seq;
  return entry;
}

absl::StatusOr<std::string> StoredHashAfter(SqlSession& sql, int64_t device, uint64_t epoch, uint64_t seq) {
  ASSIGN_OR_RETURN(const std::optional<FrameRow> row, FindFrameHolding(sql, device, epoch, seq));
  if (!row.has_value()) {
    return absl::DataLossError(absl::StrCat("table frame: entry ", epoch, ".", seq, " is below the mark and not held"));
  }
  if (row->last_seq == seq) return row->head_hash;
  ASSIGN_OR_RETURN(const OpenedFrame opened, OpenStored(*row));
  OpensslSha256 hasher;
  ASSIGN_OR_RETURN(const std::vector<Hash> hashes, CheckChain(hasher, opened));
  return std::string(AsBytes(hashes[seq - row->first_seq]));
}

}  // namespace doorstep
