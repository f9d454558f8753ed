// The part of a log entry that bears state: codes, amounts and times, no text.
#ifndef DOORSTEP_CLIENT_CORE_RULES_FOLD_FACT_H_
#define DOORSTEP_CLIENT_CORE_RULES_FOLD_FACT_H_

#include "absl/strings/string_view.h"
#include "doorstep/v1/fold.pb.h"
#include "doorstep/v1/visit.pb.h"

namespace doorstep {

// True when a fact of this kind changes a visit, its account's health or what is promised. Notes, readings, forms and
// attachments do not: a visit only counts them.
bool BearsState(v1::LogEntry::FactCase fact);

// The FoldFact of `entry`. `fold_time_us` is left at the corrected time; AddFact in visit_fold.h raises it.
v1::FoldFact MakeFoldFact(const v1::LogEntry& entry, const v1::JournalPosition& position, absl::string_view author,
                          const v1::CorrectedTime& time);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_RULES_FOLD_FACT_H_
