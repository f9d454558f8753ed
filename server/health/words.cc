#include "server/health/words.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"

namespace doorstep::health {
namespace {

std::string Count(int64_t count, absl::string_view one, absl::string_view many) {
  return absl::StrCat(count, " ", count == 1 ? one : many);
}

// As everywhere else: hours from an hour on, days from two days on.
std::string Minutes(int64_t minutes) {
  if (minutes < 60) return Count(minutes, "minute", "minutes");
  if (minutes < 2 * 24 * 60) return absl::StrCat(minutes / 60, " h ", minutes % 60, " min");
  return Count(minutes / (24 * 60), "day", "days");
}

std::string AtAttempt(int64_t attempt) {
  return attempt <= 1 ? "at the first visit" : absl::StrCat("at attempt ", attempt);
}

std::string RepeatText(absl::string_view what, const v1::Observation& observation) {
  const std::string when =
      observation.value() == 0 ? "on the day of" : absl::StrCat(Count(observation.value(), "day", "days"), " after");
  return absl::StrCat(what, ", ", when, " visit ", observation.related_id());
}

std::string SourceText(const v1::Observation& observation) {
  absl::string_view kind;
  switch (observation.signal()) {
    case v1::SIGNAL_CES:
    case v1::SIGNAL_CSAT:
    case v1::SIGNAL_NPS:
      kind = "Feedback";
      break;
    case v1::SIGNAL_PROMISE_KEPT:
    case v1::SIGNAL_PROMISE_LATE:
    case v1::SIGNAL_PROMISE_BROKEN:
    case v1::SIGNAL_PROMISE_OVERDUE:
      kind = "Promise";
      break;
    default: {
      const bool of_visit = observation.signal() <= v1::SIGNAL_RESCHEDULED_BY_US;
      kind = of_visit ? "Visit" : "Record";
    }
  }
  return absl::StrCat(kind, " ", observation.source_id());
}

// What was observed, without its source. `value` is on the signal's own scale.
std::string SignalText(const v1::Observation& observation) {
  const int64_t value = observation.value();
  switch (observation.signal()) {
    case v1::SIGNAL_OUTCOME_RESOLVED:
      return absl::StrCat("reported fixed ", AtAttempt(value));
    case v1::SIGNAL_OUTCOME_PARTIAL:
      return absl::StrCat("only partly or temporarily fixed ", AtAttempt(value));
    case v1::SIGNAL_OUTCOME_NOT_RESOLVED:
      return absl::StrCat("not fixed ", AtAttempt(value));
    case v1::SIGNAL_FIX_HELD:
      return absl::StrCat("the fix held for ", Count(value, "day", "days"));
    case v1::SIGNAL_REPEAT_VISIT:
      return RepeatText("somebody had to come again", observation);
    case v1::SIGNAL_REPEAT_VISIT_AGAIN:
      return RepeatText("somebody had to come yet again", observation);
    case v1::SIGNAL_ARRIVAL_IN_WINDOW:
      return "arrived when promised";
    case v1::SIGNAL_ARRIVAL_EARLY:
      return absl::StrCat("arrived ", Minutes(value), " before the promised window");
    case v1::SIGNAL_ARRIVAL_LATE:
      return absl::StrCat("arrived ", Minutes(value), " after the promised window");
    case v1::SIGNAL_ARRIVAL_MISSED:
      return "nobody came when promised";
    case v1::SIGNAL_RESCHEDULED_BY_US:
      return value <= 1 ? "we moved the promised time" : absl::StrCat("we moved the promised time, move ", value);
    case v1::SIGNAL_HAD_TO_REPEAT:
      return "the customer had to say it again";
    case v1::SIGNAL_EXTRA_CONTACT:
      return "the customer had to contact us once more";
    case v1::SIGNAL_CES:
      return absl::StrCat("answered ", value, " of 7 to how easy it was");
    case v1::SIGNAL_CSAT:
      return absl::StrCat("answered ", value, " of 5 to how satisfied");
    case v1::SIGNAL_NPS:
      return absl::StrCat("answered ", value, " of 10 to whether to recommend us");
    case v1::SIGNAL_COMPLAINT:
      return "a complaint";
    case v1::SIGNAL_PRAISE:
      return "praise";
    case v1::SIGNAL_PROMISE_KEPT:
      return "kept";
    case v1::SIGNAL_PROMISE_LATE:
      return value == 0 ? "kept, but late" : absl::StrCat("kept ", Count(value, "day", "days"), " late");
    case v1::SIGNAL_PROMISE_BROKEN:
      return "broken";
    case v1::SIGNAL_PROMISE_OVERDUE:
      return absl::StrCat("overdue since ", DayText(observation.effective_day()));
    case v1::SIGNAL_USE_OBSERVED:
      return absl::StrCat(PercentText(value), " in use, seen on site");
    case v1::SIGNAL_METER_AGAINST_PLAN:
      return absl::StrCat("the meter stands at ", PercentText(value), " of the plan");
    case v1::SIGNAL_TELEMETRY_WEEK:
      return absl::StrCat("a week at ", PercentText(value), " of the planned use");
    case v1::SIGNAL_TRAINING_DONE:
      return absl::StrCat(PercentText(value), " of the planned training done");
    case v1::SIGNAL_PREVENTIVE_ACCEPTED:
      return "accepted a preventive visit";
    case v1::SIGNAL_PREVENTIVE_REFUSED:
      return "refused a preventive visit";
    case v1::SIGNAL_INVITATION_ANSWERED:
      return "answered an invitation";
    case v1::SIGNAL_INVITATION_UNANSWERED:
      return "did not answer an invitation for a week";
    case v1::SIGNAL_CONTACT_OVERDUE:
      return "nobody has been in contact for too long";
    case v1::SIGNAL_CONTRACT_DISPUTED:
      return "the contract is disputed";
    case v1::SIGNAL_SCOPE_CUT:
      return "the contract was cut";
    case v1::SIGNAL_SCOPE_ADDED:
      return "the contract was extended";
    default:
      return absl::StrCat("signal ", observation.signal());
  }
}

}  // namespace

absl::string_view DimensionWord(v1::Dimension dimension) {
  switch (dimension) {
    case v1::DIMENSION_RELIABILITY:
      return "reliability";
    case v1::DIMENSION_EFFORT:
      return "effort";
    case v1::DIMENSION_SENTIMENT:
      return "sentiment";
    case v1::DIMENSION_PROMISES:
      return "promises";
    case v1::DIMENSION_ADOPTION:
      return "adoption";
    case v1::DIMENSION_ENGAGEMENT:
      return "engagement";
    case v1::DIMENSION_COMMERCIAL:
      return "commercial";
    default:
      return "";
  }
}

absl::string_view BandWord(v1::Band band) {
  switch (band) {
    case v1::BAND_RED:
      return "RED";
    case v1::BAND_SILENT:
      return "SILENT";
    case v1::BAND_UNKNOWN:
      return "UNKNOWN";
    case v1::BAND_GREEN:
      return "GREEN";
    case v1::BAND_AMBER:
      return "AMBER";
    default:
      return "";
  }
}

std::string ObservationText(const v1::Observation& observation, int32_t day) {
  // An overdue promise says itself that it is open.
  const bool still_open =
      observation.aging() == v1::AGING_HELD && (!observation.has_closed_day() || day < observation.closed_day());
  return absl::StrCat(SourceText(observation), ": ", SignalText(observation), still_open ? ", and still open" : "");
}

std::string PointsText(int64_t thousandths) {
  const int64_t size = thousandths < 0 ? -thousandths : thousandths;
  return absl::StrFormat("%s%d.%03d", thousandths < 0 ? "-" : "", size / 1000, size % 1000);
}

std::string PercentText(int64_t millionths) { return absl::StrCat(millionths / 10000, " %"); }

std::string DayText(int32_t day) { return absl::FormatCivilTime(absl::CivilDay(1970, 1, 1) + day); }

}  // namespace doorstep::health
