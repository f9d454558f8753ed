// What this phone says about its attachments.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "client_core/store/attachment_rows.h"
#include "client_core/store/attachments.h"

namespace doorstep {
namespace {

constexpr uint32_t kListDefault = 100;
constexpr uint32_t kListMax = 1000;

std::string SizeInWords(uint64_t bytes) {
  if (bytes < 1024) return absl::StrCat(bytes, " bytes");
  if (bytes < 1024 * 1024) return absl::StrCat((bytes + 1023) / 1024, " KiB");
  const uint64_t tenths = bytes * 10 / (1024 * 1024);
  return absl::StrCat(tenths / 10, ".", tenths % 10, " MiB");
}

v1::AttachmentStage StageOf(const KeptAttachment& row, bool named) {
  switch (row.state) {
    case AttachmentStored::kSafe:
      return v1::ATTACHMENT_STAGE_SAFE_AT_OFFICE;
    case AttachmentStored::kDamaged:
      return v1::ATTACHMENT_STAGE_DAMAGED;
    case AttachmentStored::kUnclaimed:
      return v1::ATTACHMENT_STAGE_NOT_NAMED;
    case AttachmentStored::kHere:
      break;
  }
  return named ? v1::ATTACHMENT_STAGE_SAVED_HERE : v1::ATTACHMENT_STAGE_NOT_NAMED;
}

std::string InWords(const KeptAttachment& row, v1::AttachmentStage stage, bool metered) {
  const std::string size = SizeInWords(row.size);
  switch (stage) {
    case v1::ATTACHMENT_STAGE_SAFE_AT_OFFICE:
      return absl::StrCat(size, ", safe at the office", row.kept ? "" : "; deleted here to make room");
    case v1::ATTACHMENT_STAGE_DAMAGED:
      if (!row.kept) {
        return absl::StrCat(size,
                            ", not on this phone: never added here, or lost when the file of photos was damaged; "
                            "add it once more");
      }
      return absl::StrCat(size, ", damaged on this phone and not at the office: ",
                          row.message.empty() ? "its bytes are not what was added" : row.message, "; add it once more");
    case v1::ATTACHMENT_STAGE_NOT_NAMED:
      return absl::StrCat(size, ", on this phone; ",
                          row.state == AttachmentStored::kUnclaimed
                              ? "the entry that named it is lost, here and at the office: name it in another"
                              : "no entry names it yet");
    default:
      break;
  }
  const bool waits = metered && row.kind == v1::ATTACHMENT_KIND_ORIGINAL;
  return absl::StrCat(row.sent_through == 0 ? "nothing" : SizeInWords(row.sent_through), " of ", size, " sent",
                      waits ? "; goes on over a network that is not metered" : "",
                      row.message.empty() ? "" : absl::StrCat("; ", row.message));
}

}  // namespace

absl::StatusOr<v1::AttachmentsListResponse> Attachments::List(const v1::AttachmentsListRequest& request,
                                                              absl::string_view device, bool metered) {
  if (request.limit() > kListMax) {
    return absl::InvalidArgumentError(absl::StrCat("limit: must be at most ", kListMax, ", is ", request.limit()));
  }
  if (!request.sha256().empty() && request.sha256().size() != limits::kAttachmentHashBytes) {
    return absl::InvalidArgumentError(absl::StrCat("sha256: must have ", limits::kAttachmentHashBytes, " bytes"));
  }
  const uint32_t limit = request.limit() == 0 ? kListDefault : request.limit();
  v1::AttachmentsListResponse response;
  if (!IsOpen()) return response;
  ASSIGN_OR_RETURN(
      sqlite::Statement read,
      db_->Prepare(absl::StrCat(
          "SELECT ", kAttachmentColumns,
          " FROM attachment WHERE ($1 = '' OR n IN (SELECT n FROM name WHERE visit_id = $1)) "
          "AND (length($2) = 0 OR sha256 = $2) AND ($3 = 0 OR (state NOT IN (2, 4) AND n IN (SELECT n FROM name))) "
          "ORDER BY n LIMIT $4")));
  read.BindText(1, request.visit_id()).BindBlob(2, request.sha256()).Bind(3, request.unsent() ? 1 : 0);
  read.Bind(4, int64_t{limit} + 1);
  ASSIGN_OR_RETURN(sqlite::Statement name,
                   db_->Prepare("SELECT epoch, seq, visit_id FROM name WHERE n = $1 AND ($2 = '' OR visit_id = $2) "
                                "ORDER BY epoch DESC, seq DESC LIMIT 1"));
  while (true) {
    ASSIGN_OR_RETURN(const bool found, read.Step());
    if (!found) return response;
    if (response.attachments_size() == static_cast<int>(limit)) {
      response.set_more(true);
      return response;
    }
    const KeptAttachment row = KeptAttachmentOf(read);
    ASSIGN_OR_RETURN(const bool named, name.Bind(1, row.n).BindText(2, request.visit_id()).Step());
    v1::LocalAttachment& local = *response.add_attachments();
    local.set_sha256(row.sha256);
    local.set_size_bytes(row.size);
    local.set_kind(row.kind);
    local.set_content_type(row.content_type);
    local.set_stage(StageOf(row, named));
    local.set_sent_bytes(row.sent_through);
    local.set_kept_here(row.kept);
    local.set_added_time_us(row.added_us);
    local.set_text(InWords(row, local.stage(), metered));
    if (!named) continue;
    *local.mutable_named_by() =
        MakePosition(device, static_cast<uint64_t>(name.Int(0)), static_cast<uint64_t>(name.Int(1)));
    local.set_visit_id(std::string(name.Text(2)));
    name.Reset();
  }
}

absl::StatusOr<v1::AttachmentReadResponse> Attachments::Read(const v1::AttachmentReadRequest& request) {
  if (request.length() > limits::kAttachmentRangeBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("length: must be at most ", limits::kAttachmentRangeBytesMax, ", is ", request.length()));
  }
  ASSIGN_OR_RETURN(const std::optional<KeptAttachment> row, FindRow(request.sha256()));
  if (!row.has_value() || !row->kept) return absl::NotFoundError("sha256: this attachment is not on this phone");
  if (request.offset() > row->size) {
    return absl::OutOfRangeError(absl::StrCat("offset: must be at most ", row->size, ", is ", request.offset()));
  }
  v1::AttachmentReadResponse response;
  const uint64_t length = request.length() == 0 ? limits::kAttachmentRangeBytesDefault : request.length();
  ASSIGN_OR_RETURN(*response.mutable_data(), ReadBytes(*row, request.offset(), length));
  response.set_size_bytes(row->size);
  response.set_content_type(row->content_type);
  return response;
}

