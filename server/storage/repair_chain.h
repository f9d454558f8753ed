// Visits to one asset about one fault family, as health reads them.
#ifndef DOORSTEP_SERVER_STORAGE_REPAIR_CHAIN_H_
#define DOORSTEP_SERVER_STORAGE_REPAIR_CHAIN_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/health/derive.h"
#include "server/storage/visit_table.h"

namespace doorstep {

// `visits` began, and have one chain.
health::VisitChain MakeRepairChain(const std::vector<VisitSummary>& visits);

// The chain to which the visits of one case belong: those of a work order, or one visit without a work order. The asset
// and the fault family are those that the last of them names; while none is named the case is a chain of its own.
// `case_name` names it: "order:W-1", "visit:V-1".
std::string ChainOfCase(const std::vector<VisitSummary>& visits, absl::string_view case_name);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_REPAIR_CHAIN_H_
