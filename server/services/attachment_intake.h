// Where attachments of phones arrive: the files, and how much each phone has sent today.
// The quota is kept in memory only: it is there against a phone that has gone wild, and a restart that forgives it
// costs one more day's worth of disk at most. Thread-safe.
#ifndef DOORSTEP_SERVER_SERVICES_ATTACHMENT_INTAKE_H_
#define DOORSTEP_SERVER_SERVICES_ATTACHMENT_INTAKE_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "client_core/base/limits.h"
#include "client_core/base/mutex.h"
#include "server/storage/attachment_files.h"

namespace doorstep {

struct IntakeOptions {
  // Of one device in one civil day (UTC).
  uint64_t day_bytes_max = limits::kAttachmentDayBytesMax;
  AttachmentFiles::FreeBytes free_bytes{};
};

class AttachmentIntake {
 public:
  explicit AttachmentIntake(std::string folder, IntakeOptions options = {})
      : files_(std::move(folder), std::move(options.free_bytes)), day_bytes_max_(options.day_bytes_max) {}

  AttachmentFiles& files() { return files_; }

  bool HasQuota(const std::string& device, int32_t day, uint64_t bytes) {
    MutexLock lock(&mutex_);
    TurnTo(day);
    return sent_[device] + bytes <= day_bytes_max_;
  }
  void Count(const std::string& device, int32_t day, uint64_t bytes) {
    MutexLock lock(&mutex_);
    TurnTo(day);
    sent_[device] += bytes;
  }

 private:
  void TurnTo(int32_t day) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (day != day_) sent_.clear();
    day_ = day;
  }

  AttachmentFiles files_;
  const uint64_t day_bytes_max_;
  Mutex mutex_;
  int32_t day_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, uint64_t> sent_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_SERVICES_ATTACHMENT_INTAKE_H_