absl::StatusOr<AttachmentCounts> Attachments::Counts() {
  AttachmentCounts counts;
  if (!IsOpen()) return counts;
  ASSIGN_OR_RETURN(
      sqlite::Statement read,
      db_->Prepare("SELECT state, kind, kept, size, EXISTS (SELECT 1 FROM name WHERE name.n = attachment.n) "
                   "FROM attachment WHERE state <> 2"));
  while (true) {
    ASSIGN_OR_RETURN(const bool found, read.Step());
    if (!found) return counts;
    const auto size = static_cast<uint64_t>(read.Int(3));
    const bool here = read.Int(2) != 0;
    if (here) counts.waiting_bytes += size;
    if (read.Int(4) == 0) continue;  // Nobody names it.
    if (static_cast<AttachmentStored>(read.Int(0)) == AttachmentStored::kDamaged) {
      ++counts.damaged;
      continue;
    }
    if (static_cast<AttachmentStored>(read.Int(0)) == AttachmentStored::kUnclaimed) continue;
    ++counts.queued;
    counts.queued_bytes += size;
    if (read.Int(1) == v1::ATTACHMENT_KIND_ORIGINAL) ++counts.originals;
  }
}

absl::StatusOr<VisitAttachments> Attachments::CountVisit(absl::string_view visit_id) {
  VisitAttachments counts;
  if (!IsOpen()) return counts;
  ASSIGN_OR_RETURN(sqlite::Statement read,
                   db_->Prepare("SELECT count(DISTINCT n), count(DISTINCT CASE WHEN state = 2 THEN n END) "
                                "FROM name JOIN attachment USING (n) WHERE visit_id = $1 AND preview = 0"));
  ASSIGN_OR_RETURN(const bool found, read.BindText(1, visit_id).Step());
  if (found) counts = {static_cast<uint32_t>(read.Int(0)), static_cast<uint32_t>(read.Int(1))};
  return counts;
}

}  // namespace doorstep
