// The calls by which the product changes files without SQLite, made to happen on a PowerDisk: whoever links this file
// passes -Wl,--wrap for each of them.
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/support/power_vfs.h"

using doorstep::testing::CoveredCall;
using doorstep::testing::DiskChange;
using doorstep::testing::IsCovered;

extern "C" {
int __real_rename(const char* from, const char* to);
int __real_unlink(const char* path);
int __real_fsync(int file);
int __wrap_rename(const char* from, const char* to);
int __wrap_unlink(const char* path);
int __wrap_fsync(int file);
}

namespace {

int Call(DiskChange change, int (*real)(const DiskChange& change)) {
  const int failed = CoveredCall(std::move(change), real);
  if (failed == 0) return 0;
  errno = failed;
  return -1;
}

// Empty: it has none.
std::string PathOf(int file) {
  char path[PATH_MAX];
  const ssize_t length = readlink(absl::StrCat("/proc/self/fd/", file).c_str(), path, sizeof(path));
  return length < 0 ? std::string() : std::string(path, static_cast<size_t>(length));
}

bool IsFolder(int file) {
  struct stat status {};
  return fstat(file, &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace

int __wrap_rename(const char* from, const char* to) {
  if (!IsCovered(from)) return __real_rename(from, to);
  return Call({DiskChange::Kind::kRename, from, 0, "", to}, [](const DiskChange& change) {
    return __real_rename(change.path.c_str(), change.to.c_str()) == 0 ? 0 : errno;
  });
}

int __wrap_unlink(const char* path) {
  // Nothing happens to what is not there.
  if (!IsCovered(path) || access(path, F_OK) != 0) return __real_unlink(path);
  return Call({DiskChange::Kind::kDelete, path},
              [](const DiskChange& change) { return __real_unlink(change.path.c_str()) == 0 ? 0 : errno; });
}

int __wrap_fsync(int file) {
  const std::string path = PathOf(file);
  if (!IsCovered(path)) return __real_fsync(file);
  const auto nothing = [](const DiskChange&) { return 0; };  // Nothing below can lose power on its own.
  if (IsFolder(file)) return Call({DiskChange::Kind::kSyncNames, absl::StrCat(path, "/")}, nothing);
  return Call({DiskChange::Kind::kSync, path}, nothing);
}
