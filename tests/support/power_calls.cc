// The calls by which the product changes and reads files without SQLite, made to happen on a PowerDisk: whoever links
// this file passes -Wl,--wrap for each of them. What the standard library does by itself (streams, std::filesystem)
// goes past it.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/support/power_vfs.h"

using doorstep::testing::CoveredCall;
using doorstep::testing::CoveredLook;
using doorstep::testing::DiskChange;
using Kind = doorstep::testing::DiskChange::Kind;

extern "C" {
int __real_open(const char* path, int flags, ...);
ssize_t __real_read(int file, void* to, size_t bytes);
ssize_t __real_pread(int file, void* to, size_t bytes, off_t at);
ssize_t __real_write(int file, const void* from, size_t bytes);
ssize_t __real_pwrite(int file, const void* from, size_t bytes, off_t at);
int __real_ftruncate(int file, off_t bytes);
int __real_fsync(int file);
int __real_fdatasync(int file);
int __real_rename(const char* from, const char* to);
int __real_link(const char* from, const char* to);
int __real_unlink(const char* path);
int __real_remove(const char* path);
int __real_mkdir(const char* path, mode_t mode);
int __wrap_open(const char* path, int flags, ...);
ssize_t __wrap_read(int file, void* to, size_t bytes);
ssize_t __wrap_pread(int file, void* to, size_t bytes, off_t at);
ssize_t __wrap_write(int file, const void* from, size_t bytes);
ssize_t __wrap_pwrite(int file, const void* from, size_t bytes, off_t at);
int __wrap_ftruncate(int file, off_t bytes);
int __wrap_fsync(int file);
int __wrap_fdatasync(int file);
int __wrap_rename(const char* from, const char* to);
int __wrap_link(const char* from, const char* to);
int __wrap_unlink(const char* path);
int __wrap_remove(const char* path);
int __wrap_mkdir(const char* path, mode_t mode);
}

namespace {

// Locks and what only lives in memory are no part of what a crash leaves.
bool IsCovered(const std::string& path) {
  return !absl::EndsWith(path, ".lock") && !absl::EndsWith(path, "-shm") && doorstep::testing::IsCovered(path);
}

bool IsThere(const char* path) { return access(path, F_OK) == 0; }

int Failed(int error) {
  errno = error;
  return -1;
}

int Call(DiskChange change, const std::function<int()>& real) {
  const int failed = CoveredCall(std::move(change), [&] { return real() == 0 ? 0 : errno; });
  return failed == 0 ? 0 : Failed(failed);
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

ssize_t Look(int file, const std::function<ssize_t()>& real) {
  if (IsCovered(PathOf(file))) {
    if (const int failed = CoveredLook(); failed != 0) return Failed(failed);
  }
  return real();
}

// A write of it all, or of nothing.
ssize_t Write(const std::string& path, const void* from, size_t bytes, off_t at, const std::function<ssize_t()>& real) {
  ssize_t written = -1;
  const int done = Call({Kind::kWrite, path, at, std::string(static_cast<const char*>(from), bytes)}, [&] {
    written = real();
    return written < 0 ? -1 : 0;
  });
  return done == 0 ? written : -1;
}

int Sync(int file, int (*real)(int)) {
  const std::string path = PathOf(file);
  if (!IsCovered(path)) return real(file);
  const auto nothing = [] { return 0; };  // Nothing below can lose power on its own.
  if (IsFolder(file)) return Call({Kind::kSyncNames, absl::StrCat(path, "/")}, nothing);
  return Call({Kind::kSync, path}, nothing);
}

// Nothing happens to what is not there.
int Delete(const char* path, int (*real)(const char*)) {
  if (!IsCovered(path) || !IsThere(path)) return real(path);
  return Call({Kind::kDelete, path}, [&] { return real(path); });
}

}  // namespace

int __wrap_open(const char* path, int flags, ...) {
  std::va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? static_cast<mode_t>(va_arg(arguments, int)) : 0;
  va_end(arguments);
  if (!IsCovered(path)) return __real_open(path, flags, mode);
  int file = -1;
  const auto real = [&] {
    file = __real_open(path, flags, mode);
    return file < 0 ? -1 : 0;
  };
  if (!IsThere(path)) {
    if ((flags & O_CREAT) == 0) return __real_open(path, flags, mode);
    return Call({Kind::kCreate, path}, real) == 0 ? file : -1;
  }
  if ((flags & O_TRUNC) != 0) return Call({Kind::kTruncate, path}, real) == 0 ? file : -1;
  const int failed = CoveredLook();
  return failed == 0 ? __real_open(path, flags, mode) : Failed(failed);
}

ssize_t __wrap_read(int file, void* to, size_t bytes) {
  return Look(file, [&] { return __real_read(file, to, bytes); });
}

ssize_t __wrap_pread(int file, void* to, size_t bytes, off_t at) {
  return Look(file, [&] { return __real_pread(file, to, bytes, at); });
}

ssize_t __wrap_write(int file, const void* from, size_t bytes) {
  const std::string path = PathOf(file);
  if (!IsCovered(path)) return __real_write(file, from, bytes);
  return Write(path, from, bytes, lseek(file, 0, SEEK_CUR), [&] { return __real_write(file, from, bytes); });
}

ssize_t __wrap_pwrite(int file, const void* from, size_t bytes, off_t at) {
  const std::string path = PathOf(file);
  if (!IsCovered(path)) return __real_pwrite(file, from, bytes, at);
  return Write(path, from, bytes, at, [&] { return __real_pwrite(file, from, bytes, at); });
}

int __wrap_ftruncate(int file, off_t bytes) {
  const std::string path = PathOf(file);
  if (!IsCovered(path)) return __real_ftruncate(file, bytes);
  return Call({Kind::kTruncate, path, bytes}, [&] { return __real_ftruncate(file, bytes); });
}

int __wrap_fsync(int file) { return Sync(file, __real_fsync); }
int __wrap_fdatasync(int file) { return Sync(file, __real_fdatasync); }

int __wrap_rename(const char* from, const char* to) {
  if (!IsCovered(from)) return __real_rename(from, to);
  return Call({Kind::kRename, from, 0, "", to}, [&] { return __real_rename(from, to); });
}

int __wrap_link(const char* from, const char* to) {
  if (!IsCovered(from) || IsThere(to)) return __real_link(from, to);
  return Call({Kind::kLink, from, 0, "", to}, [&] { return __real_link(from, to); });
}

int __wrap_unlink(const char* path) { return Delete(path, __real_unlink); }
int __wrap_remove(const char* path) { return Delete(path, __real_remove); }

int __wrap_mkdir(const char* path, mode_t mode) {
  if (!IsCovered(path) || IsThere(path)) return __real_mkdir(path, mode);
  return Call({Kind::kCreate, absl::StrCat(path, "/")}, [&] { return __real_mkdir(path, mode); });
}
