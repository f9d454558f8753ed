#include "server/apply/entry_judging.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/planted_bug.h"
#include "client_core/base/status.h"
#include "client_core/rules/clock_correction.h"
#include "client_core/rules/visit_fold.h"
#include "server/apply/entity_writing.h"
#include "server/apply/leave.h"
#include "server/apply/rehoming.h"
#include "server/apply/stored_frame.h"
#include "server/storage/frame_table.h"
#include "server/storage/judgement_table.h"
#include "server/storage/record_table.h"

namespace doorstep {
namespace {

// What happens next, in words for the technician.
absl::string_view NextWords(v1::QuarantineReason reason) {
  switch (reason) {
    case v1::QUARANTINE_REASON_UNKNOWN_KIND:
      return "It is kept and will count when the server has been updated.";
    case v1::QUARANTINE_REASON_UNKNOWN_VISIT:
      return "It is kept and will count as soon as the office has made this visit.";
    default:
      return "It is kept as received; an administrator will look at it.";
  }
}

bool MadeByOffice(const v1::FoldInput& input) {
  return std::any_of(input.commands().begin(), input.commands().end(),
                     [](const v1::FoldCommand& command) { return command.has_create() && !command.has_opened_by(); });
}

// "While you are here, look at the other boiler": the technician's word makes the visit, at the time it was given, so
// that it does not matter when it arrives.
void OpenOnSite(const PreparedEntry& entry, v1::FoldInput& input) {
  if (MadeByOffice(input)) return;
  const v1::VisitOpenedOnSite& opened = entry.log_entry->visit_opened_on_site();
  v1::FoldCommand command;
  command.set_commit_us(entry.fact.time().time_us());
  command.set_principal(absl::StrCat("technician:", entry.author));
  *command.mutable_opened_by() = entry.fact.position();

  v1::FoldCommand& creating = *input.add_commands();
  creating = command;
  v1::FoldCreate& create = *creating.mutable_create();
  create.set_account_id(opened.account_id());
  create.set_site_id(opened.site_id());
  *create.mutable_asset_ids() = opened.asset_ids();
  create.set_kind(opened.kind());
  create.set_instructions(opened.reason());
  create.set_opened_on_site(true);

  v1::FoldCommand& assigning = *input.add_commands();
  assigning = std::move(command);
  assigning.set_ordinal(1);
  assigning.mutable_assign()->set_technician_id(entry.author);  // Leads, unless somebody does.
}

// The first to register an asset id wins; a later one with the same id adds nothing.
absl::Status RegisterAsset(Group& group, const PreparedEntry& entry) {
  const v1::Asset& asset = entry.log_entry->asset_registered().asset();
  ASSIGN_OR_RETURN(const int64_t version, FindRecordVersion<v1::Asset>(group.sql(), asset.id()));
  if (version != 0) return absl::OkStatus();
  return SaveAsset(group, asset).status();
}

// The bug that takes one technician's two taps of a kind within a minute for one that was sent twice.
absl::StatusOr<bool> LooksRepeated(Group& group, const PreparedEntry& entry, const v1::FrameHeader& header) {
  constexpr int64_t kWindowUs = 60 * 1000000;
  ASSIGN_OR_RETURN(const GroupVisit* visit, group.FindVisit(entry.visit_id));
  if (visit == nullptr || !entry.bears_state) return false;
  const int64_t time_us = CorrectTime(entry.time, header, group.commit_us()).time_us();
  const auto& facts = visit->input.facts();
  return std::any_of(facts.begin(), facts.end(), [&](const v1::FoldFact& fact) {
    return fact.kind() == entry.fact.kind() && fact.author() == entry.fact.author() &&
           std::abs(fact.time().time_us() - time_us) < kWindowUs;
  });
}

absl::Status JudgeEntry(Group& group, DeviceRow& device, PreparedFrame& frame, size_t index, int64_t frame_n) {
  PreparedEntry& entry = frame.entries[index];
  const v1::EntryEnvelope& envelope = frame.opened.body.entries(static_cast<int>(index));
  const v1::JournalPosition& position = entry.fact.position();
  if (!group.forced_quarantine.empty() && group.forced_quarantine.count(FormatPosition(position)) > 0) {
    return ParkEntry(group, device.n, position, v1::QUARANTINE_REASON_INTERNAL,
                     "the server could not apply it; this is the server's fault", entry.visit_id);
  }
  if (group.fault) RETURN_IF_ERROR(group.fault(position));
  if (envelope.from_seq() != 0 && !Planted("copies_count_too")) {
    ASSIGN_OR_RETURN(const bool copy, IsCopyOfHeld(group, device, position, envelope));
    if (copy) return absl::OkStatus();
  }
  if (const v1::Judgement* decided = group.FindDecided(position); decided != nullptr) {
    return group.Judge(device.n, *decided);
  }
  if (entry.reason != v1::QUARANTINE_REASON_UNSPECIFIED) {
    return ParkEntry(group, device.n, position, entry.reason, entry.message, entry.visit_id);
  }
  ASSIGN_OR_RETURN(const bool had_left,
                   HadLeft(group, envelope.author(), entry, frame.opened.header, group.commit_us()));
  if (had_left) return ParkAfterLeaving(group, device.n, position, envelope.author(), entry.visit_id);
  if (Planted("dedupe_by_time_window")) {
    ASSIGN_OR_RETURN(const bool repeated, LooksRepeated(group, entry, frame.opened.header));
    v1::Judgement judgement;
    *judgement.mutable_position() = position;
    judgement.set_verdict(v1::VERDICT_SAME_AS_ORIGINAL);
    if (repeated) return group.Judge(device.n, std::move(judgement));
  }
  ASSIGN_OR_RETURN(const bool took, TakeEffect(group, entry, frame.opened.header, group.commit_us(), frame_n));
  return took ? absl::OkStatus() : ParkForVisit(group, device.n, entry);
}

}  // namespace

absl::Status JudgeEntries(Group& group, DeviceRow& device, PreparedFrame& frame, uint64_t skip, int64_t frame_n) {
  if (frame.consumed) DecodeEntries(frame);
  frame.consumed = true;
  const size_t end = std::min(frame.entries.size(), group.entry_limit);
  for (size_t index = skip; index < end; ++index) {
    RETURN_IF_ERROR(JudgeEntry(group, device, frame, index, frame_n));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> TakeEffect(Group& group, PreparedEntry& entry, const v1::FrameHeader& header, int64_t received_us,
                                int64_t frame_n) {
  const bool registers = entry.fact.kind() == v1::LogEntry::kAssetRegistered;
  if (entry.visit_id.empty()) {
    if (registers) RETURN_IF_ERROR(RegisterAsset(group, entry));
    return true;
  }
  ASSIGN_OR_RETURN(GroupVisit * visit, group.FindVisit(entry.visit_id));
  if (visit == nullptr && entry.fact.kind() == v1::LogEntry::kVisitOpenedOnSite) {
    ASSIGN_OR_RETURN(visit, group.CreateVisit(entry.visit_id));
    RETURN_IF_ERROR(ReplayWaiting(group, *visit));
  }
  if (visit == nullptr) return false;
  if (registers) RETURN_IF_ERROR(RegisterAsset(group, entry));
  group.WillChange(*visit);  // Before the link is noted, which a refused command takes back.
  if (visit->linked_frame != frame_n) {
    RETURN_IF_ERROR(LinkVisitFrame(group.sql(), visit->row.n, frame_n));
    visit->linked_frame = frame_n;
  }
  CountFor(group, *visit, entry, header, received_us);
  return true;
}

absl::Status ParkEntry(Group& group, int64_t device, const v1::JournalPosition& position, v1::QuarantineReason reason,
                       absl::string_view message, absl::string_view visit_id) {
  v1::Judgement judgement;
  *judgement.mutable_position() = position;
  judgement.set_verdict(v1::VERDICT_QUARANTINED);
  judgement.set_reason(reason);
  judgement.set_message(std::string(message));
  judgement.set_next(std::string(NextWords(reason)));
  judgement.set_visit_id(std::string(visit_id));
  return group.Judge(device, std::move(judgement));
}

absl::Status ParkForVisit(Group& group, int64_t device, const PreparedEntry& entry) {
  return ParkEntry(group, device, entry.fact.position(), v1::QUARANTINE_REASON_UNKNOWN_VISIT,
                   absl::StrCat("visit_id: no visit \"", entry.visit_id, "\" is known here"), entry.visit_id);
}

bool IsLate(const v1::FoldInput& input, const v1::JournalPosition& position) {
  return std::any_of(input.journals().begin(), input.journals().end(), [&](const v1::FoldJournal& journal) {
    return journal.device() == position.device() && journal.epoch() == position.epoch() &&
           journal.last_seq() > position.seq();
  });
}

void CountFor(Group& group, GroupVisit& visit, PreparedEntry& entry, const v1::FrameHeader& header,
              int64_t received_us) {
  group.WillChange(visit);
  v1::FoldFact& fact = entry.fact;
  *fact.mutable_time() = CorrectTime(entry.time, header, received_us);
  if (fact.kind() == v1::LogEntry::kVisitOpenedOnSite) OpenOnSite(entry, visit.input);
  if (fact.has_replacement() && !fact.replacement_has_time()) *fact.mutable_replacement()->mutable_time() = fact.time();
  const bool late = IsLate(visit.input, fact.position());
  AddFact(std::move(fact), late, visit.input);
}

absl::Status ReplayWaiting(Group& group, GroupVisit& visit) {
  ASSIGN_OR_RETURN(const std::vector<QuarantinedPosition> waiting, WaitingForVisit(group.sql(), visit.id));
  for (const QuarantinedPosition& position : waiting) {
    ASSIGN_OR_RETURN(const StoredEntry stored,
                     FindStoredEntry(group.sql(), position.device, position.epoch, position.seq));
    PreparedEntry entry = PrepareEntry(stored.opened.header, position.seq, stored.envelope());
    const std::string& author = stored.envelope().author();
    ASSIGN_OR_RETURN(const bool had_left, HadLeft(group, author, entry, stored.opened.header, stored.frame.commit_us));
    if (had_left) {
      RETURN_IF_ERROR(ParkAfterLeaving(group, position.device, entry.fact.position(), author, visit.id));
      continue;
    }
    v1::Judgement judgement;
    *judgement.mutable_position() = entry.fact.position();
    judgement.set_verdict(v1::VERDICT_COUNTED);
    judgement.set_message("the visit is known now");
    judgement.set_visit_id(visit.id);
    RETURN_IF_ERROR(LinkVisitFrame(group.sql(), visit.row.n, stored.frame.n));
    if (entry.fact.kind() == v1::LogEntry::kAssetRegistered) {
      RETURN_IF_ERROR(RegisterAsset(group, entry));
    }
    CountFor(group, visit, entry, stored.opened.header, stored.frame.commit_us);
    RETURN_IF_ERROR(group.Judge(position.device, std::move(judgement)));
  }
  return absl::OkStatus();
}

}  // namespace doorstep
