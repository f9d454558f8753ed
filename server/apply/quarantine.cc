#include "server/apply/quarantine.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/status.h"
#include "client_core/rules/verdicts.h"
#include "server/apply/entry_judging.h"
#include "server/apply/leave.h"
#include "server/storage/command_table.h"
#include "server/storage/device_table.h"
#include "server/storage/journal_table.h"
#include "server/storage/judgement_table.h"

namespace doorstep {
namespace {

constexpr int64_t kCommandsAtOnce = 256;

absl::Status NotParked(const v1::JournalPosition& position, const std::optional<v1::Judgement>& judgement) {
  const std::string id = FormatPosition(position);
  const v1::Verdict verdict = judgement.has_value() ? judgement->verdict() : v1::VERDICT_COUNTED;
  if (verdict == v1::VERDICT_REPAIRED) {
    return absl::FailedPreconditionError(absl::StrCat("entry ", id, " was repaired already: entry ",
                                                      FormatPosition(judgement->repaired_by()), " stands in for it"));
  }
  if (verdict == v1::VERDICT_SAME_AS_ORIGINAL) {
    return absl::FailedPreconditionError(
        absl::StrCat("entry ", id, " is a copy (", judgement->message(), "): decide about the original"));
  }
  return absl::FailedPreconditionError(absl::StrCat("entry ", id, " is not in quarantine: it counts"));
}

absl::Status Settle(Group& group, const ParkedEntry& parked, v1::Judgement judgement) {
  *judgement.mutable_position() = parked.judgement.position();
  if (!Counts(judgement.verdict())) judgement.set_reason(parked.judgement.reason());
  return group.Judge(parked.device, std::move(judgement));
}

// Whether a CommandRecord is one of those that ParkedBefore reads, without parsing all of it.
bool Decides(const std::string& bytes) {
  using google::protobuf::internal::WireFormatLite;
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                                            static_cast<int>(bytes.size()));
  while (const uint32_t tag = in.ReadTag()) {
    const int field = WireFormatLite::GetTagFieldNumber(tag);
    if (field >= v1::CommandRecord::kReplayFieldNumber && field <= v1::CommandRecord::kDismissFieldNumber) return true;
    if (!WireFormatLite::SkipField(&in, tag)) return true;  // Whoever parses it says what is wrong.
  }
  return false;
}

}  // namespace

absl::StatusOr<ParkedEntry> FindParked(SqlSession& sql, const v1::JournalPosition& position) {
  const absl::Status not_received =
      absl::NotFoundError(absl::StrCat("entry ", FormatPosition(position), " was not received"));
  ASSIGN_OR_RETURN(const std::optional<DeviceRow> device, FindDevice(sql, position.device()));
  if (!device.has_value()) return not_received;
  ASSIGN_OR_RETURN(const std::optional<JournalRow> journal, FindJournal(sql, device->n, position.epoch()));
  if (!journal.has_value() || position.seq() > journal->mark) return not_received;
  ASSIGN_OR_RETURN(std::optional<v1::Judgement> judgement,
                   FindJudgement(sql, device->n, position.epoch(), position.seq()));
  if (!judgement.has_value() || !IsParked(judgement->verdict())) return NotParked(position, judgement);
  ParkedEntry parked;
  parked.device = device->n;
  parked.judgement = *std::move(judgement);
  ASSIGN_OR_RETURN(parked.stored, FindStoredEntry(sql, device->n, position.epoch(), position.seq()));
  return parked;
}

v1::JournalPosition OfficePosition(int64_t commit_us, uint32_t ordinal) {
  return MakePosition(kOfficeDevice, static_cast<uint64_t>(commit_us), ordinal);
}

PreparedEntry PrepareRepair(const StoredEntry& stored, const std::string& bytes) {
  v1::EntryEnvelope envelope = stored.envelope();
  envelope.set_opaque(false);
  envelope.set_entry(bytes);
  return PrepareEntry(stored.opened.header, stored.seq, envelope);
}

PreparedEntry PrepareReplay(const StoredEntry& stored) { return PrepareRepair(stored, stored.envelope().entry()); }

