// One technician's phone in a story: the phone core behind its C header, in a folder of its own.
#ifndef DOORSTEP_TESTS_SPEC_STORY_PHONE_H_
#define DOORSTEP_TESTS_SPEC_STORY_PHONE_H_

#include <doorstep/doorstep.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "doorstep/v1/client.pb.h"
#include "doorstep/v1/visit.pb.h"
#include "tests/spec/phone_network.h"
#include "tests/spec/story_clock.h"

namespace doorstep::spec {

// The story's own note of an entry that the phone said it had saved. Kept outside the phone's files: it is what
// "nothing lost, nothing doubled" is measured against.
struct Noted {
  v1::JournalPosition position;
  std::string author;
  std::string visit_id;
  v1::LogEntry::FactCase fact = v1::LogEntry::FACT_NOT_SET;
  int64_t wall_time_us = 0;  // No two entries of a story have the same.
};

class StoryPhone {
 public:
  // `clock` must outlive the phone. `author` is the technician who holds it.
  StoryPhone(std::string author, std::filesystem::path folder, StoryClock* clock);
  ~StoryPhone();
  StoryPhone(const StoryPhone&) = delete;
  StoryPhone& operator=(const StoryPhone&) = delete;

  // From the next Open on, the core's built-in transport instead of network().
  void UseBuiltInTransport(const std::string& address) { built_in_address_ = address; }
  absl::Status Open();
  // As an app ends that the system puts away properly.
  void Close();
  // SIGKILL, as far as files are concerned: what was written stays, nothing is closed. Then the app starts again.
  absl::Status Kill();
  // Starts the phone itself anew: its monotonic clock begins at 0 under another boot id.
  void Reboot();
  // How far its wall clock is off from now on.
  void SetClockError(int64_t micros) { clock_error_us_ = micros; }
  // What it takes for its offset from UTC.
  void SetZone(int32_t utc_offset_s) { utc_offset_s_ = utc_offset_s; }

  absl::Status Enrol(const std::string& invitation_code);
  // Durable when it returns.
  absl::StatusOr<v1::AppendResponse> Append(v1::LogEntry entry);
  absl::Status Notify(v1::PhoneNotice notice);
  // Returns its SHA-256, for the entry that names it.
  absl::StatusOr<std::string> AddAttachment(const std::string& content, v1::AttachmentKind kind);
  // Until all is done; "the rest waits" is an error when the phone is online.
  absl::Status Sync();
  // One try that the story expects to end early.
  absl::StatusOr<v1::SyncReport> TrySync();

  // Who signs in holds the phone from then on: what it records is by them.
  absl::StatusOr<v1::SignInResult> SignIn(const std::string& technician);
  absl::StatusOr<v1::SignOutResult> SignOut(const std::string& technician);
  absl::StatusOr<v1::Readiness> PrepareOffline(const std::string& day);
  // As an app that is about to be suspended: it has no time at all.
  absl::StatusOr<v1::QuiesceResult> Quiesce();

  absl::StatusOr<v1::EntryStatus> EntryStatus(const v1::JournalPosition& position);
  absl::StatusOr<v1::LocalVisit> Visit(const std::string& id);
  absl::StatusOr<v1::PhoneStatus> Status();
  absl::StatusOr<v1::Explanation> Explain(const v1::JournalPosition& position);
  absl::StatusOr<v1::Explanation> ExplainVisit(const std::string& id);

  PhoneNetwork& network() { return network_; }
  const std::string& author() const { return author_; }
  const std::filesystem::path& folder() const { return folder_; }
  std::vector<Noted>& noted() { return noted_; }

 private:
  doorstep_clock_reading Now() const;

  std::string author_;
  const std::filesystem::path folder_;
  StoryClock* const clock_;
  int64_t clock_error_us_ = 0;
  int32_t utc_offset_s_ = 0;
  int64_t booted_us_;
  int boots_ = 1;
  std::string built_in_address_;  // Empty: network().
  PhoneNetwork network_;
  doorstep_core* core_ = nullptr;
  std::vector<Noted> noted_;
};

}  // namespace doorstep::spec

#endif  // DOORSTEP_TESTS_SPEC_STORY_PHONE_H_
