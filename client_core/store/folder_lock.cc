#include "client_core/store/folder_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace doorstep {

FolderLock::~FolderLock() {
  if (file_ >= 0) close(file_);
}

absl::Status FolderLock::Take(absl::string_view directory) {
  const std::string path = absl::StrCat(directory, "/doorstep.lock");
  file_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file_ < 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(directory, ": the folder is missing or cannot be written (", strerror(errno), ")"));
  }
  if (flock(file_, LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(directory, ": another program has this folder open; close it first or use another folder"));
  }
  return absl::OkStatus();
}

}  // namespace doorstep
