#include "client_core/store/readiness.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "client_core/base/status.h"
#include "client_core/rules/feed_names.h"
#include "client_core/store/technicians.h"

namespace doorstep {
namespace {

constexpr size_t kDayBytes = 10;  // "2026-11-23"

// The civil day at an instant, where the phone is.
absl::CivilDay DayAt(int64_t time_us, int32_t utc_offset_s) {
  return absl::ToCivilDay(absl::FromUnixMicros(time_us), absl::FixedTimeZone(utc_offset_s));
}

absl::StatusOr<absl::CivilDay> ReadDay(const std::string& text, const ClockReading& now) {
  const absl::CivilDay today = DayAt(now.wall_time_us, now.utc_offset_s);
  if (text.empty() || text == "tomorrow") return today + 1;
  if (text == "today") return today;
  absl::CivilDay day;
  if (text.size() == kDayBytes && absl::ParseCivilTime(text, &day)) return day;
  return absl::InvalidArgumentError("day: must be \"today\", \"tomorrow\" or a day such as \"2026-11-23\"");
}

// The day that was promised, in the zone in which it was; without it the phone's own.
bool IsPlannedFor(const v1::Visit& visit, absl::CivilDay day, int32_t utc_offset_s) {
  const v1::TimeWindow& planned = visit.planned();
  if (planned.start_time_us() == 0) return false;
  absl::CivilDay civil;
  if (planned.civil().size() >= kDayBytes && absl::ParseCivilTime(planned.civil().substr(0, kDayBytes), &civil)) {
    return civil == day;
  }
  return DayAt(planned.start_time_us(), utc_offset_s) == day;
}

bool IsOver(v1::VisitState state) {
  return state == v1::VISIT_STATE_COMPLETED || state == v1::VISIT_STATE_INCOMPLETE ||
         state == v1::VISIT_STATE_CANCELED || state == v1::VISIT_STATE_CLOSED;
}

absl::string_view KindName(v1::EntityKind kind) {
  switch (kind) {
    case v1::ENTITY_KIND_WORK_ORDER:
      return "work order";
    case v1::ENTITY_KIND_BRIEF:
      return "brief of account";
    case v1::ENTITY_KIND_SITE:
      return "site";
    case v1::ENTITY_KIND_ASSET:
      return "asset";
    default:
      return "record";
  }
}

// Looks for one thing that a visit names. What was read to its head and is not here is not to be had.
absl::Status Look(v1::EntityKind kind, const std::string& id, bool at_head, Replica& replica,
                  v1::VisitReadiness& readiness) {
  if (id.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::optional<std::string> entity, replica.Entity(kind, id));
  v1::ReadinessItem& item = *readiness.add_items();
  item.set_kind(kind);
  item.set_id(id);
  item.set_here(entity.has_value());
  if (item.here()) return absl::OkStatus();
  readiness.set_ready(false);
  item.set_why(absl::StrCat(
      KindName(kind), " ", id,
      at_head ? ": the office had sent everything it has, and this was not among it" : ": not fetched yet; sync"));
  return absl::OkStatus();
}

absl::StatusOr<v1::VisitReadiness> LookAtVisit(v1::LocalVisit local, bool at_head, Replica& replica) {
  v1::VisitReadiness readiness;
  readiness.set_ready(true);
  const v1::Visit& visit = local.visit();
  RETURN_IF_ERROR(Look(v1::ENTITY_KIND_BRIEF, visit.account_id(), at_head, replica, readiness));
  RETURN_IF_ERROR(Look(v1::ENTITY_KIND_SITE, visit.site_id(), at_head, replica, readiness));
  for (const std::string& asset : visit.asset_ids()) {
    RETURN_IF_ERROR(Look(v1::ENTITY_KIND_ASSET, asset, at_head, replica, readiness));
  }
  RETURN_IF_ERROR(Look(v1::ENTITY_KIND_WORK_ORDER, visit.work_order_id(), at_head, replica, readiness));
  *readiness.mutable_visit() = std::move(local);
  return readiness;
}

absl::string_view FeedWords(absl::string_view feed) {
  absl::string_view technician = feed;
  return absl::ConsumePrefix(&technician, TechnicianFeed("")) ? technician : "this phone itself";
}

// What stands in the way of everything.
absl::Status LookAtPhone(const v1::ReadinessRequest& request, const Proof& proof, LocalStore& store,
                         v1::Readiness& readiness) {
  const v1::EnrollResponse& identity = *store.journal().identity();
  if (identity.technicians().empty()) {
    readiness.add_missing("nobody is signed in on this phone");
  } else if (!request.technician_id().empty() && !IsSignedIn(identity, request.technician_id())) {
    readiness.add_missing(absl::StrCat(request.technician_id(), " is not signed in on this phone"));
  }
  for (const v1::PhoneTechnician& one : store.Technicians()) {
    if (one.signed_in() && !one.allowed()) {
      readiness.add_missing(absl::StrCat("the office does not let ", one.id(), " use this phone"));
    }
  }
  for (const std::string& feed : proof.missing) {
    readiness.add_missing(
        absl::StrCat("what the office has for ", FeedWords(feed), " has not been fetched to its end; sync"));
  }
  ASSIGN_OR_RETURN(const std::optional<v1::DeviceState> device, store.replica().Device());
  if (device.has_value() && device->lane() != v1::LANE_ACTIVE && device->lane() != v1::LANE_UNSPECIFIED) {
    readiness.add_missing("the office sends this phone no visits any more");
  }
  if (!store.disk_full().empty()) readiness.add_missing(store.disk_full());
  return absl::OkStatus();
}

// The office sends a phone only the days around its own; of others nobody here knows what is planned.
void LookAtDay(absl::CivilDay day, int64_t server_time_us, v1::Readiness& readiness) {
  const absl::CivilDay today = DayAt(server_time_us, 0);
  if (day >= today - kFeedDaysBack && day <= today + kFeedDaysAhead) return;
  readiness.add_missing(absl::StrCat("what is planned for ", absl::FormatCivilTime(day), " is not known here: on ",
                                     absl::FormatCivilTime(today), " the office sends the visits from ",
                                     absl::FormatCivilTime(today - kFeedDaysBack), " to ",
                                     absl::FormatCivilTime(today + kFeedDaysAhead)));
}

}  // namespace

absl::StatusOr<v1::Readiness> CheckReadiness(const v1::ReadinessRequest& request, const ClockReading& now,
                                             LocalStore& store) {
  if (!store.journal().identity().has_value()) {
    return absl::FailedPreconditionError("this phone is not enrolled; enrol it first");
  }
  ASSIGN_OR_RETURN(const absl::CivilDay day, ReadDay(request.day(), now));
  v1::Readiness readiness;
  readiness.set_day(absl::FormatCivilTime(day));
  const Proof proof = store.LastProof();
  readiness.set_proof_time_us(proof.time_us);
  if (proof.time_us > 0) readiness.set_proof_age_us(std::max<int64_t>(0, store.ServerTime(now) - proof.time_us));
  RETURN_IF_ERROR(LookAtPhone(request, proof, store, readiness));
  LookAtDay(day, proof.time_us > 0 ? proof.time_us : store.ServerTime(now), readiness);
  bool ready = readiness.missing().empty();
  ASSIGN_OR_RETURN(std::vector<v1::LocalVisit> visits, store.view().Visits(request.technician_id()));
  for (v1::LocalVisit& local : visits) {
    if (!IsPlannedFor(local.visit(), day, now.utc_offset_s) || IsOver(local.visit().state())) continue;
    ASSIGN_OR_RETURN(*readiness.add_visits(), LookAtVisit(std::move(local), proof.at_head, store.replica()));
    ready = ready && readiness.visits().rbegin()->ready();
  }
  readiness.set_ready(ready);
  return readiness;
}

}  // namespace doorstep
