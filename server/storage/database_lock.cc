#include "server/storage/database_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace doorstep {

DatabaseLock::~DatabaseLock() {
  if (file_ >= 0) close(file_);
}

absl::Status DatabaseLock::Take(const std::string& path) {
  const std::string lock = absl::StrCat(path, ".lock");
  file_ = open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file_ < 0) return absl::FailedPreconditionError(absl::StrCat("opening ", lock, ": ", strerror(errno)));
  if (flock(file_, LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(path, ": another server has this file open"));
  }
  return absl::OkStatus();
}

}  // namespace doorstep
