// Everything a story speaks of: one server, its office, the phones, and the clock they share. Nothing in it knows
// words; sentences.h does.
#ifndef DOORSTEP_TESTS_SPEC_WORLD_H_
#define DOORSTEP_TESTS_SPEC_WORLD_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "doorstep/v1/health.pb.h"
#include "tests/spec/folder.h"
#include "tests/spec/newer_phone.h"
#include "tests/spec/office.h"
#include "tests/spec/story_clock.h"
#include "tests/spec/story_phone.h"
#include "tests/spec/story_server.h"
#include "tests/support/power_vfs.h"

namespace doorstep::spec {

struct NotedEntry {
  StoryPhone* phone = nullptr;  // Null: a newer phone's.
  Noted noted;
};

class World {
 public:
  World();

  absl::Status Begin();
  // Office and phones find the server where it is now.
  absl::Status ReconnectEverybody();

  absl::Status AddPhone(const std::string& name);
  // With another invitation, in the folder that it has.
  absl::Status EnrolAgain(const std::string& name);
  absl::Status AddNewerPhone(const std::string& name, const std::string& technician);
  // A second phone with the files that `of` has now: restored from a copy, or cloned.
  absl::Status ClonePhone(const std::string& of, const std::string& name);
  absl::StatusOr<StoryPhone*> Phone(const std::string& name);
  absl::StatusOr<NewerPhone*> Newer(const std::string& name);
  // The phone that last recorded something at this visit: the one the customer is handed.
  absl::StatusOr<StoryPhone*> PhoneAt(const std::string& visit);
  absl::StatusOr<v1::AppendResponse> Record(const std::string& phone, v1::LogEntry entry);
  // "ana#3": the third entry that ana's phone recorded.
  absl::StatusOr<NotedEntry> Entry(const std::string& name);

  // From now on files are on a disk whose room a story can take away.
  void UseOwnDisk();
  absl::StatusOr<testing::PowerDisk*> OwnDisk();

  // Every entry a phone said it had saved is at the office exactly once, and nothing else is.
  absl::Status CheckNothingLostOrDoubled();

  StoryClock& clock() { return clock_; }
  StoryServer& server() { return server_; }
  Office& office() { return office_; }
  // Health as it was when the story last looked.
  std::map<std::string, v1::AccountHealth>& seen_health() { return seen_health_; }
  std::filesystem::path FolderOf(const std::string& name) const { return folder_.path() / name; }

 private:
  Folder folder_;
  std::unique_ptr<testing::PowerDisk> disk_;  // Null: the system's. Outlives whoever has files open on it.
  StoryClock clock_;
  StoryServer server_;
  Office office_;
  std::map<std::string, std::unique_ptr<StoryPhone>> phones_;
  std::map<std::string, std::unique_ptr<NewerPhone>> newer_;
  std::map<std::string, std::string> last_phone_at_;  // By visit.
  std::map<std::string, v1::AccountHealth> seen_health_;
};

}  // namespace doorstep::spec

#endif  // DOORSTEP_TESTS_SPEC_WORLD_H_
