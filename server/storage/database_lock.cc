#include "server/storage/database_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace doorstep {
namespace {

// Not so when it was removed, by a restore that failed, between being opened and being locked: the next to come would
// lock another.
bool IsFileAt(const std::string& path, int file) {
  struct stat named {};
  struct stat held {};
  return stat(path.c_str(), &named) == 0 && fstat(file, &held) == 0 && named.st_ino == held.st_ino &&
         named.st_dev == held.st_dev;
}

}  // namespace

DatabaseLock::~DatabaseLock() {
  if (file_ >= 0) close(file_);
}

absl::Status DatabaseLock::Take(const std::string& path) {
  const std::string lock = absl::StrCat(path, ".lock");
  while (true) {
    file_ = open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file_ < 0) return absl::FailedPreconditionError(absl::StrCat("opening ", lock, ": ", strerror(errno)));
    if (flock(file_, LOCK_EX | LOCK_NB) != 0) {
      return absl::FailedPreconditionError(absl::StrCat(path, ": another server has this file open"));
    }
    if (IsFileAt(lock, file_)) return absl::OkStatus();
    close(std::exchange(file_, -1));
  }
}

}  // namespace doorstep
