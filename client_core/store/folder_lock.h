// One core a folder: an advisory lock on `doorstep.lock` that ends with the process, however it ends.
#ifndef DOORSTEP_CLIENT_CORE_STORE_FOLDER_LOCK_H_
#define DOORSTEP_CLIENT_CORE_STORE_FOLDER_LOCK_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace doorstep {

class FolderLock {
 public:
  FolderLock() = default;
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  // FAILED_PRECONDITION: the folder does not exist, cannot be written, or another core has it.
  absl::Status Take(absl::string_view directory);

 private:
  int file_ = -1;
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_STORE_FOLDER_LOCK_H_
