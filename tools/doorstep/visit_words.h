// Visits as a person reads them, shared by the commands that show one.
#ifndef DOORSTEP_TOOLS_DOORSTEP_VISIT_WORDS_H_
#define DOORSTEP_TOOLS_DOORSTEP_VISIT_WORDS_H_

#include <string>

#include "absl/time/time.h"
#include "doorstep/v1/dispatch_service.pb.h"
#include "doorstep/v1/visit.pb.h"
#include "google/protobuf/repeated_field.h"

namespace doorstep::cli {

using Visits = google::protobuf::RepeatedPtrField<v1::Visit>;

// The one zone of everything that is shown of a visit: that of its windows, else the offset at which a phone was there,
// else `otherwise`.
absl::TimeZone VisitZone(const v1::Visit& visit, absl::TimeZone otherwise = absl::LocalTimeZone());
// Those who are expected, the lead first: "T-ana, T-bo".
std::string Assigned(const v1::Visit& visit);
// "arrived 12 min after the promised window"; empty when there is nothing to compare.
std::string PunctualityWords(const v1::Visit& visit);

void PrintVisitTable(const Visits& visits);
void PrintVisit(const v1::Visit& visit);
// One line after a change: "Visit V-1 is scheduled: 2026-11-23 08:00 to 10:00 +01:00, T-ana. Version 3."
void PrintVisitLine(const v1::Visit& visit);
void PrintVisitLog(const v1::GetVisitLogResponse& log, const v1::Visit& visit);

}  // namespace doorstep::cli

#endif  // DOORSTEP_TOOLS_DOORSTEP_VISIT_WORDS_H_
