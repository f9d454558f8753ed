// How rows of attachments.db become values. Only the attachments' own files include this.
#ifndef DOORSTEP_CLIENT_CORE_STORE_ATTACHMENT_ROWS_H_
#define DOORSTEP_CLIENT_CORE_STORE_ATTACHMENT_ROWS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "client_core/sqlite/database.h"
#include "doorstep/v1/attachment.pb.h"

namespace doorstep {

enum class AttachmentStored {
  kHere = 1,     // On this phone; the office does not have it, or not all of it.
  kSafe = 2,     // The office has it.
  kDamaged = 3,  // Its bytes here are not what was added, or never were here; the office does not have it.
  kUnclaimed =
      4,  // On this phone; the entry that named it is lost, here and at the office. A restore may bring it back.
};

// One row of `attachment`.
struct KeptAttachment {
  int64_t n = 0;
  std::string sha256;
  uint64_t size = 0;
  v1::AttachmentKind kind = v1::ATTACHMENT_KIND_ORIGINAL;
  std::string content_type;
  int64_t added_us = 0;
  AttachmentStored state = AttachmentStored::kHere;
  bool kept = false;
  uint64_t sent_through = 0;
  bool backed_up = false;
  bool ask = false;
  // 0: it did not fail since it last moved. Else higher than that of all which failed before it: who waited longest
  // is next, so that none is starved.
  int64_t failed = 0;
  std::string message;
};

inline constexpr absl::string_view kAttachmentColumns =
    "n, sha256, size, kind, content_type, added_us, state, kept, sent_through, backed_up, ask, failures, message";
// Of a statement that selected kAttachmentColumns.
KeptAttachment KeptAttachmentOf(const sqlite::Statement& row);

constexpr int64_t ChunkKey(int64_t n, int64_t place) { return n << 16 | place; }

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_STORE_ATTACHMENT_ROWS_H_
