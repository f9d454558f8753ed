// Which attachments an entry names: the photo or document of AttachmentAdded with its preview, the picture of a
// signature. Phone and server ask the same question: the one sends what is named, the other takes nothing else.
#ifndef DOORSTEP_CLIENT_CORE_RULES_NAMED_ATTACHMENTS_H_
#define DOORSTEP_CLIENT_CORE_RULES_NAMED_ATTACHMENTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "doorstep/v1/visit.pb.h"

namespace doorstep {

struct NamedAttachment {
  std::string sha256;       // 32 bytes.
  uint64_t size_bytes = 0;  // 0: the entry does not say.
  bool preview = false;     // Of the one before it.
  std::string content_type;
  std::string title;
};

// Also of what a correction puts in another entry's place.
std::vector<NamedAttachment> AttachmentsNamedBy(const v1::LogEntry& entry);

// Whether the entry names these bytes.
bool NamesAttachment(const v1::LogEntry& entry, absl::string_view sha256, uint64_t size_bytes);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_RULES_NAMED_ATTACHMENTS_H_
