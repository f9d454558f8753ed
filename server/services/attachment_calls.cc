#include "server/services/attachment_calls.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/limits.h"
#include "client_core/base/planted_bug.h"
#include "client_core/base/status.h"
#include "client_core/rules/clock_correction.h"
#include "client_core/rules/named_attachments.h"
#include "server/apply/commands/checks.h"
#include "server/apply/writer.h"
#include "server/services/attachment_intake.h"
#include "server/services/make_command.h"
#include "server/services/received_entries.h"
#include "server/storage/attachment_table.h"
#include "server/storage/device_table.h"
#include "server/storage/storage.h"

namespace doorstep {
namespace {

// How long a phone waits until somebody has made room.
constexpr uint32_t kDiskWaitMs = 60000;
constexpr int64_t kDayMs = int64_t{24} * 3600 * 1000;

absl::Status CheckClaim(const v1::AttachmentClaim& claim) {
  if (claim.sha256().size() != limits::kAttachmentHashBytes) {
    return FieldError("attachment.sha256",
                      absl::StrCat("must have ", limits::kAttachmentHashBytes, " bytes, has ", claim.sha256().size()));
  }
  if (claim.kind() != v1::ATTACHMENT_KIND_PREVIEW && claim.kind() != v1::ATTACHMENT_KIND_ORIGINAL) {
    return FieldError("attachment.kind", "must be PREVIEW or ORIGINAL");
  }
  const uint64_t size_max =
      claim.kind() == v1::ATTACHMENT_KIND_PREVIEW ? limits::kPreviewBytesMax : limits::kAttachmentBytesMax;
  if (claim.size_bytes() == 0 || claim.size_bytes() > size_max) {
    return FieldError("attachment.size_bytes", absl::StrCat("must be 1 to ", size_max, ", is ", claim.size_bytes()));
  }
  if (claim.epoch() == 0 || claim.epoch() > limits::kEpochMax) {
    return FieldError("attachment.epoch", absl::StrCat("must be 1 to ", limits::kEpochMax));
  }
  if (claim.seq() == 0 || claim.seq() > INT64_MAX) return FieldError("attachment.seq", "must be 1 or more");
  return absl::OkStatus();
}

absl::Status CheckFields(const v1::PutChunkRequest& request) {
  RETURN_IF_ERROR(CheckClaim(request.attachment()));
  if (request.data().size() > limits::kAttachmentChunkBytesMax) {
    return FieldError("data", absl::StrCat("must have at most ", limits::kAttachmentChunkBytesMax, " bytes, has ",
                                           request.data().size()));
  }
  const uint64_t size = request.attachment().size_bytes();
  if (request.offset() > size || request.data().size() > size - request.offset()) {
    return FieldError("offset", absl::StrCat("with the data it must not lie beyond size_bytes, ", size));
  }
  return absl::OkStatus();
}

// What the database knows of a claim.
struct Known {
  int64_t device = 0;
  bool named = false;  // The entry at the claimed position has been received and names it.
  std::optional<AttachmentRow> row;
};

// An entry that this server cannot read may well name it: a phone may be newer than its server.
bool MayName(const ReceivedWithEnvelope& found, const v1::AttachmentClaim& claim) {
  const v1::ReceivedEntry& received = found.received;
  if (!received.has_entry() || received.entry().fact_case() == v1::LogEntry::FACT_NOT_SET) return true;
  return NamesAttachment(received.entry(), claim.sha256(), claim.size_bytes());
}

absl::StatusOr<Known> LookUp(SqlSession& sql, absl::string_view device_id, const v1::AttachmentClaim& claim) {
  ASSIGN_OR_RETURN(const auto device, FindDevice(sql, device_id));
  if (!device.has_value()) return absl::NotFoundError(absl::StrCat("no device ", device_id));
  if (device->lane == v1::LANE_BLOCKED) {
    return absl::PermissionDeniedError(absl::StrCat("device \"", device_id, "\" is blocked"));
  }
  Known known;
  known.device = device->n;
  ASSIGN_OR_RETURN(known.row, FindAttachment(sql, claim.sha256()));
  // Before each piece: a server that was put back may hold another entry there than when the first one came.
  ASSIGN_OR_RETURN(const auto found, FindReceivedEntry(sql, MakePosition(device_id, claim.epoch(), claim.seq())));
  known.named = found.has_value() && MayName(*found, claim);
  return known;
}

v1::AttachmentProgress Say(const v1::AttachmentClaim& claim, v1::AttachmentState state, uint64_t through,
                           uint32_t wait_ms = 0, absl::string_view message = "") {
  v1::AttachmentProgress progress;
  progress.set_sha256(claim.sha256());
  progress.set_state(state);
  progress.set_stored_through(through);
  progress.set_wait_ms(wait_ms);
  progress.set_message(std::string(message));
  return progress;
}

v1::AttachmentProgress SayUnknownEntry(const v1::AttachmentClaim& claim) {
  return Say(claim, v1::ATTACHMENT_STATE_UNKNOWN_ENTRY, 0, /*wait_ms=*/0,
             absl::StrCat("no received entry ", claim.epoch(), ".", claim.seq(), " of this phone names it"));
}

v1::AttachmentProgress SayStored(const v1::AttachmentClaim& claim, bool backed_up) {
  v1::AttachmentProgress progress = Say(claim, v1::ATTACHMENT_STATE_STORED, claim.size_bytes());
  progress.set_backed_up(backed_up);
  return progress;
}

v1::PutChunkResponse AnswerWith(const ServerParts& parts, v1::AttachmentProgress progress) {
  v1::PutChunkResponse response;
  *response.mutable_progress() = std::move(progress);
  response.set_generation(parts.storage.generation());
  return response;
}

// The file is whole: notes it, and answers when that is durable. `fresh`: its bytes have just come, and no backup has
// them, whatever a row says of a file that was here before.
void NoteWhole(const ServerParts& parts, const Scope& scope, const v1::PutChunkRequest& request, int64_t device,
               bool fresh, CallDone<v1::PutChunkResponse> done) {
  const v1::AttachmentClaim& claim = request.attachment();
  AttachmentRow row;
  row.sha256 = claim.sha256();
  row.size = claim.size_bytes();
  row.device = device;
  row.epoch = claim.epoch();
  row.seq = claim.seq();
  if (Planted("attachment_of_another")) row.seq = std::max<uint64_t>(row.seq, 2) - 1;
  Command command =
      MakeCommand(scope.principal(), "/doorstep.v1.AttachmentService/PutChunk", /*request_id=*/"", request,
                  [&parts, &claim, row, fresh](Transaction& tx) -> absl::StatusOr<v1::PutChunkResponse> {
                    // The same bytes from two phones, or a repeat.
                    ASSIGN_OR_RETURN(const auto there, FindAttachment(tx.sql(), row.sha256));
                    if (there.has_value() && !fresh) return AnswerWith(parts, SayStored(claim, there->backed_up));
                    AttachmentRow stored = row;
                    stored.stored_us = tx.commit_us();
                    RETURN_IF_ERROR(WriteAttachment(tx.sql(), stored));
                    return AnswerWith(parts, SayStored(claim, false));
                  });
  RunInWriter<v1::PutChunkResponse>(parts.writer, std::move(command), std::move(done));
}

absl::StatusOr<AttachmentIntake*> IntakeOf(const ServerParts& parts) {
  if (parts.attachments != nullptr) return parts.attachments;
  return absl::UnimplementedError("this server takes no attachments");
}

v1::AttachmentProgress SayQuota(const v1::AttachmentClaim& claim, uint64_t through, int64_t now_us) {
  const int64_t into_the_day_ms = now_us / 1000 % kDayMs;
  return Say(claim, v1::ATTACHMENT_STATE_QUOTA_REACHED, through, static_cast<uint32_t>(kDayMs - into_the_day_ms),
             "this phone has sent as many attachments today as one may");
}

}  // namespace

void PutChunkCall(const ServerParts& parts, const Scope& scope, const v1::PutChunkRequest& request,
                  CallDone<v1::PutChunkResponse> done) {
  const absl::Status fields = CheckFields(request);
  if (!fields.ok()) return done(fields);
  const absl::StatusOr<AttachmentIntake*> intake = IntakeOf(parts);
  if (!intake.ok()) return done(intake.status());
  AttachmentFiles& files = (*intake)->files();
  const v1::AttachmentClaim& claim = request.attachment();
  Known known;
  const absl::Status read = parts.storage.Read("an attachment", [&](SqlSession& sql) -> absl::Status {
    ASSIGN_OR_RETURN(known, LookUp(sql, scope.name(), claim));
    return absl::OkStatus();
  });
  if (!read.ok()) return done(read);
  if (!known.named) return done(AnswerWith(parts, SayUnknownEntry(claim)));
  const bool whole = files.IsWhole(claim.sha256(), claim.size_bytes());
  const int64_t now_us = parts.NowUs();
  const int32_t today = CivilDay(now_us, /*utc_offset_s=*/0);
  if (!whole && !(*intake)->HasQuota(scope.name(), today, request.data().size())) {
    const uint64_t through = files.StoredThrough(scope.name(), claim.sha256(), claim.size_bytes());
    return done(AnswerWith(parts, SayQuota(claim, through, now_us)));
  }
  absl::StatusOr<AttachmentFiles::Result> put =
      files.Put({scope.name(), claim.sha256(), claim.size_bytes(), request.offset(), request.data()}, now_us);
  if (!put.ok()) return done(put.status());
  (*intake)->Count(scope.name(), today, put->added);
  if (whole) {
    // Its size says little: a disk damages bytes, and a file without a row is one that a restored database does not
    // know, or whose process ended before the row. A phone that puts what is here can send it again.
    const absl::StatusOr<bool> good = files.KeepIfGood(claim.sha256(), now_us);
    if (!good.ok()) return done(good.status());
    if (*good && known.row.has_value()) return done(AnswerWith(parts, SayStored(claim, known.row->backed_up)));
    if (!*good) put->outcome = AttachmentFiles::Outcome::kMismatch;
  }
  switch (put->outcome) {
    case AttachmentFiles::Outcome::kReceiving:
      return done(AnswerWith(parts, Say(claim, v1::ATTACHMENT_STATE_RECEIVING, put->stored_through)));
    case AttachmentFiles::Outcome::kMismatch:
      Log(parts.log, LogLevel::kWarning,
          absl::StrCat("an attachment of ", scope.name(), " was not what its hash says; it is asked for again"));
      return done(AnswerWith(parts, Say(claim, v1::ATTACHMENT_STATE_MISMATCH, 0, 0,
                                        "what had come was not what the hash says; it was dropped")));
    case AttachmentFiles::Outcome::kDiskFull:
      Log(parts.log, LogLevel::kError, "no room for attachments: phones wait with them, entries go on");
      return done(AnswerWith(parts, Say(claim, v1::ATTACHMENT_STATE_DISK_FULL, put->stored_through, kDiskWaitMs,
                                        "the office's disk has no room for attachments")));
    case AttachmentFiles::Outcome::kWhole:
      break;
  }
  NoteWhole(parts, scope, request, known.device, /*fresh=*/!whole, std::move(done));
}

absl::StatusOr<v1::CheckAttachmentsResponse> CheckAttachmentsCall(const ServerParts& parts, const Scope& scope,
                                                                  const v1::CheckAttachmentsRequest& request) {
  RETURN_IF_ERROR(
      CheckRange("attachments", request.attachments_size(), /*min=*/1, /*max=*/limits::kAttachmentClaimsMax));
  for (const v1::AttachmentClaim& claim : request.attachments()) RETURN_IF_ERROR(CheckClaim(claim));
  ASSIGN_OR_RETURN(AttachmentIntake * intake, IntakeOf(parts));
  AttachmentFiles& files = intake->files();
  v1::CheckAttachmentsResponse response;
  RETURN_IF_ERROR(parts.storage.Read("attachments", [&](SqlSession& sql) -> absl::Status {
    for (const v1::AttachmentClaim& claim : request.attachments()) {
      ASSIGN_OR_RETURN(const Known known, LookUp(sql, scope.name(), claim));
      const bool whole = files.IsWhole(claim.sha256(), claim.size_bytes());
      if (!known.named) {
        *response.add_progress() = SayUnknownEntry(claim);
      } else if (known.row.has_value() && whole) {
        *response.add_progress() = SayStored(claim, known.row->backed_up);
      } else {
        // Without a row the last piece has to be put once more, which verifies the file.
        const uint64_t through = whole ? 0 : files.StoredThrough(scope.name(), claim.sha256(), claim.size_bytes());
        *response.add_progress() = Say(claim, v1::ATTACHMENT_STATE_RECEIVING, through);
      }
    }
    return absl::OkStatus();
  }));
  response.set_generation(parts.storage.generation());
  return response;
}

}  // namespace doorstep
