// The journal's entries that are not settled, in memory: by epoch, by visit, and counted.
#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "client_core/rules/fold_fact.h"
#include "client_core/store/journal.h"
#include "client_core/store/journal_rows.h"

namespace doorstep {

absl::Status Journal::LoadPending(const EpochMarks& marks) {
  // Of an epoch that is no longer appended to, entries go one by one. Where it goes on, a gap is damage, which has to
  // be found before anything is recorded behind it.
  const bool whole = marks.state == EpochState::kCurrent;
  uint64_t seq = std::max(marks.settled_through, marks.retained_through);
  SelectRows(marks.epoch, marks.settled_through, marks.last_own_seq(), kEntrySeqMax);
  while (true) {
    ASSIGN_OR_RETURN(const bool row, read_after_.Step());
    if (!row && (!whole || seq == marks.last_own_seq())) return absl::OkStatus();
    PendingEntry entry;
    if (row) entry.info = InfoFromRow(read_after_);
    if (whole && entry.info.seq != ++seq) {
      read_after_.Reset();
      return absl::DataLossError(absl::StrCat("journal: entry ", marks.epoch, ".", seq, " is missing"));
    }
    if (BearsState(entry.info.fact)) {
      v1::LogEntry recorded;
      if (ParseBytes(read_after_.Blob(kEntryColumn), recorded)) {
        entry.fold = FoldOf(recorded, PositionOf(entry.info), entry.info.author);
      }
    }
    AddPending(std::move(entry));
  }
}

void Journal::AddPending(PendingEntry entry) {
  std::deque<PendingEntry>& pending = pending_[entry.info.epoch];
  pending.push_back(std::move(entry));
  const EntryInfo& info = pending.back().info;
  pending_by_visit_[info.visit_id][info.epoch].push_back(&pending.back());
}

void Journal::DropPending(uint64_t epoch, uint64_t through_seq) {
  std::deque<PendingEntry>& pending = pending_[epoch];
  std::set<std::string> visits;
  for (const PendingEntry& entry : pending) {
    if (entry.info.seq > through_seq) break;
    visits.insert(entry.info.visit_id);
  }
  for (const std::string& visit : visits) {
    PendingOfVisit& of_visit = pending_by_visit_[visit];
    std::vector<const PendingEntry*>& entries = of_visit[epoch];
    entries.erase(entries.begin(), std::find_if(entries.begin(), entries.end(), [through_seq](const PendingEntry* e) {
                    return e->info.seq > through_seq;
                  }));
    if (entries.empty()) of_visit.erase(epoch);
    if (of_visit.empty()) pending_by_visit_.erase(visit);
  }
  while (!pending.empty() && pending.front().info.seq <= through_seq) pending.pop_front();
  ++pending_version_;
}

const PendingOfVisit& Journal::PendingOf(absl::string_view visit_id) const {
  static const auto* const kNone = new PendingOfVisit();
  const auto found = pending_by_visit_.find(std::string(visit_id));
  return found != pending_by_visit_.end() ? found->second : *kNone;
}

std::map<std::string, uint64_t> Journal::UnsentByAuthor() const {
  std::map<std::string, uint64_t> unsent;
  // A damaged file may hold entries of an epoch that it does not know any more.
  for (const auto& [epoch, marks] : epochs_) {
    const auto pending = pending_.find(epoch);
    if (pending == pending_.end()) continue;
    for (const PendingEntry& entry : pending->second) {
      if (entry.info.seq > marks.received_through && entry.info.seq <= marks.last_own_seq())
        ++unsent[entry.info.author];
    }
  }
  return unsent;
}

JournalCounts Journal::Counts() const {
  JournalCounts counts;
  for (const auto& [epoch, marks] : epochs_) {
    counts.recorded += marks.last_own_seq();
    counts.saved_here += marks.last_own_seq() - marks.received_through;
    counts.safe += marks.received_through - marks.judged_through;
    counts.judged += marks.judged_through;
    const auto pending = pending_.find(epoch);
    if (pending == pending_.end()) continue;
    for (const PendingEntry& entry : pending->second) {
      if (entry.info.seq <= marks.received_through) continue;
      counts.queued_bytes += entry.info.bytes;
      if (counts.oldest_queued_time_us == 0) counts.oldest_queued_time_us = entry.info.wall_time_us;
    }
  }
  return counts;
}

}  // namespace doorstep
