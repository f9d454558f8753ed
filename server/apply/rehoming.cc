#include "server/apply/rehoming.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "client_core/base/ids.h"
#include "client_core/base/planted_bug.h"
#include "client_core/base/status.h"
#include "client_core/rules/verdicts.h"
#include "client_core/rules/visit_fold.h"
#include "server/apply/entry_judging.h"
#include "server/apply/stored_frame.h"
#include "server/storage/frame_table.h"
#include "server/storage/journal_table.h"
#include "server/storage/judgement_table.h"

namespace doorstep {
namespace {

bool SameRecord(const v1::EntryEnvelope& a, const v1::EntryEnvelope& b) {
  return a.author() == b.author() && a.entry() == b.entry();
}

absl::Status JudgeCopy(Group& group, const DeviceRow& device, const v1::JournalPosition& position,
                       const v1::JournalPosition& original) {
  v1::Judgement judgement;
  *judgement.mutable_position() = position;
  judgement.set_verdict(v1::VERDICT_SAME_AS_ORIGINAL);
  judgement.set_message("counts as " + FormatPosition(original));
  return group.Judge(device.n, std::move(judgement));
}

// An entry that moved twice names its first position both times. When the server never got that one, what came under
// another position before is the same entry all the same.
absl::StatusOr<std::optional<v1::JournalPosition>> FindHeldMove(Group& group, const DeviceRow& device,
                                                                const RehomedRow& row,
                                                                const v1::EntryEnvelope& envelope) {
  ASSIGN_OR_RETURN(const std::vector<RehomedRow> moves,
                   RehomedFrom(group.sql(), device.n, row.from_epoch, row.from_seq, row.from_seq));
  for (const RehomedRow& move : moves) {
    if (move.copy || (move.epoch == row.epoch && move.seq == row.seq)) continue;
    ASSIGN_OR_RETURN(const StoredEntry held, FindStoredEntry(group.sql(), device.n, move.epoch, move.seq));
    if (SameRecord(held.envelope(), envelope)) return MakePosition(device.id, move.epoch, move.seq);
  }
  return std::nullopt;
}

}  // namespace

absl::Status RefoldJournal(Group& group, const DeviceRow& device, GroupVisit& visit, uint64_t epoch,
                           const std::set<uint64_t>& leaving) {
  group.WillChange(visit);
  auto in_journal = [&](const v1::JournalPosition& position) {
    return position.device() == device.id && position.epoch() == epoch;
  };
  auto* facts = visit.input.mutable_facts();
  std::vector<v1::FoldFact> repairs;  // What the office recorded in their place stays.
  for (const v1::FoldFact& fact : *facts) {
    if (fact.has_repair() && in_journal(fact.position())) repairs.push_back(fact);
  }
  facts->erase(std::remove_if(facts->begin(), facts->end(),
                              [&](const v1::FoldFact& fact) { return in_journal(fact.position()); }),
               facts->end());
  std::set<uint64_t> repaired_openings;
  for (const v1::FoldCommand& command : visit.input.commands()) {
    if (!command.has_opened_by() || !in_journal(command.opened_by())) continue;
    ASSIGN_OR_RETURN(const std::optional<v1::Judgement> judgement,
                     FindJudgement(group.sql(), device.n, epoch, command.opened_by().seq()));
    const bool repaired = judgement.has_value() && judgement->verdict() == v1::VERDICT_REPAIRED;
    if (repaired) repaired_openings.insert(command.opened_by().seq());
  }
  auto* commands = visit.input.mutable_commands();
  commands->erase(std::remove_if(commands->begin(), commands->end(),
                                 [&](const v1::FoldCommand& command) {
                                   return command.has_opened_by() && in_journal(command.opened_by()) &&
                                          repaired_openings.count(command.opened_by().seq()) == 0;
                                 }),
                  commands->end());
  auto* journals = visit.input.mutable_journals();
  journals->erase(std::remove_if(journals->begin(), journals->end(),
                                 [&](const v1::FoldJournal& journal) {
                                   return journal.device() == device.id && journal.epoch() == epoch;
                                 }),
                  journals->end());

  ASSIGN_OR_RETURN(const std::vector<FrameRow> frames, FramesOfVisit(group.sql(), visit.row.n, -1));
  for (const FrameRow& frame : frames) {
    if (frame.device != device.n || frame.epoch != epoch) continue;
    ASSIGN_OR_RETURN(const OpenedFrame opened, OpenStored(frame));
    for (uint64_t seq = frame.first_seq + frame.skip; seq <= frame.last_seq; ++seq) {
      PreparedEntry entry =
          PrepareEntry(opened.header, seq, opened.body.entries(static_cast<int>(seq - frame.first_seq)));
      if (entry.visit_id != visit.id) continue;
      const bool leaves = leaving.count(seq) > 0;
      if (!leaves) {
        ASSIGN_OR_RETURN(const std::optional<v1::Judgement> judgement,
                         FindJudgement(group.sql(), device.n, epoch, seq));
        if (judgement.has_value() && !Counts(judgement->verdict())) continue;
      }
      // Facts without state stand only in a count.
      if (!entry.bears_state) visit.input.set_other_facts(visit.input.other_facts() - 1);
      if (!leaves) CountFor(group, visit, entry, opened.header, frame.commit_us);
    }
  }
  for (v1::FoldFact& repair : repairs) {
    const bool late = IsLate(visit.input, repair.position());
    AddFact(std::move(repair), late, visit.input);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> IsCopyOfHeld(Group& group, const DeviceRow& device, const v1::JournalPosition& position,
                                  const v1::EntryEnvelope& envelope) {
  RehomedRow row{position.epoch(), position.seq(), envelope.from_epoch(), envelope.from_seq(), false};
  ASSIGN_OR_RETURN(const JournalRow* journal, group.FindJournal(device.n, row.from_epoch));
  if (journal != nullptr && row.from_epoch != row.epoch && row.from_seq <= journal->mark) {
    ASSIGN_OR_RETURN(const StoredEntry original, FindStoredEntry(group.sql(), device.n, row.from_epoch, row.from_seq));
    row.copy = SameRecord(original.envelope(), envelope);
  }
  v1::JournalPosition held = MakePosition(device.id, row.from_epoch, row.from_seq);
  if (!row.copy) {
    ASSIGN_OR_RETURN(const std::optional<v1::JournalPosition> moved, FindHeldMove(group, device, row, envelope));
    row.copy = moved.has_value();
    if (row.copy) held = *moved;
  }
  RETURN_IF_ERROR(WriteRehomed(group.sql(), device.n, row));
  if (!row.copy) return false;
  RETURN_IF_ERROR(JudgeCopy(group, device, position, held));
  return true;
}

absl::Status YieldToOriginals(Group& group, const DeviceRow& device, const PreparedFrame& frame, uint64_t skip) {
  const uint64_t epoch = frame.opened.header.epoch();
  ASSIGN_OR_RETURN(const std::vector<RehomedRow> rows,
                   RehomedFrom(group.sql(), device.n, epoch, frame.first_seq() + skip, frame.last_seq()));
  std::map<std::pair<std::string, uint64_t>, std::set<uint64_t>> leaving;  // (visit, epoch) -> seqs.
  for (RehomedRow row : rows) {
    if (row.copy || row.epoch == epoch || Planted("late_originals_count_too")) continue;
    ASSIGN_OR_RETURN(const StoredEntry copy, FindStoredEntry(group.sql(), device.n, row.epoch, row.seq));
    const v1::EntryEnvelope& original = frame.opened.body.entries(static_cast<int>(row.from_seq - frame.first_seq()));
    if (!SameRecord(original, copy.envelope())) continue;
    const v1::JournalPosition first = MakePosition(device.id, row.from_epoch, row.from_seq);
    // The original will not count, so the copy has to.
    if (group.forced_quarantine.count(FormatPosition(first)) > 0) continue;
    ASSIGN_OR_RETURN(const std::optional<v1::Judgement> before,
                     FindJudgement(group.sql(), device.n, row.epoch, row.seq));
    // Somebody has decided about the copy, which holds for what it is a copy of.
    if (before.has_value() &&
        (before->verdict() == v1::VERDICT_REPAIRED || before->verdict() == v1::VERDICT_DISMISSED)) {
      v1::Judgement& decided = group.decided[FormatPosition(first)] = *before;
      *decided.mutable_position() = first;
      continue;
    }
    const bool counted = !before.has_value() || Counts(before->verdict());
    const PreparedEntry entry = PrepareEntry(copy.opened.header, row.seq, copy.envelope());
    if (counted && !entry.visit_id.empty()) leaving[{entry.visit_id, row.epoch}].insert(row.seq);
    row.copy = true;
    RETURN_IF_ERROR(WriteRehomed(group.sql(), device.n, row));
    RETURN_IF_ERROR(JudgeCopy(group, device, MakePosition(device.id, row.epoch, row.seq), first));
  }
  for (const auto& [key, seqs] : leaving) {
    ASSIGN_OR_RETURN(GroupVisit * visit, group.FindVisit(key.first));
    if (visit != nullptr) RETURN_IF_ERROR(RefoldJournal(group, device, *visit, key.second, seqs));
  }
  return absl::OkStatus();
}

}  // namespace doorstep
