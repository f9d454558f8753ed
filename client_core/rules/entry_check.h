// Whether a log entry is well-formed: every field within its bound. The phone refuses on append what fails here; the
// server, where such bytes can only come from another program, stores and quarantines them.
#ifndef DOORSTEP_CLIENT_CORE_RULES_ENTRY_CHECK_H_
#define DOORSTEP_CLIENT_CORE_RULES_ENTRY_CHECK_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/visit.pb.h"

namespace doorstep {

// INVALID_ARGUMENT naming the field and its bound. An unknown fact (FACT_NOT_SET) passes: unknown kinds are parked by
// the server, and a phone refuses them before it comes here.
absl::Status CheckEntry(const v1::LogEntry& entry);

// The fact's name as in LogEntry ("outcome_reported"); "unknown" when not set.
absl::string_view FactName(v1::LogEntry::FactCase fact);

// True when the fact carries words of people, so that the entry needs a nonce.
bool HasPersonalText(const v1::LogEntry& entry);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_RULES_ENTRY_CHECK_H_
