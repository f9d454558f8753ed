// Which attachment goes next, its bytes, and what the office said of it.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/planted_bug.h"
#include "client_core/base/status.h"
#include "client_core/store/attachment_rows.h"
#include "client_core/store/attachments.h"
#include "client_core/store/journal_rows.h"

namespace doorstep {
namespace {

// How often the office is asked whether an old attachment is in a backup by now.
constexpr int64_t kAskAgainUs = int64_t{24} * 3600 * 1000000;

constexpr absl::string_view kToSend = "WHERE kept = 1 AND state = 1 AND ask = 0 AND kind = $1 ORDER BY failures, n";
constexpr absl::string_view kNamesOf = "SELECT epoch, seq FROM name WHERE n = $1 ORDER BY epoch DESC, seq DESC";
constexpr absl::string_view kFailedLast = "(SELECT max(failures) + 1 FROM attachment)";

// $1 is now.
std::string ToAsk() {
  return absl::StrCat("WHERE kept = 1 AND (ask = 1 OR (state = 2 AND backed_up = 0 AND added_us < $1 - ",
                      limits::kRetentionMicros, " AND asked_us < $1 - ", kAskAgainUs, ")) ORDER BY failures, n");
}

enum class Whereabouts {
  kReceived,  // The office has it, as far as this phone knows.
  kToSend,    // It is here, and the office does not have it yet.
  kGone,      // It is not here under this position any more: it went on elsewhere, was damaged, or deleted.
};
Whereabouts WhereIs(uint64_t epoch, uint64_t seq, const Journal& journal) {
  const auto found = journal.epochs().find(epoch);
  if (found == journal.epochs().end() || seq > found->second.last_own_seq()) return Whereabouts::kGone;
  if (seq <= found->second.received_through) return Whereabouts::kReceived;
  return seq <= found->second.retained_through ? Whereabouts::kGone : Whereabouts::kToSend;
}

v1::AttachmentClaim ClaimAt(const KeptAttachment& row, uint64_t epoch, uint64_t seq) {
  v1::AttachmentClaim claim;
  claim.set_sha256(row.sha256);
  claim.set_size_bytes(row.size);
  claim.set_kind(row.kind);
  claim.set_epoch(epoch);
  claim.set_seq(seq);
  return claim;
}

// It says nothing of the one that was sent: the office takes none now.
bool ConcernsAll(v1::AttachmentState state) {
  return state == v1::ATTACHMENT_STATE_QUOTA_REACHED || state == v1::ATTACHMENT_STATE_DISK_FULL;
}

}  // namespace

absl::StatusOr<std::optional<v1::AttachmentClaim>> Attachments::ClaimOf(const KeptAttachment& row,
                                                                        const Journal& journal,
                                                                        sqlite::Statement& names) {
  std::optional<v1::AttachmentClaim> gone;
  bool comes = false;
  names.Bind(1, row.n);
  while (true) {
    ASSIGN_OR_RETURN(const bool found, names.Step());
    if (!found) return comes ? std::nullopt : gone;
    const auto epoch = static_cast<uint64_t>(names.Int(0));
    const auto seq = static_cast<uint64_t>(names.Int(1));
    switch (WhereIs(epoch, seq, journal)) {
      case Whereabouts::kReceived:
        names.Reset();
        return std::optional(ClaimAt(row, epoch, seq));
      case Whereabouts::kToSend:
        comes = true;
        break;
      case Whereabouts::kGone:
        if (!gone.has_value()) gone = ClaimAt(row, epoch, seq);
        break;
    }
  }
}

absl::StatusOr<bool> Attachments::LostItsName(const KeptAttachment& row, const Journal& journal) {
  ASSIGN_OR_RETURN(sqlite::Statement names, db_->Prepare(kNamesOf));
  names.Bind(1, row.n);
  while (true) {
    ASSIGN_OR_RETURN(const bool found, names.Step());
    if (!found) return true;
    const Whereabouts where =
        WhereIs(static_cast<uint64_t>(names.Int(0)), static_cast<uint64_t>(names.Int(1)), journal);
    if (where != Whereabouts::kGone || Planted("attachment_without_entry_waits")) return false;
  }
}

absl::StatusOr<AttachmentWork> Attachments::Work(const Journal& journal, int64_t now_us) {
  AttachmentWork work;
  if (!IsOpen()) return work;
  // Once for all: this is asked after every tap, and hundreds of photos may wait.
  ASSIGN_OR_RETURN(sqlite::Statement names, db_->Prepare(kNamesOf));
  const auto look = [&](absl::string_view where, int64_t value, bool& any, int64_t& failed) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<KeptAttachment> rows, Rows(where, value));
    for (const KeptAttachment& row : rows) {
      ASSIGN_OR_RETURN(const auto claim, ClaimOf(row, journal, names));
      if (!claim.has_value()) continue;
      any = true;
      failed = row.failed;
      break;
    }
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(look(ToAsk(), now_us, work.ask, work.ask_failed));
  RETURN_IF_ERROR(look(kToSend, v1::ATTACHMENT_KIND_PREVIEW, work.previews, work.previews_failed));
  RETURN_IF_ERROR(look(kToSend, v1::ATTACHMENT_KIND_ORIGINAL, work.originals, work.originals_failed));
  return work;
}

