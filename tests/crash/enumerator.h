// Tells a scenario once, and then lets it crash: at each change of the disk, with each disk that this can leave, and
// again while the files are opened; and lets each call of the disk fail.
#ifndef DOORSTEP_TESTS_CRASH_ENUMERATOR_H_
#define DOORSTEP_TESTS_CRASH_ENUMERATOR_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "tests/crash/crash_case.h"
#include "tests/crash/disk_model.h"
#include "tests/crash/scenario.h"

namespace doorstep::crash {

class Enumerator {
 public:
  // `folder` is this object's own, and quick.
  Enumerator(std::unique_ptr<Scenario> scenario, std::string folder);

  // Prepares the files and tells the story. What is wrong with it even without a crash; empty: nothing.
  std::string Begin();

  // After Begin. Drawn images come `draws` times, with other seeds from `seed` on.
  std::vector<CrashCase> Crashes(uint64_t draws, uint64_t seed) const;
  std::vector<CrashCase> CrashesWhileOpening(const CrashCase& first, uint64_t draws, uint64_t seed);
  std::vector<CrashCase> Faults() const;

  // What is wrong after it; empty: every promise holds. A disk that has been looked at before, with the same promises,
  // is not looked at again. Quick when cases come in the order of `crash.at`.
  std::string Run(const CrashCase& which);

  int64_t changes() const { return static_cast<int64_t>(changes_.size()); }
  // Different disks that were opened.
  int64_t disks() const { return disks_; }

 private:
  struct Opening;  // What was seen while files were opened.

  std::string RunCrash(const CrashPoint& crash);
  std::string RunTwice(const CrashPoint& crash, const CrashPoint& again);
  std::string RunFault(const FaultPoint& point);
  const DiskModel& ModelAt(int64_t at);
  Files FilesAfter(const CrashPoint& crash);
  Opening Open(const Files& files);
  bool IsNew(const Files& files, int64_t moment, bool power_cut);
  std::string CheckLasts(DiskModel model, const std::vector<testing::DiskChange>& since);
  std::string CheckEnd(testing::PowerDisk& disk, int64_t moment, bool power_cut, const std::vector<Thing>& shown);

  const std::unique_ptr<Scenario> scenario_;
  const std::string folder_;
  Files before_;
  std::vector<testing::DiskChange> changes_;  // Of the whole story.
  int64_t calls_ = 0;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<DiskModel> model_;  // After `model_at_` changes.
  int64_t model_at_ = 0;
  int64_t disks_ = 0;
  std::set<std::tuple<size_t, int64_t, int64_t, bool>> seen_;
};

}  // namespace doorstep::crash

#endif  // DOORSTEP_TESTS_CRASH_ENUMERATOR_H_
