// Which attachments are stored whole. A row is written when an attachment's file is complete, durable and equal to its
// hash, and an entry that names it has been received; so a file without a row is nobody's.
// Operational: `rebuild` does not touch it. A row whose file is gone (somebody deleted it) says nothing: readers look
// at the file as well, and the phone that sends it again writes the row anew.
#ifndef DOORSTEP_SERVER_STORAGE_ATTACHMENT_TABLE_H_
#define DOORSTEP_SERVER_STORAGE_ATTACHMENT_TABLE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/storage/sql_session.h"

namespace doorstep {

struct AttachmentRow {
  std::string sha256;  // 32 bytes.
  uint64_t size = 0;
  int64_t stored_us = 0;
  int64_t device = 0;  // Number of the device that sent it; its entry that names it stands at (epoch, seq).
  uint64_t epoch = 0;
  uint64_t seq = 0;
  bool backed_up = false;
};

absl::StatusOr<std::optional<AttachmentRow>> FindAttachment(SqlSession& sql, absl::string_view sha256);
// In place of the row there is, which is not in a backup then.
absl::Status WriteAttachment(SqlSession& sql, const AttachmentRow& row);
absl::Status DeleteAttachment(SqlSession& sql, absl::string_view sha256);
// Every row, in the order of the hashes, until `take` returns an error.
absl::Status ForEachAttachment(SqlSession& sql, const std::function<absl::Status(const AttachmentRow&)>& take);
// Hashes of those that are in no backup yet.
absl::StatusOr<std::vector<std::string>> AttachmentsNotBackedUp(SqlSession& sql);
absl::Status MarkAttachmentBackedUp(SqlSession& sql, absl::string_view sha256);

struct AttachmentTotals {
  uint64_t attachments = 0;
  uint64_t bytes = 0;
};
absl::StatusOr<AttachmentTotals> CountAttachments(SqlSession& sql);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_ATTACHMENT_TABLE_H_
