#include "client_core/rules/named_attachments.h"

#include "client_core/base/limits.h"

namespace doorstep {

std::vector<NamedAttachment> AttachmentsNamedBy(const v1::LogEntry& entry) {
  const v1::LogEntry& fact = entry.has_correction() ? entry.correction().replacement() : entry;
  std::vector<NamedAttachment> named;
  const auto add = [&named](const std::string& sha256, uint64_t size, bool preview, const std::string& content_type,
                            const std::string& title) {
    if (sha256.size() == limits::kAttachmentHashBytes) named.push_back({sha256, size, preview, content_type, title});
  };
  if (fact.has_attachment_added()) {
    const v1::AttachmentAdded& added = fact.attachment_added();
    add(added.sha256(), added.size_bytes(), false, added.content_type(), added.title());
    add(added.preview_sha256(), added.preview_size_bytes(), true, "", "");
  }
  if (fact.has_signature_captured()) {
    add(fact.signature_captured().sha256(), 0, false, "", fact.signature_captured().signer());
  }
  return named;
}

bool NamesAttachment(const v1::LogEntry& entry, absl::string_view sha256, uint64_t size_bytes) {
  for (const NamedAttachment& named : AttachmentsNamedBy(entry)) {
    const bool same_size = named.size_bytes == 0 || named.size_bytes == size_bytes;
    if (absl::string_view(named.sha256) == sha256 && same_size) return true;
  }
  return false;
}

}  // namespace doorstep
