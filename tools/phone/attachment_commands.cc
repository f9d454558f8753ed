// Photos and documents: what is on the phone, how much of it is at the office, and back into a file.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tools/phone/command.h"
#include "tools/phone/errors.h"
#include "tools/phone/words.h"

namespace doorstep::phone {
namespace {

constexpr size_t kShownHash = 12;  // Characters: enough to tell the photos of one phone apart.

absl::StatusOr<v1::AttachmentsListResponse> ListAll(Phone& phone, const std::string& visit_id) {
  v1::AttachmentsListRequest request;
  request.set_visit_id(visit_id);
  request.set_limit(1000);
  return phone.core->AttachmentsList(request);
}

absl::StatusOr<Answer> Photos(Phone& phone, const Arguments& words) {
  const absl::StatusOr<v1::AttachmentsListResponse> list = ListAll(phone, words[0]);
  if (!list.ok()) return list.status();
  Answer answer;
  answer.Field("answer", JsonOf(*list));
  if (list->attachments().empty()) return answer.Line("no photos on this phone; photo FILE adds one to the open visit");
  std::vector<std::vector<std::string>> rows;
  for (const v1::LocalAttachment& local : list->attachments()) {
    rows.push_back({absl::BytesToHexString(local.sha256()).substr(0, kShownHash), local.visit_id(),
                    local.has_named_by() ? PositionText(local.named_by()) : "", Words(local.kind()), local.text()});
  }
  return answer.Table({"PHOTO", "VISIT", "ENTRY", "WHAT", "STATE"}, rows);
}

// By as much of its hash as nobody else's begins with.
absl::StatusOr<v1::LocalAttachment> FindPhoto(Phone& phone, const std::string& prefix) {
  const absl::StatusOr<v1::AttachmentsListResponse> list = ListAll(phone, "");
  if (!list.ok()) return list.status();
  const v1::LocalAttachment* found = nullptr;
  for (const v1::LocalAttachment& local : list->attachments()) {
    if (absl::BytesToHexString(local.sha256()).rfind(prefix, 0) != 0) continue;
    if (found != nullptr) return UsageError(absl::StrCat(prefix, ": several photos begin so"), "photos");
    found = &local;
  }
  if (found == nullptr) return WithTry(absl::NotFoundError(absl::StrCat(prefix, ": no such photo here")), "photos");
  return *found;
}

absl::StatusOr<Answer> SavePhoto(Phone& phone, const Arguments& words) {
  const absl::StatusOr<v1::LocalAttachment> photo = FindPhoto(phone, words[0]);
  if (!photo.ok()) return photo.status();
  std::string bytes;
  v1::AttachmentReadRequest request;
  request.set_sha256(photo->sha256());
  do {
    request.set_offset(bytes.size());
    const absl::StatusOr<v1::AttachmentReadResponse> read = phone.core->AttachmentRead(request);
    if (!read.ok()) return WithTry(read.status(), "photos, which says what became of it");
    if (read->data().empty()) break;
    bytes += read->data();
  } while (bytes.size() < photo->size_bytes());
  const int file = open(words[1].c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const bool written = file >= 0 && write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
  const int error = errno;
  if (file >= 0) close(file);
  if (!written) {
    return WithTry(absl::FailedPreconditionError(absl::StrCat(words[1], ": ", std::strerror(error))),
                   "save-photo PHOTO FILE, with the name of a file that is not there yet");
  }
  return Answer(absl::StrCat(Count(bytes.size(), "byte", "bytes"), " in ", words[1]));
}

absl::StatusOr<Answer> Network(Phone& phone, const Arguments& words) {
  const bool metered = words[0] == "metered";
  if (!metered && words[0] != "unmetered") return UsageError("network: metered or unmetered?", "network metered");
  const absl::Status told =
      phone.core->Notify(metered ? v1::PHONE_NOTICE_NETWORK_METERED : v1::PHONE_NOTICE_NETWORK_UNMETERED);
  if (!told.ok()) return told;
  return Answer(metered ? "photos wait for a network that is not metered; previews and entries go"
                        : "photos go with everything else");
}

absl::StatusOr<std::string> Add(Phone& phone, const std::string& path, v1::AttachmentKind kind,
                                const std::string& content_type) {
  v1::AttachmentAddRequest request;
  request.set_path(path);
  request.set_kind(kind);
  request.set_content_type(content_type);
  const absl::StatusOr<v1::AttachmentAddResponse> added = phone.core->AttachmentAdd(request);
  if (!added.ok()) return WithTry(added.status(), "a file of 1 byte to 32 MiB; a preview of at most 64 KiB");
  return added->sha256();
}

}  // namespace

absl::Status KeepAttachment(Phone& phone, const Fact& fact, const std::vector<std::string>& words,
                            const v1::AttachmentAdded& named) {
  const absl::StatusOr<Arguments> arguments = Arguments::Parse(words, fact.options, fact.usage);
  if (!arguments.ok()) return arguments.status();
  const absl::StatusOr<std::string> photo =
      Add(phone, (*arguments)[0], v1::ATTACHMENT_KIND_ORIGINAL, named.content_type());
  if (!photo.ok()) return photo.status();
  absl::StatusOr<std::string> preview = std::string();
  if (arguments->Has("preview")) {
    preview = Add(phone, arguments->Option("preview"), v1::ATTACHMENT_KIND_PREVIEW, named.content_type());
    if (!preview.ok()) return preview.status();
  }
  if (*photo == named.sha256() && *preview == named.preview_sha256()) return absl::OkStatus();
  return WithTry(absl::AbortedError(absl::StrCat((*arguments)[0], ": changed while it was read")), fact.usage);
}

const std::vector<Command>& AttachmentCommands() {
  static const auto* const commands = new std::vector<Command>{
      {"photos", "photos [VISIT]", "photos and documents, and how much of each is at the office", "", 0, &Photos},
      {"save-photo", "save-photo PHOTO FILE", "a photo of this phone as a file", "", 2, &SavePhoto},
      {"network", "network metered|unmetered", "what the network costs: photos wait for one that is not metered", "", 1,
       &Network},
  };
  return *commands;
}

}  // namespace doorstep::phone
