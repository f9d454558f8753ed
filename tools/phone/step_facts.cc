// The steps of a visit, from the way there to the way back.
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tools/phone/errors.h"
#include "tools/phone/fact.h"
#include "tools/phone/words.h"

namespace doorstep::phone {
namespace {

// "48.2082" is 482082000 in 1e-7 degrees.
absl::StatusOr<int32_t> ParseDegrees(absl::string_view name, absl::string_view text, int most) {
  double degrees = 0;
  if (!absl::SimpleAtod(text, &degrees) || !(degrees >= -most && degrees <= most)) {
    return UsageError(
        absl::StrCat(name, ": \"", Quotable(text), "\" is no number of degrees from -", most, " to ", most),
        "two numbers, latitude and longitude: 48.2082 16.3738");
  }
  return static_cast<int32_t>(degrees * 1e7 + (degrees < 0 ? -0.5 : 0.5));
}

// Latitude and longitude are welcome and not needed.
absl::Status ReadPosition(const Arguments& words, v1::GeoFix* (*position)(v1::LogEntry*), v1::LogEntry* entry) {
  v1::GeoFix fix;
  if (words.size() > 0) {
    const absl::StatusOr<int32_t> latitude = ParseDegrees("latitude", words[0], 90);
    if (!latitude.ok()) return latitude.status();
    const absl::StatusOr<int32_t> longitude = ParseDegrees("longitude", words[1], 180);
    if (!longitude.ok()) return longitude.status();
    fix.set_latitude_e7(*latitude);
    fix.set_longitude_e7(*longitude);
    *position(entry) = fix;
  }
  return absl::OkStatus();
}

absl::Status Travel(const Arguments& words, const FactContext&, v1::LogEntry* entry) {
  entry->mutable_travel_started();
  return ReadPosition(
      words, [](v1::LogEntry* e) { return e->mutable_travel_started()->mutable_position(); }, entry);
}
absl::Status Arrive(const Arguments& words, const FactContext&, v1::LogEntry* entry) {
  entry->mutable_arrived();
  return ReadPosition(
      words, [](v1::LogEntry* e) { return e->mutable_arrived()->mutable_position(); }, entry);
}
absl::Status Depart(const Arguments& words, const FactContext&, v1::LogEntry* entry) {
  entry->mutable_departed();
  return ReadPosition(
      words, [](v1::LogEntry* e) { return e->mutable_departed()->mutable_position(); }, entry);
}

absl::Status Safety(const Arguments& words, const FactContext&, v1::LogEntry* entry) {
  if (words[0] != "ok" && words[0] != "unsafe") {
    return UsageError("safety: is it ok or unsafe?", "safety ok, or safety unsafe TEXT");
  }
  if (words[0] == "unsafe" && words.size() < 2) {
    return UsageError("safety: say what is unsafe", "safety unsafe gas smell in the cellar");
  }
  entry->mutable_safety_assessed()->set_safe(words[0] == "ok");
  entry->mutable_safety_assessed()->set_hazards(words.Text(1));
  return absl::OkStatus();
}

absl::Status Start(const Arguments&, const FactContext&, v1::LogEntry* entry) {
  entry->mutable_work_started();
  return absl::OkStatus();
}
absl::Status Pause(const Arguments& words, const FactContext&, v1::LogEntry* entry) {
  entry->mutable_paused()->set_reason(words.Text(0));
  return absl::OkStatus();
}
absl::Status Resume(const Arguments&, const FactContext&, v1::LogEntry* entry) {
  entry->mutable_resumed();
  return absl::OkStatus();
}
absl::Status End(const Arguments&, const FactContext&, v1::LogEntry* entry) {
  entry->mutable_work_ended();
  return absl::OkStatus();
}
absl::Status Accept(const Arguments&, const FactContext&, v1::LogEntry* entry) {
  entry->mutable_accepted();
  return absl::OkStatus();
}
absl::Status Reject(const Arguments& words, const FactContext&, v1::LogEntry* entry) {
  entry->mutable_rejected()->set_reason(words.Text(0));
  return absl::OkStatus();
}
absl::Status HandOver(const Arguments& words, const FactContext&, v1::LogEntry* entry) {
  entry->mutable_handed_over()->set_technician_id(words.Option("to"));
  entry->mutable_handed_over()->set_note(words.Text(0));
  return absl::OkStatus();
}
absl::Status NoAccess(const Arguments& words, const FactContext&, v1::LogEntry* entry) {
  entry->mutable_no_access()->set_reason(words.Text(0));
  return absl::OkStatus();
}

}  // namespace

const std::vector<Fact>& StepFacts() {
  static const auto* const facts = new std::vector<Fact>{
      {"accept", "accept", "you take the visit", "", 0, &Accept, 0},
      {"reject", "reject REASON", "you cannot take it", "", 1, &Reject},
      {"travel", "travel [LATITUDE LONGITUDE]", "you set out", "", 0, &Travel, 2},
      {"arrive", "arrive [LATITUDE LONGITUDE]", "you are at the door", "", 0, &Arrive, 2},
      {"no-access", "no-access REASON", "nobody lets you in", "", 1, &NoAccess},
      {"safety", "safety ok|unsafe TEXT", "whether it is safe to work", "", 1, &Safety},
      {"start", "start", "the work begins", "", 0, &Start, 0},
      {"pause", "pause REASON", "the work stops for a while", "", 1, &Pause},
      {"resume", "resume", "the work goes on", "", 0, &Resume, 0},
      {"end", "end", "the work is over", "", 0, &End, 0},
      {"hand-over", "hand-over TEXT [--to TECHNICIAN]", "somebody else goes on", "to=", 1, &HandOver},
      {"depart", "depart [LATITUDE LONGITUDE]", "you leave", "", 0, &Depart, 2},
  };
  return *facts;
}

}  // namespace doorstep::phone
