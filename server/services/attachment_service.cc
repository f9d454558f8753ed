// AttachmentService: the bytes that entries name, up from phones in pieces, down to the office by range.

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "client_core/rules/named_attachments.h"
#include "doorstep/v1/attachment_service.grpc.pb.h"
#include "server/apply/commands/checks.h"
#include "server/services/answer.h"
#include "server/services/attachment_calls.h"
#include "server/services/attachment_intake.h"
#include "server/services/page.h"
#include "server/services/services.h"
#include "server/services/visit_log.h"
#include "server/storage/attachment_table.h"
#include "server/storage/storage.h"
#include "server/storage/visit_table.h"

namespace doorstep {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

// The log is made of pages of its own; facts that are no attachments are many.
constexpr size_t kLogItems = 500;

class AttachmentService final : public v1::AttachmentService::CallbackService {
 public:
  explicit AttachmentService(const ServerParts& parts) : parts_(parts) {}

  ServerUnaryReactor* PutChunk(CallbackServerContext* context, const v1::PutChunkRequest* request,
                               v1::PutChunkResponse* response) override {
    return AnswerLater(parts_, "/doorstep.v1.AttachmentService/PutChunk", context, response,
                       [&](const Scope& scope, const Call<v1::PutChunkResponse>& call) {
                         PutChunkCall(parts_, scope, *request, FinishWith(call));
                       });
  }

  ServerUnaryReactor* CheckAttachments(CallbackServerContext* context, const v1::CheckAttachmentsRequest* request,
                                       v1::CheckAttachmentsResponse* response) override {
    return Answer(parts_, "/doorstep.v1.AttachmentService/CheckAttachments", context, response,
                  [&](const Scope& scope) -> absl::Status {
                    ASSIGN_OR_RETURN(*response, CheckAttachmentsCall(parts_, scope, *request));
                    return absl::OkStatus();
                  });
  }

  ServerUnaryReactor* ListAttachments(CallbackServerContext* context, const v1::ListAttachmentsRequest* request,
                                      v1::ListAttachmentsResponse* response) override {
    return Answer(parts_, "/doorstep.v1.AttachmentService/ListAttachments", context, response,
                  [&](const Scope&) -> absl::Status {
                    RETURN_IF_ERROR(CheckId("visit_id", request->visit_id()));
                    ASSIGN_OR_RETURN(const Page page, PageById(request->page_size(), request->page_token()));
                    return parts_.storage.Read("attachments",
                                               [&](SqlSession& sql) { return List(sql, *request, page, *response); });
                  });
  }

  ServerUnaryReactor* ReadAttachment(CallbackServerContext* context, const v1::ReadAttachmentRequest* request,
                                     v1::ReadAttachmentResponse* response) override {
    return Answer(parts_, "/doorstep.v1.AttachmentService/ReadAttachment", context, response,
                  [&](const Scope&) { return Read(*request, *response); });
  }

 private:
  absl::Status List(SqlSession& sql, const v1::ListAttachmentsRequest& request, const Page& page,
                    v1::ListAttachmentsResponse& response) {
    ASSIGN_OR_RETURN(const auto visit, FindVisit(sql, request.visit_id()));
    if (!visit.has_value()) return absl::NotFoundError(absl::StrCat("no visit ", request.visit_id()));
    std::string after = page.after_id;
    while (true) {
      // As many facts as attachments are still wanted, so that the page ends where the log's does.
      const size_t wanted = static_cast<size_t>(page.size - response.attachments_size());
      if (wanted == 0) break;
      ASSIGN_OR_RETURN(VisitLogPage log, ReadVisitLog(sql, *visit, after, std::min(wanted, kLogItems)));
      for (const v1::VisitLogItem& item : log.items) {
        RETURN_IF_ERROR(Describe(sql, item, response));
      }
      after = std::move(log.last);
      if (after.empty()) return absl::OkStatus();
    }
    response.set_next_page_token(PageTokenAfter(after));
    return absl::OkStatus();
  }

