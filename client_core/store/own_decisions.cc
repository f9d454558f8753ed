#include "client_core/store/own_decisions.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "client_core/base/ids.h"
#include "client_core/base/status.h"

namespace doorstep {
namespace {

constexpr uint64_t kAtOnce = 500;

// An entry that decides about another.
struct Decider {
  v1::JournalPosition position;
  v1::JournalPosition first_position;  // The same when it was never appended again.
  v1::JournalPosition target;
  bool retracts = false;
};

absl::StatusOr<std::vector<Decider>> Deciders(Journal& journal, uint64_t epoch, uint64_t after_seq) {
  std::vector<Decider> deciders;
  for (auto it = journal.epochs().lower_bound(epoch); it != journal.epochs().end(); ++it) {
    uint64_t after = it->first == epoch ? after_seq : 0;
    while (true) {
      ASSIGN_OR_RETURN(const std::vector<EntryInfo> infos, journal.List(it->first, after, kAtOnce));
      if (infos.empty()) break;
      after = infos.back().seq;
      for (const EntryInfo& info : infos) {
        const bool retracts = info.fact == v1::LogEntry::kRetraction;
        if (!retracts && info.fact != v1::LogEntry::kCorrection) continue;
        if (info.seq > it->second.last_own_seq()) break;  // Goes on in a later epoch and is found there.
        ASSIGN_OR_RETURN(const v1::LogEntry entry, journal.Read(info.epoch, info.seq));
        Decider& decider = deciders.emplace_back();
        decider.position = decider.first_position = journal.PositionOf(info);
        if (info.from_epoch > 0) {
          decider.first_position.set_epoch(info.from_epoch);
          decider.first_position.set_seq(info.from_seq);
        }
        decider.target = retracts ? entry.retraction().target() : entry.correction().target();
        decider.retracts = retracts;
      }
    }
  }
  return deciders;
}

}  // namespace

absl::StatusOr<OwnDecisions> OwnDecisions::Read(Journal& journal, uint64_t epoch, uint64_t after_seq) {
  ASSIGN_OR_RETURN(std::vector<Decider> deciders, Deciders(journal, epoch, after_seq));
  OwnDecisions decisions;
  const auto decided = [&](const v1::JournalPosition& position) {
    return decisions.by_target_.count(FormatPosition(position)) > 0;
  };
  // Later ones decide first.
  for (auto decider = deciders.rbegin(); decider != deciders.rend(); ++decider) {
    if (decided(decider->position) || decided(decider->first_position)) continue;
    v1::JournalPosition target = decider->target;
    auto earlier = std::next(decider);
    while (true) {
      Decision& decision = decisions.by_target_[FormatPosition(target)];
      // What was taken back stays so, whatever corrects it.
      if (!decision.by.device().empty() && (decision.retracts || !decider->retracts)) break;
      decision = {decider->position, decider->retracts};
      if (decider->retracts) break;
      // The correction of a correction stands in for what that one had corrected.
      const auto corrected = std::find_if(earlier, deciders.rend(), [&](const Decider& other) {
        return !other.retracts &&
               (ComparePositions(other.position, target) == 0 || ComparePositions(other.first_position, target) == 0);
      });
      if (corrected == deciders.rend()) break;
      target = corrected->target;
      earlier = std::next(corrected);
    }
  }
  return decisions;
}

const OwnDecisions::Decision* OwnDecisions::About(const v1::EntryStatus& entry) const {
  auto found = by_target_.find(FormatPosition(entry.position()));
  if (found == by_target_.end() && entry.has_moved_to()) found = by_target_.find(FormatPosition(entry.moved_to()));
  return found == by_target_.end() ? nullptr : &found->second;
}

}  // namespace doorstep