absl::StatusOr<std::optional<OutgoingChunk>> Attachments::NextChunk(AttachmentStep step, const Journal& journal,
                                                                    uint64_t bytes_max,
                                                                    std::vector<std::string>& damaged) {
  const v1::AttachmentKind kind =
      step == AttachmentStep::kPreview ? v1::ATTACHMENT_KIND_PREVIEW : v1::ATTACHMENT_KIND_ORIGINAL;
  ASSIGN_OR_RETURN(const std::vector<KeptAttachment> rows, Rows(kToSend, kind));
  ASSIGN_OR_RETURN(sqlite::Statement names, db_->Prepare(kNamesOf));
  for (const KeptAttachment& row : rows) {
    ASSIGN_OR_RETURN(auto claim, ClaimOf(row, journal, names));
    if (!claim.has_value()) continue;
    const uint64_t piece = std::min<uint64_t>(bytes_max, limits::kAttachmentChunkBytesMax);
    absl::StatusOr<std::string> bytes = ReadBytes(row, row.sent_through, piece);
    if (absl::IsDataLoss(bytes.status())) {
      RETURN_IF_ERROR(MarkDamaged(row.n, bytes.status().message()));
      damaged.push_back(row.sha256);
      continue;
    }
    RETURN_IF_ERROR(bytes.status());
    return std::optional(OutgoingChunk{*std::move(claim), row.sent_through, *std::move(bytes)});
  }
  return std::optional<OutgoingChunk>();
}

absl::StatusOr<std::vector<v1::AttachmentClaim>> Attachments::NextQuestions(const Journal& journal, int64_t now_us) {
  std::vector<v1::AttachmentClaim> claims;
  ASSIGN_OR_RETURN(const std::vector<KeptAttachment> rows, Rows(ToAsk(), now_us));
  ASSIGN_OR_RETURN(sqlite::Statement names, db_->Prepare(kNamesOf));
  for (const KeptAttachment& row : rows) {
    if (claims.size() == static_cast<size_t>(limits::kAttachmentClaimsMax)) break;
    ASSIGN_OR_RETURN(auto claim, ClaimOf(row, journal, names));
    if (claim.has_value()) claims.push_back(*std::move(claim));
  }
  return claims;
}

// At least one byte, at most up to the end of the chunk that holds `offset` and what fits of the next ones.
absl::StatusOr<std::string> Attachments::ReadBytes(const KeptAttachment& row, uint64_t offset, uint64_t length) {
  ASSIGN_OR_RETURN(sqlite::Statement read, db_->Prepare("SELECT hash, bytes FROM chunk WHERE id = $1"));
  SodiumSha256 hasher;
  std::string out;
  const uint64_t end = std::min(row.size, offset + length);
  while (offset < end) {
    const uint64_t place = offset / limits::kAttachmentChunkBytesMax;
    ASSIGN_OR_RETURN(const bool found, read.Bind(1, ChunkKey(row.n, static_cast<int64_t>(place))).Step());
    if (!found) return absl::DataLossError("a piece of it is gone from this phone");
    hasher.Reset();
    hasher.Update(read.Blob(1));
    const Hash hash = hasher.Finish();
    const uint64_t begins = place * limits::kAttachmentChunkBytesMax;
    const uint64_t whole = std::min<uint64_t>(limits::kAttachmentChunkBytesMax, row.size - begins);
    if (read.Blob(0) != AsBytes(hash) || read.Blob(1).size() != whole) {
      return absl::DataLossError("its bytes on this phone are not what was added");
    }
    const absl::string_view rest = read.Blob(1).substr(offset - begins, end - offset);
    out.append(rest.data(), rest.size());
    offset += rest.size();
    read.Reset();
  }
  return out;
}

absl::Status Attachments::MarkDamaged(int64_t n, absl::string_view why) {
  ASSIGN_OR_RETURN(sqlite::Statement write, db_->Prepare("UPDATE attachment SET state = 3, message = $2 WHERE n = $1"));
  return write.Bind(1, n).BindText(2, why).Run();
}

absl::Status Attachments::NoteFailure(absl::string_view sha256, absl::string_view message) {
  if (!IsOpen()) return absl::OkStatus();
  ASSIGN_OR_RETURN(sqlite::Statement write, db_->Prepare(absl::StrCat("UPDATE attachment SET failures = ", kFailedLast,
                                                                      ", message = $2 WHERE sha256 = $1")));
  return write.BindBlob(1, sha256).BindText(2, message).Run();
}

