#include "absl/strings/str_cat.h"
#include "tests/crash/scenario.h"

namespace doorstep::crash {
namespace {

// Does the caller learn what happened? A disk that fails has damaged nothing.
bool IsClear(const absl::Status& status) {
  return !status.message().empty() && !absl::IsDataLoss(status) && !absl::IsUnknown(status);
}

}  // namespace

void Steps::Do(std::string name, std::function<absl::Status()> step) {
  const int64_t failures = disk_->failures();
  const absl::Status status = step();
  if (status.ok()) return;
  if (wrong_.empty() && disk_->failures() == 0) {
    wrong_ = absl::StrCat(name, ": fails on a disk that is well: ", status.ToString());
  } else if (wrong_.empty() && disk_->failures() > failures && !IsClear(status)) {
    wrong_ = absl::StrCat(name, ": the error is not clear: ", status.ToString());
  }
  failed_.push_back({std::move(name), std::move(step)});
}

std::string Steps::Finish() {
  disk_->Heal();
  for (; !failed_.empty(); failed_.pop_front()) {
    const absl::Status status = failed_.front().run();
    if (status.ok() || !wrong_.empty()) continue;
    wrong_ = absl::StrCat(failed_.front().name, ": still fails when the disk is well again: ", status.ToString());
  }
  return wrong_;
}

}  // namespace doorstep::crash
