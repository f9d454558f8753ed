// How facts join the input of a fold, journal by journal.

#include <algorithm>
#include <utility>

#include "client_core/base/ids.h"
#include "client_core/base/planted_bug.h"
#include "client_core/rules/fold_fact.h"
#include "client_core/rules/visit_fold.h"
#include "client_core/rules/visit_folder.h"

namespace doorstep {
namespace {

bool SameJournal(const v1::FoldJournal& journal, const v1::JournalPosition& position) {
  return journal.device() == position.device() && journal.epoch() == position.epoch();
}

v1::FoldJournal& JournalOf(const v1::JournalPosition& position, v1::FoldInput& input) {
  for (v1::FoldJournal& journal : *input.mutable_journals()) {
    if (SameJournal(journal, position)) return journal;
  }
  v1::FoldJournal* added = input.add_journals();
  added->set_device(position.device());
  added->set_epoch(position.epoch());
  // Sorted, so that it does not show which phone spoke first.
  auto& journals = *input.mutable_journals();
  std::sort(journals.pointer_begin(), journals.pointer_end(), [](const v1::FoldJournal* a, const v1::FoldJournal* b) {
    const int order = a->device().compare(b->device());
    return order != 0 ? order < 0 : a->epoch() < b->epoch();
  });
  return JournalOf(position, input);
}

// A fact that was judged after later ones of its journal takes the place it would have had: it stands no earlier than
// what came before it, and what came after it stands no earlier than it.
void PlaceLate(v1::FoldFact& late, v1::FoldInput& input) {
  int64_t time_us = late.time().time_us();
  for (v1::FoldFact& fact : *input.mutable_facts()) {
    const v1::JournalPosition& position = fact.position();
    if (position.device() != late.position().device() || position.epoch() != late.position().epoch()) continue;
    if (position.seq() < late.position().seq()) {
      time_us = std::max(time_us, fact.fold_time_us());
    } else {
      fact.set_fold_time_us(std::max(fact.fold_time_us(), late.time().time_us()));
    }
  }
  late.set_fold_time_us(time_us);
}

// Whether the fact that this one names has come already.
bool TargetIsThere(const v1::FoldFact& fact, const v1::FoldInput& input) {
  return std::any_of(input.facts().begin(), input.facts().end(), [&fact](const v1::FoldFact& other) {
    return ComparePositions(other.position(), fact.target()) == 0 ||
           (other.has_first_position() && ComparePositions(other.first_position(), fact.target()) == 0);
  });
}

}  // namespace

void AddFact(v1::FoldFact fact, bool late, v1::FoldInput& input) {
  v1::FoldJournal& journal = JournalOf(fact.position(), input);
  if (!late && fact.position().seq() <= journal.last_seq()) return;
  journal.set_last_seq(std::max(journal.last_seq(), fact.position().seq()));
  journal.set_max_corrected_time_us(std::max(journal.max_corrected_time_us(), fact.time().time_us()));
  if (late) {
    PlaceLate(fact, input);
  } else {
    fact.set_fold_time_us(journal.max_corrected_time_us());
  }
  if (Planted("correction_by_arrival") && DecidesAboutOthers(fact) && !TargetIsThere(fact, input)) return;
  if (BearsState(static_cast<v1::LogEntry::FactCase>(fact.kind()))) {
    *input.add_facts() = std::move(fact);
  } else {
    input.set_other_facts(input.other_facts() + 1);
  }
}

}  // namespace doorstep
