#include "client_core/rules/visit_fold.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/rules/amendments.h"
#include "client_core/rules/visit_folder.h"

namespace doorstep {
namespace {

// Of several entries that opened the visit on site the first made it; whoever else did is on it too, but once.
void KeepFirstOpening(std::vector<const v1::FoldCommand*>& commands) {
  bool made = false;
  std::set<absl::string_view> openers;
  const auto repeats = [&](const v1::FoldCommand* command) {
    if (!command->has_opened_by()) return false;
    return command->has_create() ? std::exchange(made, true) : !openers.insert(command->principal()).second;
  };
  commands.erase(std::remove_if(commands.begin(), commands.end(), repeats), commands.end());
}

std::vector<const v1::FoldCommand*> SortedCommands(const v1::FoldInput& input) {
  std::vector<const v1::FoldCommand*> commands;
  for (const v1::FoldCommand& command : input.commands()) commands.push_back(&command);
  std::sort(commands.begin(), commands.end(), [](const v1::FoldCommand* a, const v1::FoldCommand* b) {
    const std::pair a_key(a->commit_us(), a->ordinal());
    const std::pair b_key(b->commit_us(), b->ordinal());
    return a_key != b_key ? a_key < b_key : ComparePositions(a->opened_by(), b->opened_by()) < 0;
  });
  KeepFirstOpening(commands);
  return commands;
}

}  // namespace

v1::Visit FoldVisit(const v1::FoldInput& input) {
  const std::vector<const v1::FoldCommand*> commands = SortedCommands(input);
  const EffectiveFacts facts(input);

  VisitFolder folder;
  size_t next_command = 0;
  // The visit exists before anything happens to it, even when its entries were recorded before the office made it.
  while (next_command < commands.size() && commands[next_command]->has_create())
    folder.Apply(*commands[next_command++]);
  for (const v1::FoldFact* fact : facts) {
    while (next_command < commands.size() && commands[next_command]->commit_us() <= fact->fold_time_us()) {
      folder.Apply(*commands[next_command++]);
    }
    folder.Apply(*fact);
  }
  while (next_command < commands.size()) folder.Apply(*commands[next_command++]);
  for (const v1::FoldFact* fact : Amendments(input)) folder.Amend(*fact);

  v1::Visit visit = folder.Finish();
  visit.set_id(input.visit_id());
  visit.set_facts(static_cast<uint32_t>(facts.size()) + input.other_facts());
  for (const v1::FoldJournal& journal : input.journals()) {
    v1::FoldedJournal* folded = visit.add_folded();
    folded->set_device(journal.device());
    folded->set_epoch(journal.epoch());
    folded->set_seq(journal.last_seq());
  }
  return visit;
}

bool HasEnded(v1::VisitState state) { return state >= v1::VISIT_STATE_COMPLETED; }

bool IsUnderWay(v1::VisitState state) { return state >= v1::VISIT_STATE_EN_ROUTE && state <= v1::VISIT_STATE_PAUSED; }

}  // namespace doorstep
