// From facts to observations: a small group of facts in, everything it says about the account's health out.
//
// A group is one visit chain, one visit, one promise or one feedback. When anything in a group changes, the
// caller derives it again, takes the observations it had out of the buckets and puts the new ones in
// (buckets.h). The functions here are pure and take no day: an observation may begin to count in the future
// ("no visit for 30 days" counts on the thirtieth), and a day to come never changes what counted before it.
//
// Forgetting is not forgiving: what is still open (a fault nobody fixed, a promise past its due day) is HELD,
// so it keeps its full weight until its closing day and only then begins to fade.
//
// Civil days are counted from 1970-01-01: the UTC day of the corrected time plus the fact's own offset.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "doorstep/v1/account.pb.h"
#include "doorstep/v1/feedback.pb.h"
#include "doorstep/v1/health.pb.h"
#include "doorstep/v1/visit.pb.h"

namespace doorstep::health {

// A corrective visit that begins at most so many days after the end of the one before is a repeat; a fix that
// saw none for so long has held.
inline constexpr int32_t kRepeatWindowDays = 30;
// Who arrives more than this before the promised window is early; who comes on another day than the window's last has
// missed it, unless no more than this after its end.
inline constexpr int64_t kPunctualityGraceUs = int64_t{15} * 60 * 1000 * 1000;

// ---- Reliability: the visits to one asset about one fault family
// -------------------------------------------

struct ChainVisit {
  std::string visit_id;
  // When work at the site began: arrival, or the first fact that implies it. Orders the chain (ties by visit
  // id).
  int64_t began_us = 0;
  int32_t began_day = 0;
  // UNSPECIFIED: not reported yet.
  v1::OutcomeCode outcome = v1::OUTCOME_CODE_UNSPECIFIED;
  // The day of the outcome. Ignored when there is none; before `began_day` it is taken as `began_day`.
  int32_t ended_day = 0;
  // Whether somebody had to come because something was broken. Other visits (an installation, an inspection)
  // give the observation of their outcome and leave the rest of the chain alone.
  bool corrective = true;
};

// Whoever groups visits into chains keeps together what belongs together: all visits of one work order are in
// one chain, also when only the last of them names a fault code; else the fault of the first would stay open
// for ever. Only visits that began are in it, in any order.
struct VisitChain {
  std::string asset_id;  // Empty: none known.
  std::vector<ChainVisit> visits;
};

// What became of one visit of a chain. Also what first-time fix and repeat rates are counted from.
struct ChainStep {
  std::string visit_id;
  // Corrective, and somebody could work: NO_ACCESS, CUSTOMER_REFUSED, UNSAFE and NOT_NEEDED are no attempts,
  // they neither repeat a visit nor are repeated. A visit without an outcome yet is an attempt.
  bool attempted = false;
  // 1 for the first attempt at a fault, 2 when it was still open or came back within the window, and so on.
  int32_t attempt = 0;
  // 0: not a repeat. 1: the first repeat, 2: the second in a row.
  int32_t repeat = 0;
  // The attempt before it, and the days between its end and this beginning. Set when this is a repeat.
  std::string repeated_visit_id;
  int32_t days_between = 0;
  // The outcome says RESOLVED.
  bool fixed = false;
  // Fixed, and the attempt after it is not within the window. Whether the window is over yet is a question of
  // the day: ended_day + kRepeatWindowDays.
  bool unrepeated = false;
  // The outcome left a fault open, and the day on which a later visit closed it; absent: nobody has.
  bool left_open = false;
  std::optional<int32_t> closed_day;
};

// One step a visit, in the chain's order. Does not depend on the order of `chain.visits`.
std::vector<ChainStep> TraceChain(const VisitChain& chain);

// Outcomes (NO_FAULT_FOUND and what is no attempt say nothing), fixes that held, repeats. RESOLVED,
// NO_FAULT_FOUND and NOT_NEEDED close the faults left open before them; until then those are HELD.
std::vector<v1::Observation> DeriveVisitChain(const VisitChain& chain);

// ---- Effort: what one visit cost the customer
// ----------------------------------------------------------------

struct PromisedWindow {
  int64_t start_us = 0;
  int64_t end_us = 0;
  // The civil day of `end_us` where it was promised.
  int32_t end_day = 0;
};

struct Arrival {
  int64_t time_us = 0;
  int32_t day = 0;
  // Its clock was SUSPECT: somebody came, and nobody knows when.
  bool suspect = false;
};

struct VisitEffort {
  std::string visit_id;
  // The window that held in the end. Absent: none was promised, or the visit was cancelled.
  std::optional<PromisedWindow> promised;
  // Each assigned phone has not reported past the window yet, and the office has not recorded a miss: silence
  // is not a miss.
  bool window_pending = true;
  // Absent: nobody has arrived as far as is known.
  std::optional<Arrival> arrival;
  // The days on which the company moved a window it had promised, oldest first.
  std::vector<int32_t> moved_by_us_days;
};

// At most one arrival: in the window (both ends belong to it, and the 15 minutes before), early, late, or
// missed. Who arrives on a day after the window's last day has missed it. A SUSPECT arrival says nothing, and
// neither does a PENDING window without arrival. Then one observation for each move.
std::vector<v1::Observation> DeriveVisit(const VisitEffort& visit);

// ---- Promises
// ------------------------------------------------------------------------------------------------

struct PromiseRecord {
  std::string commitment_id;
  v1::CommitmentSize size = v1::COMMITMENT_SIZE_NORMAL;
  v1::CommitmentState state = v1::COMMITMENT_STATE_OPEN;
  // Absent: promised without a day; it is never overdue.
  std::optional<int32_t> due_day;
  // The day it was kept, broken or waived. Ignored while OPEN.
  int32_t settled_day = 0;
  // A visit would keep it, and the phones on that visit have not reported past it. Ignored unless OPEN.
  bool pending = false;
};

// KEPT, LATE or BROKEN on the day it was settled. From its due day until it is settled it is overdue, and
// that does not fade: on the due day itself too, since a day counts as a whole and the promise was not kept
// when it ended.
std::vector<v1::Observation> DerivePromise(const PromiseRecord& promise);

// ---- What the customer says
// ----------------------------------------------------------------------------------

// `visit_id` may be empty. CES, CSAT and NPS count, each kind once (the first answer); an answer off its
// scale says nothing. An unknown mode counts as the weakest one, TRANSCRIBED_BY_TECHNICIAN.
std::vector<v1::Observation> DeriveFeedback(absl::string_view feedback_id, absl::string_view visit_id, int32_t day,
                                            const v1::Feedback& feedback);

}  // namespace doorstep::health
