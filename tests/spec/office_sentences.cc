#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client_core/base/status.h"
#include "tests/spec/sentences.h"

namespace doorstep::spec {
namespace {

constexpr int64_t kDayUs = int64_t{86400} * 1000000;

struct Window {
  int64_t start_us = 0;
  int64_t end_us = 0;
};

// "tomorrow", "08:00-10:00".
absl::StatusOr<Window> WindowFrom(World& world, const Words& w) {
  const std::vector<std::string> ends = absl::StrSplit(w["hours"], '-');
  if (ends.size() != 2) return absl::InvalidArgumentError(absl::StrCat("'", w["hours"], "' is not like 08:00-10:00"));
  Window window;
  ASSIGN_OR_RETURN(window.start_us, world.clock().Instant(w["day"], ends[0]));
  ASSIGN_OR_RETURN(window.end_us, world.clock().Instant(w["day"], ends[1]));
  return window;
}

absl::Status Schedule(World& world, const Words& w, bool force) {
  ASSIGN_OR_RETURN(const Window window, WindowFrom(world, w));
  return world.office().Schedule(w["visit"], window.start_us, window.end_us, force);
}

absl::Status CreateForTechnician(World& world, const Words& w) {
  RETURN_IF_ERROR(world.office().CreateVisit(w["visit"], w["account"], w["asset"]));
  RETURN_IF_ERROR(Schedule(world, w, /*force=*/false));
  RETURN_IF_ERROR(world.office().Assign(w["visit"], w["technician"]));
  return world.office().Dispatch(w["visit"]);
}

absl::Status LetUse(World& world, const Words& w, bool allowed) {
  ASSIGN_OR_RETURN(StoryPhone* const phone, world.Phone(w["who"]));
  ASSIGN_OR_RETURN(const v1::PhoneStatus status, phone->Status());
  return world.office().LetUse(status.device(), w["technician"], allowed);
}

absl::Status NextDay(World& world, int days) {
  ASSIGN_OR_RETURN(const int64_t morning, world.clock().Instant("tomorrow", "06:00"));
  return world.clock().MoveTo(morning + (days - 1) * kDayUs);
}

}  // namespace

const std::vector<Sentence>& OfficeSentences() {
  static const auto* const kSentences = new std::vector<Sentence>{
      {"office imports account {account}",
       [](World& world, const Words& w) { return world.office().ImportAccount(w["account"]); }},
      {"office imports asset {asset} of {account}",
       [](World& world, const Words& w) { return world.office().ImportAsset(w["asset"], w["account"]); }},
      {"office imports technicians {names...}",
       [](World& world, const Words& w) {
         for (const std::string& name : w.rest("names")) RETURN_IF_ERROR(world.office().ImportTechnician(name));
         return absl::OkStatus();
       }},
      {"office lets {technician} use {who}'s phone",
       [](World& w, const Words& words) { return LetUse(w, words, true); }},
      {"office lets {technician} use {who}'s phone no longer",
       [](World& w, const Words& words) { return LetUse(w, words, false); }},
      {"office creates visit {visit} for {account} on {asset}",
       [](World& world, const Words& w) { return world.office().CreateVisit(w["visit"], w["account"], w["asset"]); }},
      {"office creates visit {visit} for {account} on {asset} {day} {hours} for {technician}", CreateForTechnician},
      {"office schedules {visit} {day} {hours}",
       [](World& world, const Words& w) { return Schedule(world, w, /*force=*/false); }},
      {"office assigns {visit} to {technician}",
       [](World& world, const Words& w) { return world.office().Assign(w["visit"], w["technician"]); }},
      {"office dispatches {visit}", [](World& world, const Words& w) { return world.office().Dispatch(w["visit"]); }},
      {"office reassigns {visit} from {from} to {to}",
       [](World& world, const Words& w) { return world.office().Reassign(w["visit"], w["from"], w["to"]); }},
      {"office cancels {visit}", [](World& world, const Words& w) { return world.office().Cancel(w["visit"]); }},
      {"office cancels {visit} by force",
       [](World& world, const Words& w) { return world.office().Cancel(w["visit"], /*force=*/true); }},
      {"office records that nobody came to {visit}",
       [](World& world, const Words& w) { return world.office().RecordMiss(w["visit"]); }},
      {"office resolves attention of {visit}",
       [](World& world, const Words& w) { return world.office().ResolveAttention(w["visit"]); }},
      {"office replays {entry}",
       [](World& world, const Words& w) -> absl::Status {
         ASSIGN_OR_RETURN(const NotedEntry entry, world.Entry(w["entry"]));
         return world.office().Replay(entry.noted.position);
       }},
      {"office repairs {entry} for {visit}",
       [](World& world, const Words& w) -> absl::Status {
         ASSIGN_OR_RETURN(const NotedEntry entry, world.Entry(w["entry"]));
         return world.office().Repair(entry.noted.position, w["visit"]);
       }},
      {"office dismisses {entry}",
       [](World& world, const Words& w) -> absl::Status {
         ASSIGN_OR_RETURN(const NotedEntry entry, world.Entry(w["entry"]));
         return world.office().Dismiss(entry.noted.position);
       }},
      {"office looks at health of {account}",
       [](World& world, const Words& w) -> absl::Status {
         ASSIGN_OR_RETURN(const auto answer, world.office().Health(w["account"]));
         world.seen_health()[w["account"]] = answer.health();
         return absl::OkStatus();
       }},
      {"server restarts",
       [](World& world, const Words&) {
         world.server().Stop();
         RETURN_IF_ERROR(world.server().Start());
         return world.ReconnectEverybody();
       }},
      {"server is killed and started again",
       [](World& world, const Words&) {
         world.server().Kill();
         RETURN_IF_ERROR(world.server().Start());
         return world.ReconnectEverybody();
       }},
      {"office backs up as {name}", [](World& world, const Words& w) { return world.office().Backup(w["name"]); }},
      {"server is restored from {name}",
       [](World& world, const Words& w) {
         RETURN_IF_ERROR(world.server().RestoreFrom(w["name"]));
         return world.ReconnectEverybody();
       }},
      {"server's database is copied as {name}",
       [](World& world, const Words& w) {
         world.server().CopyDatabaseAs(w["name"]);
         return absl::OkStatus();
       }},
      {"somebody puts the database {name} in place by hand",
       [](World& world, const Words& w) {
         RETURN_IF_ERROR(world.server().PutDatabaseInPlace(w["name"]));
         return world.ReconnectEverybody();
       }},
      {"the next day", [](World& world, const Words&) { return NextDay(world, 1); }},
      {"{days} days later", [](World& world, const Words& w) { return NextDay(world, std::atoi(w["days"].c_str())); }},
  };
  return *kSentences;
}

}  // namespace doorstep::spec
