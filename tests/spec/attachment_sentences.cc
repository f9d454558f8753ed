#include <string>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "tests/spec/sentences.h"
#include "tests/support/photo.h"

namespace doorstep::spec {
namespace {

using testing::HashOf;
constexpr size_t kPhotoBytes = 700 * 1024;  // Several pieces.

// The bytes that a photo of this name has in every story.
std::string PhotoOf(const std::string& name) {
  std::string bytes;
  while (bytes.size() < kPhotoBytes) absl::StrAppend(&bytes, name, " ", bytes.size(), "\n");
  return bytes;
}
std::string PreviewOf(const std::string& name) { return absl::StrCat("preview of ", name); }

absl::Status Photograph(World& world, const Words& w) {
  ASSIGN_OR_RETURN(StoryPhone* const phone, world.Phone(w["who"]));
  v1::LogEntry entry;
  entry.set_visit_id(w["visit"]);
  v1::AttachmentAdded& added = *entry.mutable_attachment_added();
  const std::string photo = PhotoOf(w["name"]);
  const std::string preview = PreviewOf(w["name"]);
  ASSIGN_OR_RETURN(*added.mutable_sha256(), phone->AddAttachment(photo, v1::ATTACHMENT_KIND_ORIGINAL));
  added.set_size_bytes(photo.size());
  ASSIGN_OR_RETURN(*added.mutable_preview_sha256(), phone->AddAttachment(preview, v1::ATTACHMENT_KIND_PREVIEW));
  added.set_preview_size_bytes(preview.size());
  added.set_content_type("image/jpeg");
  added.set_title(w["name"]);
  return world.Record(w["who"], std::move(entry)).status();
}

absl::Status Notify(World& world, const Words& w, v1::PhoneNotice notice) {
  ASSIGN_OR_RETURN(StoryPhone* const phone, world.Phone(w["who"]));
  return phone->Notify(notice);
}

absl::Status Differs(const std::string& what, uint64_t is, uint64_t expected) {
  return absl::FailedPreconditionError(absl::StrCat(what, ": ", is, ", the story expects ", expected));
}

absl::Status ExpectOnPhone(World& world, const Words& w) {
  ASSIGN_OR_RETURN(StoryPhone* const phone, world.Phone(w["who"]));
  ASSIGN_OR_RETURN(const v1::LocalVisit visit, phone->Visit(w["visit"]));
  const auto number = [&w](const char* slot) { return static_cast<uint32_t>(std::atoi(w[slot].c_str())); };
  if (visit.attachments() != number("all")) return Differs("photos", visit.attachments(), number("all"));
  if (visit.attachments_safe() != number("safe")) return Differs("safe", visit.attachments_safe(), number("safe"));
  return absl::OkStatus();
}

// The photo's row in the visit's list.
absl::StatusOr<v1::Attachment> AtOffice(World& world, const Words& w) {
  ASSIGN_OR_RETURN(const std::vector<v1::Attachment> list, world.office().Attachments(w["visit"]));
  for (const v1::Attachment& attachment : list) {
    if (attachment.sha256() == HashOf(PhotoOf(w["name"]))) return attachment;
  }
  return absl::NotFoundError(absl::StrCat("no entry of ", w["visit"], " names the photo ", w["name"]));
}

absl::Status ExpectAtOffice(World& world, const Words& w) {
  ASSIGN_OR_RETURN(const v1::Attachment attachment, AtOffice(world, w));
  if (attachment.state() != v1::ATTACHMENT_STATE_STORED) {
    return Differs("bytes that have come", attachment.stored_through(), attachment.size_bytes());
  }
  ASSIGN_OR_RETURN(const std::string bytes, world.office().ReadAttachment(attachment.sha256()));
  return bytes == PhotoOf(w["name"]) ? absl::OkStatus() : absl::DataLossError("the photo is not what was taken");
}

absl::Status ExpectPreviewOnly(World& world, const Words& w) {
  ASSIGN_OR_RETURN(const v1::Attachment attachment, AtOffice(world, w));
  if (attachment.state() == v1::ATTACHMENT_STATE_STORED) return Differs("bytes", attachment.stored_through(), 0);
  if (attachment.preview_state() != v1::ATTACHMENT_STATE_STORED) return Differs("previews", 0, 1);
  ASSIGN_OR_RETURN(const std::string bytes, world.office().ReadAttachment(attachment.preview_sha256()));
  return bytes == PreviewOf(w["name"]) ? absl::OkStatus() : absl::DataLossError("the preview is not what was taken");
}

}  // namespace

const std::vector<Sentence>& AttachmentSentences() {
  static const auto* const kSentences = new std::vector<Sentence>{
      {"{who} photographs {visit} as {name}", Photograph},
      {"{who}'s network is metered",
       [](World& world, const Words& w) { return Notify(world, w, v1::PHONE_NOTICE_NETWORK_METERED); }},
      {"{who}'s network is not metered",
       [](World& world, const Words& w) { return Notify(world, w, v1::PHONE_NOTICE_NETWORK_UNMETERED); }},
      {"expect on {who}'s phone {safe} of {all} photos of {visit} safe", ExpectOnPhone},
      {"expect photo {name} of {visit} at the office", ExpectAtOffice},
      {"expect only the preview of photo {name} of {visit} at the office", ExpectPreviewOnly},
  };
  return *kSentences;
}

}  // namespace doorstep::spec
