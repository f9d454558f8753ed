// The driver's part in sending attachments: makes the request of a turn from the file, and takes the answer into it
// before the engine hears of it.
#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client_core/base/kill_point.h"
#include "client_core/base/status.h"
#include "client_core/session/phone_events.h"
#include "client_core/session/sync_driver.h"
#include "doorstep/v1/attachment.pb.h"

namespace doorstep {
namespace {

constexpr absl::string_view kPutMethod = "/doorstep.v1.AttachmentService/PutChunk";
constexpr absl::string_view kCheckMethod = "/doorstep.v1.AttachmentService/CheckAttachments";

// The server looked at the piece and did not want it; the others may go all the same.
bool BlamesThePiece(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kUnknown:
      return true;
    default:
      return false;
  }
}

}  // namespace

AttachmentsSeen SyncDriver::AttachmentsNow() {
  const absl::StatusOr<AttachmentWork> work =
      parts_.store->attachments().Work(parts_.store->journal(), parts_.clock->Now().wall_time_us);
  if (work.ok()) {
    return {work->ask,        work->previews,        work->originals,
            work->ask_failed, work->previews_failed, work->originals_failed};
  }
  FailAttachments(work.status());
  return AttachmentsSeen();
}

void SyncDriver::LookAtAttachments() {
  const AttachmentsSeen now = AttachmentsNow();
  const AttachmentsSeen& known = engine_.attachments;
  const auto fields = [](const AttachmentsSeen& s) {
    return std::tie(s.ask, s.previews, s.originals, s.ask_failed, s.previews_failed, s.originals_failed);
  };
  if (fields(now) != fields(known)) Handle(now);
}

void SyncDriver::AttachmentsChanged() {
  CatchUpWithNames();
  LookAtAttachments();
}

void SyncDriver::CatchUpWithNames() {
  if (const auto named = parts_.store->attachments().CatchUp(parts_.store->journal()); !named.ok()) {
    FailAttachments(named.status());
  }
}

// The photos' file is to blame. Nothing recorded depends on it.
void SyncDriver::FailAttachments(const absl::Status& why) {
  Log(parts_.log, LogLevel::kWarning, absl::StrCat("attachments: ", why.ToString()));
  if (absl::IsDataLoss(why)) parts_.store->RepairAttachments(why);
}

void SyncDriver::Send(const SendAttachment& send) {
  const absl::StatusOr<bool> begun = send.turn == AttachmentTurn::kAsk ? SendQuestions(send) : SendPiece(send);
  if (begun.ok() && *begun) return;
  // Posted, so that a step never runs inside another one.
  parts_.queue->Post(Urgency::kNetwork, [this, call = send.call, status = begun.status()] {
    if (status.ok()) return Handle(AttachmentAnswered{call, 0, AttachmentsNow(), true, 0, false, ""});
    FailAttachments(status);
    Handle(CallFailed{call, 0, absl::StatusCode::kAborted, std::string(status.message()), 0});
  });
}

// False: there is nothing to ask.
absl::StatusOr<bool> SyncDriver::SendQuestions(const SendAttachment& send) {
  ASSIGN_OR_RETURN(
      std::vector<v1::AttachmentClaim> claims,
      parts_.store->attachments().NextQuestions(parts_.store->journal(), parts_.clock->Now().wall_time_us));
  if (claims.empty()) return false;
  v1::CheckAttachmentsRequest request;
  for (v1::AttachmentClaim& claim : claims) *request.add_attachments() = std::move(claim);
  Flight flight;
  flight.kind = Kind::kAskAttachments;
  Start(send.call, send.deadline_ms, kCheckMethod, request, std::move(flight));
  return true;
}

// False: there is no piece to send.
absl::StatusOr<bool> SyncDriver::SendPiece(const SendAttachment& send) {
  const AttachmentStep step =
      send.turn == AttachmentTurn::kPreview ? AttachmentStep::kPreview : AttachmentStep::kOriginal;
  std::vector<std::string> damaged;
  ASSIGN_OR_RETURN(auto chunk,
                   parts_.store->attachments().NextChunk(step, parts_.store->journal(), send.bytes_max, damaged));
  for (const std::string& sha256 : damaged) parts_.events->Add(AttachmentDamagedEvent(sha256));
  if (!chunk.has_value()) return false;
  Flight flight;
  flight.kind = Kind::kPiece;
  flight.sha256 = chunk->claim.sha256();
  v1::PutChunkRequest request;
  *request.mutable_attachment() = std::move(chunk->claim);
  request.set_offset(chunk->offset);
  request.set_data(std::move(chunk->data));
  KillPoint("piece");
  Start(send.call, send.deadline_ms, kPutMethod, request, std::move(flight));
  return true;
}

void SyncDriver::OnPieceFailed(const Flight& flight, const absl::Status& status) {
  if (flight.kind != Kind::kPiece || !BlamesThePiece(status.code())) return;
  const absl::Status noted = parts_.store->attachments().NoteFailure(flight.sha256, status.message());
  if (!noted.ok()) FailAttachments(noted);
}

absl::Status SyncDriver::OnAttachments(uint64_t call, const Flight& flight, const std::string& bytes,
                                       const ClockReading& at) {
  v1::CheckAttachmentsResponse response;
  if (flight.kind == Kind::kPiece) {
    v1::PutChunkResponse put;
    if (!put.ParseFromString(bytes)) return absl::InternalError("the server's answer to PutChunk cannot be read");
    *response.add_progress() = std::move(*put.mutable_progress());
    response.set_generation(put.generation());
  } else if (!response.ParseFromString(bytes)) {
    return absl::InternalError("the server's answer to CheckAttachments cannot be read");
  }
  KillPoint("piece-answer");
  AttachmentAnswered answered{call, flight.bytes_up + bytes.size(), {}, false, 0, false, ""};
  const absl::Status taken = TakeAttachments(response, flight.kind == Kind::kPiece ? 0 : at.wall_time_us, answered);
  if (!taken.ok()) {
    FailAttachments(taken);
    return absl::Status(absl::StatusCode::kAborted, taken.message());
  }
  answered.left = AttachmentsNow();
  Handle(answered);
  return absl::OkStatus();
}

absl::Status SyncDriver::TakeAttachments(const v1::CheckAttachmentsResponse& response, int64_t asked_us,
                                         AttachmentAnswered& answered) {
  Attachments& attachments = parts_.store->attachments();
  RETURN_IF_ERROR(attachments.TakeGeneration(response.generation()).status());
  if (IsOtherGeneration(response.generation())) answered.entry_unknown = true;
  for (const v1::AttachmentProgress& progress : response.progress()) {
    ASSIGN_OR_RETURN(const AttachmentMove move, attachments.Take(progress, parts_.store->journal(), asked_us));
    answered.progressed = answered.progressed || move.progressed;
    answered.blamed = answered.blamed || move.failed;
    answered.wait_us = std::max(answered.wait_us, int64_t{progress.wait_ms()} * 1000);
    if (!progress.message().empty()) answered.message = progress.message();
    if (progress.state() == v1::ATTACHMENT_STATE_UNKNOWN_ENTRY) answered.entry_unknown = true;
    if (move.became_damaged) parts_.events->Add(AttachmentDamagedEvent(progress.sha256()));
    if (!move.became_safe) continue;
    report_.sums.set_attachments_sent(report_.sums.attachments_sent() + 1);
    parts_.events->Add(AttachmentSafeEvent(progress.sha256(), move.visit_id));
  }
  return absl::OkStatus();
}

}  // namespace doorstep
