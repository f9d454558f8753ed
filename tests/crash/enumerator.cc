#include "tests/crash/enumerator.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace doorstep::crash {
namespace {

using testing::DiskChange;
using testing::DiskFault;
using testing::PowerDisk;

// After everything.
constexpr int64_t kEnd = INT64_MAX - 1;

template <typename Found>
std::vector<CrashCase> AtEachPoint(int64_t changes, uint64_t draws, uint64_t seed, const Found& found) {
  std::vector<CrashCase> cases;
  for (int64_t at = 0; at <= changes; ++at) {
    for (const Image image : kImages) {
      if (image == Image::kTorn && at == 0) continue;  // Nothing is being written that could be cut short.
      for (uint64_t draw = 0; draw < (IsDrawn(image) ? draws : 1); ++draw) {
        cases.push_back(found(CrashPoint{at, image, IsDrawn(image) ? seed + draw : 0}));
      }
    }
  }
  return cases;
}

// What had been answered before the crash: a write that was cut short had not returned.
int64_t Moment(const CrashPoint& crash) {
  return crash.image == Image::kTorn && crash.at > 0 ? crash.at - 1 : crash.at;
}

}  // namespace

struct Enumerator::Opening {
  absl::Status status;
  std::vector<DiskChange> changes;
  std::vector<Thing> shown;
  int64_t shown_at = INT64_MAX;
};

Enumerator::Enumerator(std::unique_ptr<Scenario> scenario, std::string folder)
    : scenario_(std::move(scenario)), folder_(std::move(folder)) {}

std::string Enumerator::Begin() {
  WriteFiles({}, folder_);
  if (const absl::Status prepared = scenario_->Prepare(folder_); !prepared.ok()) {
    return absl::StrCat("preparing: ", prepared.ToString());
  }
  before_ = ReadFiles(folder_);
  WriteFiles(before_, folder_);
  PowerDisk disk;
  disk.CoverFolder(folder_);
  disk.Record();
  ledger_ = std::make_unique<Ledger>([&disk] { return disk.recorded(); });
  const std::string wrong = scenario_->Play({folder_, &disk}, *ledger_);
  changes_ = disk.TakeRecord();
  calls_ = disk.calls();
  if (!wrong.empty()) return wrong;
  return CheckEnd(disk, kEnd, false, {});
}

std::vector<CrashCase> Enumerator::Crashes(uint64_t draws, uint64_t seed) const {
  return AtEachPoint(changes(), draws, seed, [&](const CrashPoint& point) {
    return CrashCase{scenario_->name(), point, std::nullopt, std::nullopt};
  });
}

std::vector<CrashCase> Enumerator::CrashesWhileOpening(const CrashCase& first, uint64_t draws, uint64_t seed) {
  const Opening opening = Open(FilesAfter(*first.crash));
  return AtEachPoint(static_cast<int64_t>(opening.changes.size()), draws, seed, [&](const CrashPoint& point) {
    return CrashCase{scenario_->name(), first.crash, point, std::nullopt};
  });
}

std::vector<CrashCase> Enumerator::Faults() const {
  std::vector<CrashCase> cases;
  for (int64_t call = 0; call < calls_; ++call) {
    for (const DiskFault fault : {DiskFault::kIoError, DiskFault::kFull}) {
      for (const bool once : {true, false}) {
        cases.push_back({scenario_->name(), std::nullopt, std::nullopt, FaultPoint{call, fault, once}});
      }
    }
  }
  return cases;
}

std::string Enumerator::Run(const CrashCase& which) {
  if (which.fault.has_value()) return RunFault(*which.fault);
  return which.again.has_value() ? RunTwice(*which.crash, *which.again) : RunCrash(*which.crash);
}

const DiskModel& Enumerator::ModelAt(int64_t at) {
  if (model_ == nullptr || at < model_at_) {
    model_ = std::make_unique<DiskModel>(before_, folder_);
    model_at_ = 0;
  }
  for (; model_at_ < std::min(at, changes()); ++model_at_) model_->Apply(changes_[static_cast<size_t>(model_at_)]);
  return *model_;
}

Files Enumerator::FilesAfter(const CrashPoint& crash) {
  SeededRandom random(crash.seed + static_cast<uint64_t>(crash.at) * 1000003);
  return ModelAt(crash.at).After(crash.image, random);
}

bool Enumerator::IsNew(const Files& files, int64_t moment, bool power_cut) {
  size_t hash = 0;
  for (const auto& [name, bytes] : files) {
    hash = hash * 31 + std::hash<std::string>()(name);
    hash = hash * 31 + std::hash<std::string>()(bytes);
  }
  const auto [begun, answered] = ledger_->Known(moment);
  const bool is_new = seen_.emplace(hash, begun, answered, power_cut).second;
  disks_ += is_new ? 1 : 0;
  return is_new;
}

