#include "client_core/store/own_decisions.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/status.h"
#include "client_core/rules/verdicts.h"
#include "client_core/store/entry_status.h"
#include "client_core/store/replica.h"

namespace doorstep {
namespace {

constexpr uint64_t kAtOnce = 500;

// An entry that decides about another.
struct Decider {
  v1::JournalPosition position;
  v1::JournalPosition first_position;  // The same when it was never appended again.
  v1::JournalPosition target;
  bool retracts = false;
  bool sure = true;  // False: the office has recorded another in its place, which this phone has not seen.
};

// Those that count, or of which nothing else is known yet.
absl::StatusOr<std::vector<Decider>> Deciders(Journal& journal, const Replica& replica, uint64_t epoch,
                                              uint64_t after_seq) {
  std::vector<Decider> deciders;
  for (auto it = journal.epochs().lower_bound(epoch); it != journal.epochs().end(); ++it) {
    uint64_t after = it->first == epoch ? after_seq : 0;
    while (true) {
      ASSIGN_OR_RETURN(const std::vector<EntryInfo> infos, journal.ListDeciding(it->first, after, kAtOnce));
      if (infos.empty()) break;
      after = infos.back().seq;
      for (const EntryInfo& info : infos) {
        const bool retracts = info.fact == v1::LogEntry::kRetraction;
        if (info.seq > it->second.last_own_seq()) break;  // Goes on in a later epoch and is found there.
        const v1::Judgement* judgement = JudgementOfEntry(replica, info);
        const bool repaired = judgement != nullptr && judgement->verdict() == v1::VERDICT_REPAIRED;
        if (judgement != nullptr && !repaired && !Counts(judgement->verdict())) continue;
        const absl::StatusOr<v1::LogEntry> entry = journal.Read(info.epoch, info.seq);
        if (absl::IsDataLoss(entry.status())) continue;  // Nobody can say about what it decided.
        RETURN_IF_ERROR(entry.status());
        Decider& decider = deciders.emplace_back();
        decider.sure = !repaired;
        decider.position = decider.first_position = journal.PositionOf(info);
        if (info.from_epoch > 0) {
          decider.first_position.set_epoch(info.from_epoch);
          decider.first_position.set_seq(info.from_seq);
        }
        decider.target = retracts ? entry->retraction().target() : entry->correction().target();
        decider.retracts = retracts;
      }
    }
  }
  return deciders;
}

}  // namespace

absl::StatusOr<OwnDecisions> OwnDecisions::Read(Journal& journal, const Replica& replica, uint64_t epoch,
                                                uint64_t after_seq) {
  ASSIGN_OR_RETURN(std::vector<Decider> deciders, Deciders(journal, replica, epoch, after_seq));
  OwnDecisions decisions;
  // Later ones decide first.
  for (auto decider = deciders.rbegin(); decider != deciders.rend(); ++decider) {
    bool sure = decider->sure;
    bool decided = false;
    for (const v1::JournalPosition* position : {&decider->position, &decider->first_position}) {
      const auto about = decisions.by_target_.find(FormatPosition(*position));
      if (about == decisions.by_target_.end()) continue;
      decided = decided || about->second.sure;
      sure = false;
    }
    if (decided) continue;
    v1::JournalPosition target = decider->target;
    auto earlier = std::next(decider);
    while (true) {
      const auto [place, is_first] = decisions.by_target_.try_emplace(FormatPosition(target));
      Decision& decision = place->second;
      // What was taken back stays so, whatever corrects it; and what is sure stands before what is not.
      const bool retracts_too = sure == decision.sure && decider->retracts && !decision.retracts;
      if (is_first || (sure && !decision.sure) || retracts_too) decision = {decider->position, decider->retracts, sure};
      if (decider->retracts) break;
      // The correction of a correction stands in for what that one had corrected.
      const auto corrected = std::find_if(earlier, deciders.rend(), [&](const Decider& other) {
        return !other.retracts &&
               (ComparePositions(other.position, target) == 0 || ComparePositions(other.first_position, target) == 0);
      });
      if (corrected == deciders.rend()) break;
      target = corrected->target;
      sure = sure && corrected->sure;
      earlier = std::next(corrected);
    }
  }
  return decisions;
}

std::string OwnDecisions::Decision::Words() const {
  return absl::StrCat(sure ? "" : "perhaps ", retracts ? "retracted by " : "corrected by ", FormatPosition(by),
                      sure ? "" : ", unless what the office has recorded anew says something else");
}

const OwnDecisions::Decision* OwnDecisions::About(const v1::EntryStatus& entry) const {
  auto found = by_target_.find(FormatPosition(entry.position()));
  if (found == by_target_.end() && entry.has_moved_to()) found = by_target_.find(FormatPosition(entry.moved_to()));
  return found == by_target_.end() ? nullptr : &found->second;
}

}  // namespace doorstep
