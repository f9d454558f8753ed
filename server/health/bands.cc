#include "server/health/bands.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/health/words.h"

namespace doorstep::health {
namespace {

// Empty: no cap applies.
std::string CapReason(const Caps& caps) {
  if (!caps.safety_event_id.empty()) return absl::StrCat("a safety event is open (", caps.safety_event_id, ")");
  if (!caps.cancellation_notice_id.empty()) {
    return absl::StrCat("the customer has given notice (", caps.cancellation_notice_id, ")");
  }
  if (!caps.repeating_asset_id.empty()) {
    return absl::StrCat("asset ", caps.repeating_asset_id, " needed ", kCapRepeats, " repeat visits within ",
                        kCapRepeatDays, " days");
  }
  return "";
}

// What keeps an account that is known and above the red line from being GREEN; empty: nothing.
std::vector<std::string> Reservations(const Standing& standing, const std::string& red_line) {
  std::vector<std::string> reservations;
  if (standing.promise_overdue) reservations.push_back("a promise is overdue");
  if (standing.score < standing.prior_score) {
    reservations.push_back(absl::StrCat("the score of ", PointsText(standing.score), " is below the ",
                                        PointsText(standing.prior_score), " of a customer nobody knows"));
  }
  if (!red_line.empty()) {
    reservations.push_back(
        absl::StrCat("it may be as low as ", PointsText(standing.low), ", which is under the red line of ", red_line));
  }
  if (!standing.satisfaction_known) reservations.push_back("nothing is known about satisfaction");
  if (!standing.adoption_known) reservations.push_back("nothing is known about use");
  return reservations;
}

}  // namespace

Verdict Judge(const Standing& standing, const Caps& caps, const Model& model) {
  if (std::string reason = CapReason(caps); !reason.empty()) return {v1::BAND_RED, std::move(reason)};

  const int32_t red_line = model.proto().red_line_thousandths();
  if (standing.score < red_line) {
    return {v1::BAND_RED, absl::StrCat("the score of ", PointsText(standing.score), " is under the red line of ",
                                       PointsText(red_line))};
  }
  const int32_t known_from = model.proto().known_share_millionths();
  if (standing.known_share < known_from) {
    if (standing.latest_evidence_day.has_value() && standing.known_share_then >= known_from) {
      return {v1::BAND_SILENT, absl::StrCat("nothing new since ", DayText(*standing.latest_evidence_day),
                                            ": of what we measure ", PercentText(standing.known_share_then),
                                            " was known then, ", PercentText(standing.known_share), " is now")};
    }
    return {v1::BAND_UNKNOWN, absl::StrCat("of what we measure ", PercentText(standing.known_share),
                                           " is known, and it takes ", PercentText(known_from))};
  }
  const std::vector<std::string> reservations =
      Reservations(standing, standing.low < red_line ? PointsText(red_line) : "");
  if (!reservations.empty()) return {v1::BAND_AMBER, absl::StrJoin(reservations, "; ")};
  return {v1::BAND_GREEN, absl::StrCat("the score of ", PointsText(standing.score), ", and ", PointsText(standing.low),
                                       " at the least, is above the red line of ", PointsText(red_line))};
}

}  // namespace doorstep::health