absl::Status ReplayParked(Group& group, const v1::JournalPosition& position) {
  absl::StatusOr<ParkedEntry> parked = FindParked(group.sql(), position);
  // Another entry of the command made the visit for which this one waited.
  if (absl::IsFailedPrecondition(parked.status())) return absl::OkStatus();
  RETURN_IF_ERROR(parked.status());
  const StoredEntry& stored = parked->stored;
  PreparedEntry entry = PrepareReplay(stored);
  if (entry.reason != v1::QUARANTINE_REASON_UNSPECIFIED) {
    return ParkEntry(group, parked->device, position, entry.reason, entry.message, entry.visit_id);
  }
  const std::string& author = stored.envelope().author();
  ASSIGN_OR_RETURN(const bool had_left, HadLeft(group, author, entry, stored.opened.header, stored.frame.commit_us));
  if (had_left) return ParkAfterLeaving(group, parked->device, position, author, entry.visit_id);
  ASSIGN_OR_RETURN(const bool took,
                   TakeEffect(group, entry, stored.opened.header, stored.frame.commit_us, stored.frame.n));
  if (!took) return ParkForVisit(group, parked->device, entry);
  v1::Judgement judgement;
  judgement.set_verdict(v1::VERDICT_COUNTED);
  judgement.set_message("it was judged again, and nothing stands against it any more");
  judgement.set_visit_id(entry.visit_id);
  return Settle(group, *parked, std::move(judgement));
}

absl::Status RepairParked(Group& group, const v1::RepairCommand& command, const v1::JournalPosition& repair) {
  ASSIGN_OR_RETURN(const ParkedEntry parked, FindParked(group.sql(), command.parked().position()));
  const StoredEntry& stored = parked.stored;
  PreparedEntry entry = PrepareRepair(stored, command.entry());
  if (entry.reason != v1::QUARANTINE_REASON_UNSPECIFIED) return absl::InternalError(entry.message);
  *entry.fact.mutable_repair() = repair;
  ASSIGN_OR_RETURN(const bool took,
                   TakeEffect(group, entry, stored.opened.header, stored.frame.commit_us, stored.frame.n));
  if (!took) return absl::InternalError("a repaired entry names a visit that nobody knows");
  v1::Judgement judgement;
  judgement.set_verdict(v1::VERDICT_REPAIRED);
  judgement.set_message(absl::StrCat("the office recorded it anew: ", command.reason()));
  judgement.set_next(absl::StrCat("The new entry counts", entry.visit_id.empty() ? "" : " for visit ", entry.visit_id,
                                  "; there is nothing left to do."));
  judgement.set_visit_id(entry.visit_id);
  *judgement.mutable_repaired_by() = repair;
  return Settle(group, parked, std::move(judgement));
}

absl::Status DismissParked(Group& group, const v1::DismissCommand& command) {
  ASSIGN_OR_RETURN(const ParkedEntry parked, FindParked(group.sql(), command.parked().position()));
  v1::Judgement judgement;
  judgement.set_verdict(v1::VERDICT_DISMISSED);
  judgement.set_message(absl::StrCat("the office set it aside: ", command.reason()));
  judgement.set_next("It is kept as received and does not count.");
  judgement.set_visit_id(parked.judgement.visit_id());
  return Settle(group, parked, std::move(judgement));
}

absl::StatusOr<std::map<std::string, v1::Judgement>> ParkedBefore(SqlSession& sql) {
  std::map<std::string, v1::Judgement> parked;
  // The first decision about an entry tells how it was judged when it came.
  const auto note = [&](const v1::Judgement& judgement) {
    // That follows from the command that recorded the leaving, and the entry may have counted before it.
    if (judgement.reason() == v1::QUARANTINE_REASON_AUTHOR_LEFT) return;
    parked.emplace(FormatPosition(judgement.position()), judgement);
  };
  int64_t last_us = -1;
  int64_t last_ordinal = 0;
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<CommandRow> rows, CommandsAfter(sql, last_us, last_ordinal, kCommandsAtOnce));
    if (rows.empty()) return parked;
    for (const CommandRow& row : rows) {
      v1::CommandRecord record;
      if (!Decides(row.bytes) || !record.ParseFromString(row.bytes)) continue;
      for (const v1::Judgement& judgement : record.replay().parked()) note(judgement);
      if (record.has_repair()) note(record.repair().parked());
      if (record.has_dismiss()) note(record.dismiss().parked());
    }
    last_us = rows.back().commit_us;
    last_ordinal = rows.back().ordinal;
  }
}

}  // namespace doorstep
