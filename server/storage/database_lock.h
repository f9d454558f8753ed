// Who may open a server's file for writing: a lock on a file beside it, because readers need connections of their own
// and the database itself cannot be locked exclusively.
// Invariant: at most one holder in all processes; the lock goes with the process that holds it.
#ifndef DOORSTEP_SERVER_STORAGE_DATABASE_LOCK_H_
#define DOORSTEP_SERVER_STORAGE_DATABASE_LOCK_H_

#include <string>

#include "absl/status/status.h"

namespace doorstep {

class DatabaseLock {
 public:
  DatabaseLock() = default;
  ~DatabaseLock();  // The file stays, so that nobody locks a ghost.
  DatabaseLock(const DatabaseLock&) = delete;
  DatabaseLock& operator=(const DatabaseLock&) = delete;

  // Once. `path` is the database's. FAILED_PRECONDITION: another server has it.
  absl::Status Take(const std::string& path);

 private:
  int file_ = -1;
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_DATABASE_LOCK_H_