// Looks at what is on the disk, and goes on from there. `shown`: what another process has shown before.
std::string Enumerator::CheckEnd(PowerDisk& disk, int64_t moment, bool power_cut, const std::vector<Thing>& shown) {
  const Place place{folder_, &disk};
  std::vector<Thing> found;
  const absl::Status looked = scenario_->Look(place, [&](std::vector<Thing> things) { found = std::move(things); });
  if (!looked.ok()) return absl::StrCat("does not open: ", looked.ToString());
  if (std::string wrong = ledger_->Compare(found, moment, power_cut); !wrong.empty()) return wrong;
  for (const Thing& thing : shown) {
    if (scenario_->Promises(thing) && ledger_->Lasts(thing, power_cut) &&
        std::count(found.begin(), found.end(), thing) == 0) {
      return absl::StrCat("lost: \"", thing, "\" was shown after the first crash and is not there after the second");
    }
  }
  return scenario_->GoOn(place);
}

std::string Enumerator::RunCrash(const CrashPoint& crash) {
  const Files files = FilesAfter(crash);
  const bool power_cut = IsPowerCut(crash.image);
  if (!IsNew(files, Moment(crash), power_cut)) return "";
  WriteFiles(files, folder_);
  std::vector<DiskChange> since;
  {
    PowerDisk disk;
    disk.CoverFolder(folder_);
    disk.Record();
    if (std::string wrong = CheckEnd(disk, Moment(crash), power_cut, {}); !wrong.empty()) return wrong;
    since = disk.TakeRecord();
  }
  // What a killed process had not synced is nobody's any more: whoever goes on must not rely on it.
  return crash.image == Image::kWritten ? CheckLasts(ModelAt(crash.at), since) : "";
}

// The story has gone on to its end on a disk that `since` has made of `model`: the end is there after a power cut.
std::string Enumerator::CheckLasts(DiskModel model, const std::vector<DiskChange>& since) {
  for (const DiskChange& change : since) model.Apply(change);
  SeededRandom random(1);
  const Files files = model.After(Image::kBare, random);
  if (files == ReadFiles(folder_)) return "";
  WriteFiles(files, folder_);
  PowerDisk disk;
  disk.CoverFolder(folder_);
  ++disks_;
  const std::string wrong = scenario_->LookAtEnd({folder_, &disk});
  return wrong.empty() ? "" : absl::StrCat("after a power cut at the end: ", wrong);
}

Enumerator::Opening Enumerator::Open(const Files& files) {
  WriteFiles(files, folder_);
  PowerDisk disk;
  disk.CoverFolder(folder_);
  disk.Record();
  Opening opening;
  opening.status = scenario_->Look({folder_, &disk}, [&](std::vector<Thing> things) {
    opening.shown = std::move(things);
    opening.shown_at = disk.recorded();
  });
  opening.changes = disk.TakeRecord();
  return opening;
}

std::string Enumerator::RunTwice(const CrashPoint& crash, const CrashPoint& again) {
  const Files files = FilesAfter(crash);
  const Opening opening = Open(files);
  if (!opening.status.ok()) return absl::StrCat("does not open: ", opening.status.ToString());
  // After a kill, what was not synced is still not.
  DiskModel model = crash.image == Image::kWritten ? ModelAt(crash.at) : DiskModel(files, folder_);
  const int64_t changes = std::min<int64_t>(again.at, static_cast<int64_t>(opening.changes.size()));
  for (int64_t i = 0; i < changes; ++i) model.Apply(opening.changes[static_cast<size_t>(i)]);
  SeededRandom random(again.seed + static_cast<uint64_t>(again.at) * 1000003);
  const Files left = model.After(again.image, random);
  const bool power_cut = IsPowerCut(crash.image) || IsPowerCut(again.image);
  WriteFiles(left, folder_);
  PowerDisk disk;
  disk.CoverFolder(folder_);
  ++disks_;
  return CheckEnd(disk, Moment(crash), power_cut,
                  Moment(again) >= opening.shown_at ? opening.shown : std::vector<Thing>());
}

std::string Enumerator::RunFault(const FaultPoint& point) {
  WriteFiles(before_, folder_);
  PowerDisk disk;
  disk.CoverFolder(folder_);
  disk.Record();
  disk.FailAfter(point.call, point.fault, point.once);
  std::unique_ptr<Ledger> of_the_story = std::move(ledger_);
  ledger_ = std::make_unique<Ledger>([] { return int64_t{0}; });
  std::string wrong = scenario_->Play({folder_, &disk}, *ledger_);
  disk.Heal();
  ++disks_;
  if (wrong.empty()) wrong = CheckEnd(disk, kEnd, false, {});
  if (wrong.empty()) wrong = CheckLasts(DiskModel(before_, folder_), disk.TakeRecord());
  ledger_ = std::move(of_the_story);
  return wrong;
}

}  // namespace doorstep::crash
