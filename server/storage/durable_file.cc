#include "server/storage/durable_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "server/openssl_sha256.h"

namespace doorstep {
namespace {

constexpr size_t kChunkBytes = 1024 * 1024;

absl::Status Failed(absl::string_view doing, const std::string& path) {
  const int error = errno;
  const std::string message = absl::StrCat(doing, " ", path, ": ", strerror(error));
  if (error == ENOSPC || error == EDQUOT) return absl::ResourceExhaustedError(message);
  if (error == ENOENT) return absl::NotFoundError(message);
  if (error == EEXIST) return absl::AlreadyExistsError(message);
  return absl::FailedPreconditionError(message);
}

class File {
 public:
  File(const std::string& path, int flags) : file_(open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (file_ >= 0) close(file_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return file_; }

 private:
  const int file_;
};

absl::Status WriteAll(int file, absl::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed("writing", path);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

// Every byte of the file, in order.
absl::Status ReadThrough(const std::string& path, const std::function<absl::Status(absl::string_view)>& take) {
  const File file(path, O_RDONLY);
  if (file.get() < 0) return Failed("opening", path);
  std::vector<char> chunk(kChunkBytes);
  while (true) {
    const ssize_t got = read(file.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failed("reading", path);
    if (got == 0) return absl::OkStatus();
    RETURN_IF_ERROR(take(absl::string_view(chunk.data(), static_cast<size_t>(got))));
  }
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

}  // namespace

bool FileExists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

absl::Status SyncPath(const std::string& path) {
  const File file(path, O_RDONLY);
  if (file.get() < 0) return Failed("opening", path);
  // Some file systems have nothing to write for a folder and say so.
  return fsync(file.get()) == 0 || errno == EINVAL ? absl::OkStatus() : Failed("writing out", path);
}

absl::Status RenameDurably(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0) return Failed("renaming", from);
  return SyncPath(FolderOf(to));
}

absl::Status MakeFolder(const std::string& path) {
  const std::string parent = FolderOf(path);
  if (mkdir(path.c_str(), 0700) == 0) return SyncPath(parent);
  if (errno != EEXIST) return Failed("making the folder", path);
  // Who made it may have ended before its name was durable. Where we may not even look, it was not one of ours.
  return access(parent.c_str(), R_OK) == 0 ? SyncPath(parent) : absl::OkStatus();
}

absl::Status CreateFile(const std::string& path) {
  const File file(path, O_WRONLY | O_CREAT | O_EXCL);
  return file.get() >= 0 ? absl::OkStatus() : Failed("making", path);
}

absl::Status WriteFileDurably(const std::string& path, absl::string_view bytes) {
  const std::string draft = absl::StrCat(path, ".new");
  unlink(draft.c_str());
  {
    const File file(draft, O_WRONLY | O_CREAT | O_EXCL);
    if (file.get() < 0) return Failed("writing", draft);
    RETURN_IF_ERROR(WriteAll(file.get(), bytes, draft));
    if (fsync(file.get()) != 0) return Failed("writing out", draft);
  }
  return RenameDurably(draft, path);
}

absl::StatusOr<std::string> HashFile(const std::string& path) {
  OpensslSha256 hasher;
  RETURN_IF_ERROR(ReadThrough(path, [&](absl::string_view bytes) {
    hasher.Update(bytes);
    return absl::OkStatus();
  }));
  return std::string(AsBytes(hasher.Finish()));
}

absl::StatusOr<std::string> CopyFileDurably(const std::string& from, const std::string& to) {
  unlink(to.c_str());
  const File file(to, O_WRONLY | O_CREAT | O_EXCL);
  if (file.get() < 0) return Failed("writing", to);
  OpensslSha256 hasher;
  RETURN_IF_ERROR(ReadThrough(from, [&](absl::string_view bytes) {
    hasher.Update(bytes);
    return WriteAll(file.get(), bytes, to);
  }));
  if (fsync(file.get()) != 0) return Failed("writing out", to);
  return std::string(AsBytes(hasher.Finish()));
}

void RemoveDatabaseFiles(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) unlink(absl::StrCat(path, suffix).c_str());
}

}  // namespace doorstep