  // Adds what the entry names; a preview stands with the attachment before it.
  absl::Status Describe(SqlSession& sql, const v1::VisitLogItem& item, v1::ListAttachmentsResponse& response) {
    for (const NamedAttachment& named : AttachmentsNamedBy(item.entry())) {
      ASSIGN_OR_RETURN(const auto row, FindAttachment(sql, named.sha256));
      const bool stored = row.has_value() && Files().IsWhole(named.sha256, row->size);
      const v1::AttachmentState state = stored ? v1::ATTACHMENT_STATE_STORED : v1::ATTACHMENT_STATE_RECEIVING;
      if (named.preview) {
        v1::Attachment& of = *response.mutable_attachments(response.attachments_size() - 1);
        of.set_preview_sha256(named.sha256);
        of.set_preview_size_bytes(named.size_bytes);
        of.set_preview_state(state);
        continue;
      }
      v1::Attachment& attachment = *response.add_attachments();
      *attachment.mutable_position() = item.position();
      attachment.set_author(item.author());
      *attachment.mutable_time() = item.time();
      attachment.set_sha256(named.sha256);
      attachment.set_size_bytes(stored ? row->size : named.size_bytes);
      attachment.set_content_type(named.content_type);
      attachment.set_title(named.title);
      attachment.set_judgement(item.judgement());
      attachment.set_state(state);
      attachment.set_lost(row.has_value() && !stored);
      const uint64_t size_max = named.size_bytes == 0 ? limits::kAttachmentBytesMax : named.size_bytes;
      attachment.set_stored_through(stored ? row->size
                                           : Files().StoredThrough(item.position().device(), named.sha256, size_max));
    }
    return absl::OkStatus();
  }

  absl::Status Read(const v1::ReadAttachmentRequest& request, v1::ReadAttachmentResponse& response) {
    if (request.sha256().size() != limits::kAttachmentHashBytes) {
      return FieldError("sha256", absl::StrCat("must have ", limits::kAttachmentHashBytes, " bytes"));
    }
    size_t length = limits::kAttachmentRangeBytesDefault;
    if (request.length() != 0) {
      RETURN_IF_ERROR(CheckRange("length", request.length(), 1, limits::kAttachmentRangeBytesMax));
      length = request.length();
    }
    std::optional<AttachmentRow> row;
    RETURN_IF_ERROR(parts_.storage.Read("an attachment", [&](SqlSession& sql) -> absl::Status {
      ASSIGN_OR_RETURN(row, FindAttachment(sql, request.sha256()));
      return absl::OkStatus();
    }));
    const std::string name = absl::BytesToHexString(request.sha256());
    if (!row.has_value()) return absl::NotFoundError(absl::StrCat("attachment ", name, " has not come, or not whole"));
    if (request.offset() > row->size) {
      return absl::OutOfRangeError(
          absl::StrCat("offset: must be at most the size, ", row->size, ", is ", request.offset()));
    }
    // Whoever reads the whole begins here. What is not good counts as gone from now on.
    if (request.offset() == 0) {
      ASSIGN_OR_RETURN(const bool good, Files().IsGood(request.sha256()));
      if (!good) return absl::DataLossError(absl::StrCat("attachment ", name, ": its file is gone or damaged"));
    }
    absl::StatusOr<std::string> bytes = Files().Read(request.sha256(), request.offset(), length);
    if (absl::IsNotFound(bytes.status())) {
      return absl::DataLossError(absl::StrCat("attachment ", name, ": its file is gone"));
    }
    RETURN_IF_ERROR(bytes.status());
    if (bytes->size() != std::min<uint64_t>(length, row->size - request.offset())) {
      return absl::DataLossError(absl::StrCat("attachment ", name, ": its file is not as long as it was"));
    }
    response.set_data(*std::move(bytes));
    response.set_size_bytes(row->size);
    return absl::OkStatus();
  }

  AttachmentFiles& Files() { return parts_.attachments->files(); }

  const ServerParts& parts_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeAttachmentService(const ServerParts& parts) {
  return std::make_unique<AttachmentService>(parts);
}

}  // namespace doorstep
