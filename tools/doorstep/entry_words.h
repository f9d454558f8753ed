// What an entry of a journal says, in one line for a person.
#ifndef DOORSTEP_TOOLS_DOORSTEP_ENTRY_WORDS_H_
#define DOORSTEP_TOOLS_DOORSTEP_ENTRY_WORDS_H_

#include <string>

#include "absl/time/time.h"
#include "doorstep/v1/sync.pb.h"
#include "doorstep/v1/visit.pb.h"

namespace doorstep::cli {

// "arrived", "part used". "unknown kind" for a fact of a newer phone.
std::string FactKind(const v1::LogEntry& entry);
// What the fact holds besides its kind: "2 x V-SEAT", "not resolved; fault VALVE-SEAT". May be empty.
// Times in it are shown in `zone`.
std::string FactContent(const v1::LogEntry& entry, const absl::TimeZone& zone);
// "arrived", or "part used: 2 x V-SEAT".
std::string EntryWords(const v1::LogEntry& entry, const absl::TimeZone& zone);

// "not resolved; fault VALVE-SEAT; the customer confirms".
std::string OutcomeWords(const v1::Outcome& outcome);
// "trusted, known to within 2 ms; the phone's own was 3 h 0 min behind". `phone_time_us` is what the phone's clock
// said; 0: not known.
std::string ClockWords(const v1::CorrectedTime& time, int64_t phone_time_us);
// "counted", "quarantined (unknown visit): ...".
std::string JudgementWords(const v1::Judgement& judgement);
// Why the office should look, as a sentence without its full stop.
std::string AttentionWords(v1::AttentionFlag flag);

}  // namespace doorstep::cli

#endif  // DOORSTEP_TOOLS_DOORSTEP_ENTRY_WORDS_H_
