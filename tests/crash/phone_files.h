// A phone's files as the scenarios use them: the real store, taps with tokens, and an office that keeps a tally.
#ifndef DOORSTEP_TESTS_CRASH_PHONE_FILES_H_
#define DOORSTEP_TESTS_CRASH_PHONE_FILES_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client_core/store/local_store.h"
#include "doorstep/v1/enrollment_service.pb.h"
#include "tests/crash/ledger.h"
#include "tests/crash/scenario.h"
#include "tests/support/enrolment.h"

namespace doorstep::crash {

inline constexpr uint64_t kAll = 1000000;

v1::EnrolmentRequest Invitation();

// One tap: what is recorded under which token. The text names it.
struct Tap {
  std::string text;
  std::string visit = "v1";
  std::string boot = "boot-1";
  size_t bytes = 0;  // Of the note, at least.
};
absl::StatusOr<AppendResult> TapOn(LocalStore& store, const Tap& tap);

// `disk`: null for the system's own. `key`: of the files, empty when they are not encrypted.
absl::StatusOr<std::unique_ptr<LocalStore>> OpenPhone(const std::string& folder, const testing::PowerDisk* disk,
                                                      const std::string& key);
// A scenario's name says whether its files are encrypted.
std::string NameWithKey(const std::string& name, const std::string& key);

// The phone of a story: opened by the step that first needs it, and noted in the ledger.
class StoryPhone {
 public:
  // All must outlive the phone.
  StoryPhone(const Place& place, std::string key, Ledger* ledger, Steps* steps)
      : place_(place), key_(std::move(key)), ledger_(*ledger), steps_(*steps) {}

  // DATA_LOSS: the files were found damaged.
  absl::Status Open();
  void Close() { store_.reset(); }
  LocalStore& store() { return *store_; }
  // A step of the story: "entry TEXT" begins and is answered.
  void DoTap(const Tap& tap);

 private:
  const Place& place_;
  const std::string key_;
  Ledger& ledger_;
  Steps& steps_;
  std::unique_ptr<LocalStore> store_;
};

// "entry TEXT" for everything that would be sent to an office which has nothing. DATA_LOSS: a chain does not hold, or a
// position is not what it should be.
absl::StatusOr<std::vector<Thing>> EntriesOf(LocalStore& store);
// "received 1.3" and "judged 1.2" for every position that the marks cover.
std::vector<Thing> MarksOf(LocalStore& store);
// The same, and INTERNAL when PhoneStatus does not agree with it.
absl::StatusOr<std::vector<Thing>> HonestEntriesOf(LocalStore& store);
// A mark of this phone's own chain.
absl::StatusOr<v1::JournalMark> MarkAt(LocalStore& store, uint64_t epoch, uint64_t seq);

// Sends everything to an office that has what the marks say it has received: at the end it has each of `taps` once.
// What is wrong; empty: nothing.
std::string SyncAndCount(LocalStore& store, const std::vector<std::string>& taps);

}  // namespace doorstep::crash

#endif  // DOORSTEP_TESTS_CRASH_PHONE_FILES_H_
