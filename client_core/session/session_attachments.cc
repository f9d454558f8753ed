// What the host asks about attachments.
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/sha256.h"
#include "client_core/base/status.h"
#include "client_core/rules/named_attachments.h"
#include "client_core/session/session.h"

namespace doorstep {
namespace {

constexpr size_t kReadBytes = size_t{64} * 1024;  // At a time.

const char* KindOfFile(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

absl::StatusOr<std::string> ReadFile(const std::string& path, uint64_t size_max) {
  // What is no file must not hold up the host: a pipe is open only when somebody writes into it.
  const int opened = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (opened < 0) return absl::NotFoundError(absl::StrCat("path: ", path, ": ", strerror(errno)));
  const std::unique_ptr<FILE, int (*)(FILE*)> file(fdopen(opened, "rb"), fclose);
  if (file == nullptr) {
    close(opened);
    return absl::UnavailableError("no memory to read a file");
  }
  struct stat status {};
  if (fstat(opened, &status) != 0) return absl::InvalidArgumentError(absl::StrCat("path: ", path, " cannot be read"));
  if (!S_ISREG(status.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat("path: ", path, " is ", KindOfFile(status.st_mode), ", no file"));
  }
  if (static_cast<uint64_t>(status.st_size) > size_max) {
    return absl::InvalidArgumentError(
        absl::StrCat("path: ", path, " has ", status.st_size, " bytes, at most ", size_max, " may be added"));
  }
  std::string bytes;
  bytes.reserve(static_cast<size_t>(status.st_size) + 1);
  char piece[kReadBytes];
  // One byte more than may be, so that what has grown meanwhile is seen to be too large.
  while (bytes.size() <= size_max) {
    const size_t got = fread(piece, 1, sizeof(piece), file.get());
    if (got == 0) break;
    bytes.append(piece, got);
  }
  if (ferror(file.get()) != 0) return absl::InvalidArgumentError(absl::StrCat("path: ", path, " cannot be read"));
  return bytes;
}

absl::StatusOr<std::string> ContentOf(v1::AttachmentAddRequest request, v1::AttachmentKind kind) {
  switch (request.source_case()) {
    case v1::AttachmentAddRequest::kContent:
      return std::move(*request.mutable_content());
    case v1::AttachmentAddRequest::kPath:
      return ReadFile(request.path(),
                      kind == v1::ATTACHMENT_KIND_PREVIEW ? limits::kPreviewBytesMax : limits::kAttachmentBytesMax);
    default:
      return absl::InvalidArgumentError("source: give content or a path");
  }
}

}  // namespace

absl::StatusOr<v1::AttachmentAddResponse> Session::AttachmentAdd(v1::AttachmentAddRequest request) {
  const v1::AttachmentKind kind =
      request.kind() == v1::ATTACHMENT_KIND_UNSPECIFIED ? v1::ATTACHMENT_KIND_ORIGINAL : request.kind();
  const std::string content_type = request.content_type();
  // Reading and hashing 32 MiB takes long; nobody's tap waits for it.
  ASSIGN_OR_RETURN(std::string content, ContentOf(std::move(request), kind));
  SodiumSha256 hasher;
  hasher.Update(content);
  const Hash sha256 = hasher.Finish();
  auto bytes = std::make_shared<const std::string>(std::move(content));
  return Ask<v1::AttachmentAddResponse>(
      [this, bytes, sha256, kind, content_type]() -> absl::StatusOr<v1::AttachmentAddResponse> {
        // What room is left then is for entries.
        if (const absl::Status room = store_->CanFetch(); absl::IsResourceExhausted(room)) return room;
        absl::StatusOr<v1::AttachmentAddResponse> added =
            store_->attachments().Add(*bytes, sha256, kind, content_type, clock_->Now().wall_time_us);
        if (absl::IsDataLoss(added.status())) {
          store_->RepairAttachments(added.status());
          added = store_->attachments().Add(*bytes, sha256, kind, content_type, clock_->Now().wall_time_us);
        }
        // An entry may have named it before it was here.
        queue_.Post(Urgency::kNetwork, [this] { driver_->AttachmentsChanged(); });
        return added;
      });
}

absl::StatusOr<v1::AttachmentsListResponse> Session::AttachmentsList(v1::AttachmentsListRequest request) {
  return Ask<v1::AttachmentsListResponse>([this, request = std::move(request)] {
    const auto& identity = store_->journal().identity();
    return store_->attachments().List(request, identity.has_value() ? identity->device() : "", driver_->metered());
  });
}

absl::StatusOr<v1::AttachmentReadResponse> Session::AttachmentRead(v1::AttachmentReadRequest request) {
  return Ask<v1::AttachmentReadResponse>(
      [this, request = std::move(request)] { return store_->attachments().Read(request); });
}

// ---- on the queue: what other answers say of attachments ----

absl::Status Session::CountAttachments(v1::LocalVisit* visit) {
  ASSIGN_OR_RETURN(const VisitAttachments counts, store_->attachments().CountVisit(visit->visit().id()));
  visit->set_attachments(counts.named);
  visit->set_attachments_safe(counts.safe);
  return absl::OkStatus();
}

absl::Status Session::FillAttachments(v1::PhoneStatus* status) {
  ASSIGN_OR_RETURN(const AttachmentCounts counts, store_->attachments().Counts());
  status->set_attachments_queued(counts.queued);
  status->set_attachments_queued_bytes(counts.queued_bytes);
  status->set_attachments_waiting(driver_->metered() ? counts.originals : 0);
  status->set_attachments_damaged(counts.damaged);
  return absl::OkStatus();
}

absl::Status Session::ExplainAttachments(const v1::ExplainRequest& request, v1::Explanation* answer) {
  if (request.subject_case() == v1::ExplainRequest::kVisitId) {
    ASSIGN_OR_RETURN(const VisitAttachments counts, store_->attachments().CountVisit(request.visit_id()));
    if (counts.named > 0) {
      answer->add_lines(absl::StrCat(counts.safe, " of ", counts.named, counts.named == 1 ? " photo" : " photos",
                                     " safe at the office."));
    }
    return answer->has_visit() ? CountAttachments(answer->mutable_visit()) : absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const EntryInfo info, store_->journal().Find(request.entry()));
  ASSIGN_OR_RETURN(const v1::LogEntry entry, store_->journal().Read(info.epoch, info.seq));
  for (const NamedAttachment& named : AttachmentsNamedBy(entry)) {
    v1::AttachmentsListRequest one;
    one.set_sha256(named.sha256);
    ASSIGN_OR_RETURN(const v1::AttachmentsListResponse list,
                     store_->attachments().List(one, store_->journal().identity()->device(), driver_->metered()));
    for (const v1::LocalAttachment& local : list.attachments()) {
      answer->add_lines(absl::StrCat(named.preview ? "Its preview: " : "Its bytes: ", local.text(), "."));
    }
  }
  return absl::OkStatus();
}

}  // namespace doorstep
