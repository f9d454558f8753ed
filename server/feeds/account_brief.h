// What the next technician should know before ringing the bell: at most 4 KB, the most important first, each line with
// its source. Pure: the same records give the same bytes.
#ifndef DOORSTEP_SERVER_FEEDS_ACCOUNT_BRIEF_H_
#define DOORSTEP_SERVER_FEEDS_ACCOUNT_BRIEF_H_

#include <cstdint>
#include <string>
#include <vector>

#include "doorstep/v1/account.pb.h"
#include "doorstep/v1/health.pb.h"
#include "doorstep/v1/visit.pb.h"

namespace doorstep {

// A visit that ended, as the brief tells of it.
struct BriefVisit {
  std::string visit_id;
  int32_t ended_day = 0;
  v1::OutcomeCode outcome = v1::OUTCOME_CODE_UNSPECIFIED;
  std::string fault;
};

struct BriefRecords {
  std::string account_id;
  std::string account_name;
  std::vector<v1::Site> sites;                // By id.
  std::vector<v1::Commitment> open_promises;  // By due time, then id.
  std::vector<v1::Observation> repeats;       // REPEAT_VISIT and REPEAT_VISIT_AGAIN.
  std::vector<BriefVisit> last_visits;        // Newest first.
};

// Hazards, promises, repeats, last visits, access; lines that no longer fit fall away from the end.
v1::AccountBrief BuildBrief(const BriefRecords& records);

// "2026-11-23", for a civil day counted from 1970-01-01.
std::string DayText(int32_t day);

// "not resolved"; empty for UNSPECIFIED.
std::string OutcomeWords(v1::OutcomeCode outcome);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_FEEDS_ACCOUNT_BRIEF_H_
