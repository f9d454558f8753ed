// What one visit contributes to its account's health: every reason that rests on it, or why there is none.
#ifndef DOORSTEP_TOOLS_DOORSTEP_VISIT_HEALTH_H_
#define DOORSTEP_TOOLS_DOORSTEP_VISIT_HEALTH_H_

#include <string>

#include "absl/status/status.h"
#include "doorstep/v1/dispatch_service.pb.h"
#include "doorstep/v1/visit.pb.h"
#include "tools/doorstep/commands.h"
#include "tools/doorstep/health_words.h"

namespace doorstep::cli {

// Of `all` contributions of the account, those of the visit, of the feedback and promises in its log, and the repeats
// that other visits made of it.
Contributions ContributionsOf(const v1::Visit& visit, const v1::GetVisitLogResponse& log, const Contributions& all);
// Why there are none, as a sentence.
std::string WhyNothing(const v1::Visit& visit);
// Why no other visit can be a repeat of this one, or this one of another; empty: it can.
std::string WhyNoRepeats(const v1::Visit& visit);

// Asks the server and prints all that.
absl::Status PrintVisitHealth(const v1::Visit& visit, const v1::GetVisitLogResponse& log, const Tools& tools);

}  // namespace doorstep::cli

#endif  // DOORSTEP_TOOLS_DOORSTEP_VISIT_HEALTH_H_
