#include "server/apply/commands/quarantine_commands.h"

#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "client_core/rules/clock_correction.h"
#include "client_core/rules/entry_check.h"
#include "server/apply/commands/apply_parts.h"
#include "server/apply/commands/checks.h"
#include "server/apply/quarantine.h"
#include "server/storage/device_table.h"
#include "server/storage/judgement_table.h"
#include "server/storage/left_table.h"

namespace doorstep {
namespace {

absl::StatusOr<bool> KnowsVisitOf(const PreparedEntry& entry, Transaction& tx) {
  if (entry.visit_id.empty() || entry.fact.kind() == v1::LogEntry::kVisitOpenedOnSite) return true;
  ASSIGN_OR_RETURN(const auto visit, tx.FindVisit(entry.visit_id));
  return visit.has_value();
}

// Whether judging it again comes to anything else.
absl::StatusOr<bool> WouldChange(const ParkedEntry& parked, Transaction& tx) {
  if (parked.judgement.verdict() == v1::VERDICT_DISMISSED) return true;
  const StoredEntry& stored = parked.stored;
  const PreparedEntry entry = PrepareReplay(stored);
  if (entry.reason != v1::QUARANTINE_REASON_UNSPECIFIED) return entry.reason != parked.judgement.reason();
  if (parked.judgement.reason() == v1::QUARANTINE_REASON_AUTHOR_LEFT) {
    ASSIGN_OR_RETURN(const int64_t left_us, FindLeft(tx.sql(), stored.envelope().author()));
    const int64_t time_us = CorrectTime(entry.time, stored.opened.header, stored.frame.commit_us).time_us();
    if (left_us != 0 && time_us >= left_us) return false;
  }
  ASSIGN_OR_RETURN(const bool knows_visit, KnowsVisitOf(entry, tx));
  return knows_visit || parked.judgement.reason() != v1::QUARANTINE_REASON_UNKNOWN_VISIT;
}

absl::StatusOr<v1::Judgement> JudgementNow(const v1::JournalPosition& position, Transaction& tx) {
  ASSIGN_OR_RETURN(const auto device, FindDevice(tx.sql(), position.device()));
  if (!device.has_value()) return absl::InternalError(absl::StrCat("no device ", position.device()));
  ASSIGN_OR_RETURN(auto judgement, FindJudgement(tx.sql(), device->n, position.epoch(), position.seq()));
  if (!judgement.has_value()) {
    return absl::InternalError(absl::StrCat("entry ", FormatPosition(position), " has lost its judgement"));
  }
  return *std::move(judgement);
}

// What the parked entry says, as far as anybody may read it.
bool ReadParked(const ParkedEntry& parked, v1::LogEntry& entry) {
  const v1::EntryEnvelope& envelope = parked.stored.envelope();
  return !envelope.opaque() && entry.ParseFromString(envelope.entry());
}

// The entry that will stand in for the parked one, complete.
absl::StatusOr<v1::LogEntry> CompleteEntry(const v1::RepairQuarantinedRequest& request, const ParkedEntry& parked,
                                           Transaction& tx) {
  v1::LogEntry old;
  const bool readable = ReadParked(parked, old);
  if (!request.has_entry() && (!readable || old.fact_case() == v1::LogEntry::FACT_NOT_SET)) {
    return absl::FailedPreconditionError("entry: must be set, because nobody here can read what the parked one says");
  }
  v1::LogEntry entry = request.has_entry() ? request.entry() : old;
  if (entry.fact_case() == v1::LogEntry::FACT_NOT_SET) return FieldError("entry.fact", "must be set");
  if (entry.visit_id().empty() && readable) entry.set_visit_id(old.visit_id());
  if (!request.visit_id().empty()) entry.set_visit_id(request.visit_id());
  if (entry.time().wall_time_us() == 0) {
    if (readable && old.time().wall_time_us() != 0) {
      *entry.mutable_time() = old.time();
    } else {
      entry.mutable_time()->set_wall_time_us(parked.stored.frame.commit_us);
    }
  }
  if (HasPersonalText(entry) && entry.nonce().empty()) entry.set_nonce(tx.random().Bytes(16));
  if (entry.ByteSizeLong() > limits::kEntryBytesMax) {
    return FieldError("entry", absl::StrCat("must have at most ", limits::kEntryBytesMax, " bytes"));
  }
  return entry;
}

}  // namespace

// ---- fields ----

absl::Status CheckFields(const v1::ReplayQuarantinedRequest& request) {
  RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  RETURN_IF_ERROR(CheckRange("positions", request.positions_size(), 1, limits::kReplayPositionsMax));
  std::set<std::string> seen;
  for (const v1::JournalPosition& position : request.positions()) {
    RETURN_IF_ERROR(CheckPosition("positions", position));
    if (seen.insert(FormatPosition(position)).second) continue;
    return FieldError("positions", absl::StrCat("must name ", FormatPosition(position), " once"));
  }
  return absl::OkStatus();
}

absl::Status CheckFields(const v1::RepairQuarantinedRequest& request) {
  RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  RETURN_IF_ERROR(CheckPosition("position", request.position()));
  RETURN_IF_ERROR(CheckOptionalId("visit_id", request.visit_id()));
  return CheckRequiredText("reason", request.reason(), limits::kShortTextBytesMax);
}

absl::Status CheckFields(const v1::DismissQuarantinedRequest& request) {
  RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  RETURN_IF_ERROR(CheckPosition("position", request.position()));
  return CheckRequiredText("reason", request.reason(), limits::kShortTextBytesMax);
}

// ---- first halves ----

absl::StatusOr<v1::ReplayQuarantinedResponse> RunCommand(const v1::ReplayQuarantinedRequest& request, Transaction& tx) {
  v1::CommandRecord record;
  for (const v1::JournalPosition& position : request.positions()) {
    ASSIGN_OR_RETURN(ParkedEntry parked, FindParked(tx.sql(), position));
    ASSIGN_OR_RETURN(const bool changes, WouldChange(parked, tx));
    if (changes) *record.mutable_replay()->add_parked() = std::move(parked.judgement);
  }
  if (record.has_replay()) RETURN_IF_ERROR(tx.Apply(std::move(record)));
  v1::ReplayQuarantinedResponse response;
  for (const v1::JournalPosition& position : request.positions()) {
    ASSIGN_OR_RETURN(*response.add_judgements(), JudgementNow(position, tx));
  }
  return response;
}

absl::StatusOr<v1::RepairQuarantinedResponse> RunCommand(const v1::RepairQuarantinedRequest& request, Transaction& tx) {
  ASSIGN_OR_RETURN(ParkedEntry parked, FindParked(tx.sql(), request.position()));
  ASSIGN_OR_RETURN(const v1::LogEntry entry, CompleteEntry(request, parked, tx));
  std::string bytes = entry.SerializeAsString();
  const PreparedEntry prepared = PrepareRepair(parked.stored, bytes);
  if (prepared.reason != v1::QUARANTINE_REASON_UNSPECIFIED) return absl::InvalidArgumentError(prepared.message);
  ASSIGN_OR_RETURN(const bool knows_visit, KnowsVisitOf(prepared, tx));
  if (!knows_visit) {
    return absl::FailedPreconditionError(
        absl::StrCat("visit_id: no visit \"", prepared.visit_id, "\": name the one it belongs to, or make it"));
  }
  v1::CommandRecord record;
  *record.mutable_repair()->mutable_parked() = std::move(parked.judgement);
  record.mutable_repair()->set_entry(std::move(bytes));
  record.mutable_repair()->set_reason(request.reason());
  RETURN_IF_ERROR(tx.Apply(std::move(record)));
  v1::RepairQuarantinedResponse response;
  ASSIGN_OR_RETURN(*response.mutable_judgement(), JudgementNow(request.position(), tx));
  return response;
}

absl::StatusOr<v1::DismissQuarantinedResponse> RunCommand(const v1::DismissQuarantinedRequest& request,
                                                          Transaction& tx) {
  ASSIGN_OR_RETURN(ParkedEntry parked, FindParked(tx.sql(), request.position()));
  if (parked.judgement.verdict() == v1::VERDICT_DISMISSED) {
    return absl::FailedPreconditionError(
        absl::StrCat("entry ", FormatPosition(request.position()), " was dismissed already"));
  }
  v1::CommandRecord record;
  *record.mutable_dismiss()->mutable_parked() = std::move(parked.judgement);
  record.mutable_dismiss()->set_reason(request.reason());
  RETURN_IF_ERROR(tx.Apply(std::move(record)));
  v1::DismissQuarantinedResponse response;
  ASSIGN_OR_RETURN(*response.mutable_judgement(), JudgementNow(request.position(), tx));
  return response;
}

absl::StatusOr<std::vector<v1::JournalPosition>> JudgedOtherwiseNow(SqlSession& sql,
                                                                    const std::vector<v1::Judgement>& parked) {
  std::vector<v1::JournalPosition> positions;
  for (const v1::Judgement& judgement : parked) {
    const bool in_bytes = judgement.reason() == v1::QUARANTINE_REASON_UNKNOWN_KIND ||
                          judgement.reason() == v1::QUARANTINE_REASON_MALFORMED ||
                          judgement.reason() == v1::QUARANTINE_REASON_OUT_OF_BOUNDS;
    if (!in_bytes) continue;
    ASSIGN_OR_RETURN(const ParkedEntry entry, FindParked(sql, judgement.position()));
    const PreparedEntry now = PrepareEntry(entry.stored.opened.header, entry.stored.seq, entry.stored.envelope());
    if (now.reason != judgement.reason()) positions.push_back(judgement.position());
  }
  return positions;
}

// ---- second halves ----

absl::Status ApplyPart(const v1::ReplayCommand& command, Transaction& tx) {
  for (const v1::Judgement& parked : command.parked()) RETURN_IF_ERROR(tx.ReplayParked(parked.position()));
  return absl::OkStatus();
}

absl::Status ApplyPart(const v1::RepairCommand& command, Transaction& tx) { return tx.RepairParked(command); }

absl::Status ApplyPart(const v1::DismissCommand& command, Transaction& tx) { return tx.DismissParked(command); }

}  // namespace doorstep
