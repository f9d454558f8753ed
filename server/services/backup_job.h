// The backup that is being made, or was made last: copied from one view of the live file, verified by what a restore
// does, sealed, and only then told to phones.
// Invariants: one at a time; a failed one leaves no file behind; what `backed_up_through` says is in a file that was
// verified and has its name.
// Thread-safe.
#ifndef DOORSTEP_SERVER_SERVICES_BACKUP_JOB_H_
#define DOORSTEP_SERVER_SERVICES_BACKUP_JOB_H_

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client_core/base/mutex.h"
#include "doorstep/v1/admin_service.pb.h"
#include "server/services/parts.h"
#include "server/storage/attachment_table.h"

namespace doorstep {

struct VerifiedBackup;

class BackupJob {
 public:
  // `parts` must outlive the job.
  explicit BackupJob(const ServerParts& parts) : parts_(parts) {}
  // Stops a copy that is under way; waits for the rest.
  ~BackupJob();

  // Begins and returns how it stands. INVALID_ARGUMENT, ALREADY_EXISTS: the name; FAILED_PRECONDITION: another is under
  // way.
  absl::StatusOr<v1::Backup> Start(const std::string& name);
  // NOT_FOUND: none was begun.
  absl::StatusOr<v1::Backup> Describe() const;
  // Returns how it stands when none is under way any more.
  absl::StatusOr<v1::Backup> Wait();

 private:
  void Run(const std::string& name, const std::string& path);
  absl::Status Make(const std::string& name, const std::string& path);
  absl::Status TakeMissing(const std::vector<AttachmentRow>& missing);
  absl::Status Tell(const std::string& name, const VerifiedBackup& verified);
  void Update(const std::function<void(v1::Backup&)>& change);

  const ServerParts& parts_;
  std::atomic<bool> stopping_{false};
  mutable Mutex mutex_;
  CondVar ended_;
  bool running_ ABSL_GUARDED_BY(mutex_) = false;
  v1::Backup backup_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_SERVICES_BACKUP_JOB_H_