absl::StatusOr<AttachmentMove> Attachments::Take(const v1::AttachmentProgress& progress, const Journal& journal,
                                                 int64_t asked_us) {
  AttachmentMove move;
  ASSIGN_OR_RETURN(const std::optional<KeptAttachment> row, FindRow(progress.sha256()));
  if (!row.has_value()) return move;
  KeptAttachment next = *row;
  next.ask = false;
  next.message = progress.message();
  switch (progress.state()) {
    case v1::ATTACHMENT_STATE_STORED:
      next.state = AttachmentStored::kSafe;
      next.sent_through = row->size;
      next.backed_up = progress.backed_up();
      break;
    case v1::ATTACHMENT_STATE_MISMATCH: {
      next.sent_through = 0;
      // Either a piece was spoiled on its way, or here.
      const absl::StatusOr<std::string> whole = ReadBytes(*row, 0, row->size);
      if (absl::IsDataLoss(whole.status())) next.state = AttachmentStored::kDamaged;
      break;
    }
    case v1::ATTACHMENT_STATE_UNSPECIFIED:
      next.ask = row->ask;  // Nothing has been learned.
      break;
    case v1::ATTACHMENT_STATE_UNKNOWN_ENTRY: {
      if (!row->kept) break;
      ASSIGN_OR_RETURN(const bool lost, LostItsName(*row, journal));
      next.ask = !lost;  // A question costs less than a piece.
      if (row->state == AttachmentStored::kDamaged) break;
      next.state = lost ? AttachmentStored::kUnclaimed : AttachmentStored::kHere;
      if (row->state == AttachmentStored::kSafe) next.sent_through = 0;
      break;
    }
    default:
      next.sent_through = std::min(progress.stored_through(), row->size);
      // The office has lost it; without bytes there is nothing to send, and nothing more to know.
      if (row->state == AttachmentStored::kSafe && row->kept) next.state = AttachmentStored::kHere;
      break;
  }
  move.became_safe = row->state != AttachmentStored::kSafe && next.state == AttachmentStored::kSafe;
  move.became_damaged = row->state != AttachmentStored::kDamaged && next.state == AttachmentStored::kDamaged;
  move.progressed = move.became_safe || next.sent_through > row->sent_through || (asked_us != 0 && !next.ask);
  move.failed = !move.progressed && !ConcernsAll(progress.state());
  if (move.progressed) next.failed = 0;
  RETURN_IF_ERROR(WriteProgress(next, asked_us));
  if (move.failed) RETURN_IF_ERROR(NoteFailure(row->sha256, next.message));
  if (move.became_safe || move.became_damaged) {
    ASSIGN_OR_RETURN(move.visit_id, VisitOf(row->n));
  }
  return move;
}

absl::Status Attachments::WriteProgress(const KeptAttachment& row, int64_t asked_us) {
  ASSIGN_OR_RETURN(sqlite::Statement write,
                   db_->Prepare("UPDATE attachment SET state = $2, sent_through = $3, backed_up = $4, ask = $5, "
                                "failures = $6, message = $7, asked_us = max(asked_us, $8) WHERE n = $1"));
  return ExplainFullDisk(write.Bind(1, row.n)
                             .Bind(2, static_cast<int64_t>(row.state))
                             .Bind(3, static_cast<int64_t>(row.sent_through))
                             .Bind(4, row.backed_up ? 1 : 0)
                             .Bind(5, row.ask ? 1 : 0)
                             .Bind(6, row.failed)
                             .BindText(7, row.message)
                             .Bind(8, asked_us)
                             .Run());
}

absl::StatusOr<std::string> Attachments::VisitOf(int64_t n) {
  ASSIGN_OR_RETURN(sqlite::Statement read, db_->Prepare("SELECT visit_id FROM name WHERE n = $1 LIMIT 1"));
  ASSIGN_OR_RETURN(const bool found, read.Bind(1, n).Step());
  return found ? std::string(read.Text(0)) : std::string();
}

absl::StatusOr<bool> Attachments::TakeGeneration(absl::string_view generation) {
  if (generation.empty() || !IsOpen()) return false;
  std::string known;
  {
    ASSIGN_OR_RETURN(sqlite::Statement read, db_->Prepare("SELECT generation FROM known"));
    ASSIGN_OR_RETURN(const bool found, read.Step());
    if (found) known = std::string(read.Text(0));
  }
  if (absl::string_view(known) == generation) return false;
  RETURN_IF_ERROR(db_->Transaction([&]() -> absl::Status {
    ASSIGN_OR_RETURN(sqlite::Statement write,
                     db_->Prepare("INSERT INTO known (one, generation) VALUES (1, $1) "
                                  "ON CONFLICT (one) DO UPDATE SET generation = excluded.generation"));
    RETURN_IF_ERROR(write.BindText(1, generation).Run());
    return known.empty() ? absl::OkStatus() : Doubt();
  }));
  return !known.empty();
}

absl::Status Attachments::Doubt() {
  if (!IsOpen()) return absl::OkStatus();
  return db_->Execute(
      "UPDATE attachment SET ask = 1, backed_up = 0, state = CASE state WHEN 4 THEN 1 ELSE state END "
      "WHERE kept = 1 AND (state IN (2, 4) OR sent_through > 0)");
}

}  // namespace doorstep
