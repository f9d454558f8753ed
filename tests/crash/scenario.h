// A story told over files with the real code, and what it promises. The enumerator tells it once, works out what each
// crash would leave, and asks the same scenario to open that and to go on.
#ifndef DOORSTEP_TESTS_CRASH_SCENARIO_H_
#define DOORSTEP_TESTS_CRASH_SCENARIO_H_

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/crash/ledger.h"
#include "tests/support/power_vfs.h"

namespace doorstep::crash {

// Where a story happens: a folder on a disk that records and fails.
struct Place {
  std::string folder;
  testing::PowerDisk* disk;
};

// The steps of a story. A step that fails is taken again at the end, once the disk is well: it must succeed then,
// without a restart.
class Steps {
 public:
  explicit Steps(testing::PowerDisk* disk) : disk_(disk) {}

  void Do(std::string name, std::function<absl::Status()> step);
  // What was wrong: an error that says "damaged" or nothing, or a step that fails on a disk that is well. Empty:
  // nothing.
  std::string Finish();

 private:
  struct Step {
    std::string name;
    std::function<absl::Status()> run;
  };
  testing::PowerDisk* const disk_;
  std::deque<Step> failed_;
  std::string wrong_;
};

class Scenario {
 public:
  virtual ~Scenario() = default;
  virtual std::string name() const = 0;

  // Once: makes the files as they are before the story, on the system's own disk.
  virtual absl::Status Prepare(const std::string& folder) = 0;
  // Tells the story, from opening the files to closing them. What is wrong; empty: nothing.
  virtual std::string Play(const Place& place, Ledger& ledger) = 0;
  // Opens what a crash has left, calls `found` with everything that is there, and closes it. An error is a violation,
  // unless the disk fails.
  virtual absl::Status Look(const Place& place, const std::function<void(std::vector<Thing>)>& found) = 0;
  // Whether somebody who is shown this may rely on it from then on. False: it was looked up in the files, behind the
  // back of who answers for them.
  virtual bool Promises(const Thing& thing) const {
    static_cast<void>(thing);
    return true;
  }
  // Opens the same again, asks once more for everything the story asked for, syncs, and compares with how it must end:
  // everything once. What is wrong; empty: nothing.
  virtual std::string GoOn(const Place& place) = 0;
  // The power has been cut after GoOn: opens what that left and finds all that was answered to GoOn. What is wrong;
  // empty: nothing, or the story does not say.
  virtual std::string LookAtEnd(const Place& place) {
    static_cast<void>(place);
    return "";
  }
};

// Those of a phone: `key` is that of its files, empty when they are not encrypted.
std::unique_ptr<Scenario> MakeCheckpoint(const std::string& key);
std::unique_ptr<Scenario> MakeEnrolment(const std::string& key);
std::unique_ptr<Scenario> MakeJournal(const std::string& key);
std::unique_ptr<Scenario> MakeReplica(const std::string& key);
std::unique_ptr<Scenario> MakeSalvage(const std::string& key);
// Those of a server.
std::unique_ptr<Scenario> MakeServer();
std::unique_ptr<Scenario> MakeInvitations();
std::unique_ptr<Scenario> MakePhotos();
std::unique_ptr<Scenario> MakeBackups();
std::unique_ptr<Scenario> MakeRestores();

}  // namespace doorstep::crash

#endif  // DOORSTEP_TESTS_CRASH_SCENARIO_H_
