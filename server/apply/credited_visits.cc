#include "server/apply/credited_visits.h"

#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "client_core/rules/credited_facts.h"

namespace doorstep {
namespace {

bool Same(const std::vector<v1::FoldFact>& facts, const google::protobuf::RepeatedPtrField<v1::FoldFact>& held) {
  return std::equal(
      facts.begin(), facts.end(), held.begin(), held.end(),
      [](const v1::FoldFact& a, const v1::FoldFact& b) { return a.SerializeAsString() == b.SerializeAsString(); });
}

}  // namespace

absl::StatusOr<std::vector<GroupVisit*>> CarryCredits(Group& group, const GroupVisit& visit) {
  std::set<std::string> made;
  for (const v1::FoldCommand& command : visit.input.commands()) {
    const std::string& id = command.resolve_attention().new_visit_id();
    if (!id.empty()) made.insert(id);
  }
  std::vector<GroupVisit*> changed;
  for (const std::string& id : made) {
    ASSIGN_OR_RETURN(GroupVisit * credited, group.FindVisit(id));
    if (credited == nullptr)
      return absl::DataLossError(absl::StrCat("visit ", id, ", made of ", visit.id, ", is gone"));
    const std::vector<v1::FoldFact> facts = FactsCreditedTo(id, visit.input);
    if (Same(facts, credited->input.credited())) continue;
    group.WillChange(*credited);
    credited->input.mutable_credited()->Assign(facts.begin(), facts.end());
    changed.push_back(credited);
  }
  return changed;
}

}  // namespace doorstep
