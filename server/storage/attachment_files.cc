#include "server/storage/attachment_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/kill_point.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "server/storage/durable_file.h"

namespace doorstep {
namespace {

absl::Status Failed(absl::string_view doing, const std::string& path) {
  const int error = errno;
  const std::string message = absl::StrCat(doing, " ", path, ": ", strerror(error));
  if (error == ENOSPC || error == EDQUOT) return absl::ResourceExhaustedError(message);
  return error == ENOENT ? absl::NotFoundError(message) : absl::InternalError(message);
}

class OpenedFile {
 public:
  OpenedFile(const std::string& path, int flags) : file_(open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~OpenedFile() {
    if (file_ >= 0) close(file_);
  }
  OpenedFile(const OpenedFile&) = delete;
  OpenedFile& operator=(const OpenedFile&) = delete;
  int get() const { return file_; }

 private:
  const int file_;
};

absl::StatusOr<uint64_t> FreeBytesOf(const std::string& folder) {
  struct statvfs disk {};
  if (statvfs(folder.c_str(), &disk) != 0) return Failed("asking for free space", folder);
  return uint64_t{disk.f_bavail} * disk.f_frsize;
}

// -1: there is none.
int64_t SizeOf(const std::string& path) {
  struct stat file {};
  return stat(path.c_str(), &file) == 0 ? int64_t{file.st_size} : -1;
}

int64_t ModifiedUs(const std::string& path) {
  struct stat file {};
  if (stat(path.c_str(), &file) != 0) return INT64_MAX;
  return int64_t{file.st_mtim.tv_sec} * 1000000 + file.st_mtim.tv_nsec / 1000;
}

// Only the sweep reads it; a wrong one costs patience.
void SetTime(const std::string& path, int64_t now_us) {
  const timespec now = {static_cast<time_t>(now_us / 1000000), static_cast<long>(now_us % 1000000 * 1000)};
  const timespec times[] = {now, now};
  utimensat(AT_FDCWD, path.c_str(), times, 0);
}

absl::Status Append(int file, uint64_t at, absl::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed("writing", path);
    at += static_cast<uint64_t>(written);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return fdatasync(file) == 0 ? absl::OkStatus() : Failed("writing out", path);
}

std::string FolderOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

}  // namespace

std::string AttachmentFolder(const std::string& database) {
  const size_t slash = database.rfind('/');
  return absl::StrCat(slash == std::string::npos ? "" : database.substr(0, slash + 1), "attachments");
}

std::string AttachmentPath(const std::string& folder, absl::string_view sha256) {
  const std::string name = absl::BytesToHexString(sha256);
  return absl::StrCat(folder, "/", name.substr(0, 2), "/", name);
}

AttachmentFiles::AttachmentFiles(std::string folder, FreeBytes free_bytes)
    : folder_(std::move(folder)), free_bytes_(free_bytes ? std::move(free_bytes) : FreeBytesOf) {}

Mutex& AttachmentFiles::LockOf(absl::string_view sha256) const {
  return locks_[sha256.empty() ? 0 : static_cast<uint8_t>(sha256[0]) % locks_.size()];
}

std::string AttachmentFiles::PartialPath(absl::string_view device, absl::string_view sha256) const {
  return absl::StrCat(folder_, "/partial/", absl::BytesToHexString(sha256), ".", device);
}

bool AttachmentFiles::IsWhole(absl::string_view sha256, uint64_t size) const {
  return SizeOf(AttachmentPath(folder_, sha256)) == static_cast<int64_t>(size);
}

uint64_t AttachmentFiles::StoredThrough(absl::string_view device, absl::string_view sha256, uint64_t size) const {
  if (IsWhole(sha256, size)) return size;
  const int64_t bytes = SizeOf(PartialPath(device, sha256));
  return bytes < 0 || static_cast<uint64_t>(bytes) > size ? 0 : static_cast<uint64_t>(bytes);
}

absl::StatusOr<bool> AttachmentFiles::KeepIfGood(absl::string_view sha256, int64_t now_us) {
  MutexLock lock(&LockOf(sha256));
  ASSIGN_OR_RETURN(const bool good, Compare(sha256));
  if (!good) return false;
  const std::string path = AttachmentPath(folder_, sha256);
  SetTime(path, now_us);
  // Whoever gave it its name may have ended before that was durable.
  RETURN_IF_ERROR(MakeFolder(folder_));
  RETURN_IF_ERROR(MakeFolder(FolderOf(path)));
  RETURN_IF_ERROR(SyncPath(FolderOf(path)));
  return true;
}

absl::StatusOr<bool> AttachmentFiles::IsGood(absl::string_view sha256) {
  MutexLock lock(&LockOf(sha256));
  return Compare(sha256);
}

// The caller holds its lock.
absl::StatusOr<bool> AttachmentFiles::Compare(absl::string_view sha256) {
  const std::string path = AttachmentPath(folder_, sha256);
  const absl::StatusOr<std::string> hash = HashFile(path);
  if (absl::IsNotFound(hash.status())) return false;  // Another call found it damaged.
  RETURN_IF_ERROR(hash.status());
  if (absl::string_view(*hash) == sha256) return true;
  // A picture with a wrong byte may still be seen, and it may be the last one there is.
  const std::string aside = absl::StrCat(folder_, "/damaged");
  RETURN_IF_ERROR(MakeFolder(aside));
  RETURN_IF_ERROR(RenameDurably(path, absl::StrCat(aside, "/", absl::BytesToHexString(sha256))));
  return false;
}

absl::StatusOr<AttachmentFiles::Result> AttachmentFiles::Put(const Piece& piece, int64_t now_us) {
  MutexLock lock(&LockOf(piece.sha256));
  if (IsWhole(piece.sha256, piece.size)) return Result{Outcome::kWhole, piece.size, 0};
  const std::string partial = absl::StrCat(folder_, "/partial");
  if (!names_durable_ || !FileExists(partial)) {
    RETURN_IF_ERROR(MakeFolder(folder_));
    RETURN_IF_ERROR(MakeFolder(partial));
    RETURN_IF_ERROR(SyncPath(partial));
    names_durable_ = true;
  }
  const std::string path = PartialPath(piece.device, piece.sha256);
  int64_t had = SizeOf(path);
  if (had > static_cast<int64_t>(piece.size)) {  // Of another claim about its size, or spoiled.
    unlink(path.c_str());
    had = -1;
  }
  Result result{Outcome::kReceiving, had < 0 ? 0 : static_cast<uint64_t>(had), 0};
  absl::string_view fresh = piece.data;
  if (piece.offset <= result.stored_through) {
    fresh.remove_prefix(std::min<uint64_t>(result.stored_through - piece.offset, fresh.size()));
  } else {
    fresh = absl::string_view();  // It overtook another piece.
  }
  if (fresh.empty()) return Complete(piece, path, now_us, result);

  ASSIGN_OR_RETURN(const uint64_t left, free_bytes_(folder_));
  if (left < limits::kAttachmentDiskReserveBytes + fresh.size()) {
    result.outcome = Outcome::kDiskFull;
    return result;
  }
  const OpenedFile file(path, O_WRONLY | O_CREAT);
  if (file.get() < 0) return Failed("opening", path);
  const absl::Status written = Append(file.get(), result.stored_through, fresh, path);
  if (!written.ok()) {
    // Half a piece would be taken for bytes that have come.
    if (ftruncate(file.get(), static_cast<off_t>(result.stored_through)) != 0) unlink(path.c_str());
    if (!absl::IsResourceExhausted(written)) return written;
    result.outcome = Outcome::kDiskFull;
    return result;
  }
  SetTime(path, now_us);
  if (had < 0) {
    const absl::Status synced = SyncPath(FolderOf(path));
    if (!synced.ok()) names_durable_ = false;
    RETURN_IF_ERROR(synced);
  }
  KillPoint("chunk");
  result.added = fresh.size();
  result.stored_through += fresh.size();
  return Complete(piece, path, now_us, result);
}

absl::StatusOr<AttachmentFiles::Result> AttachmentFiles::Complete(const Piece& piece, const std::string& partial,
                                                                  int64_t now_us, Result result) {
  if (result.stored_through < piece.size) return result;
  ASSIGN_OR_RETURN(const std::string hash, HashFile(partial));
  if (hash != piece.sha256) {
    unlink(partial.c_str());
    return Result{Outcome::kMismatch, 0, result.added};
  }
  const std::string path = AttachmentPath(folder_, piece.sha256);
  RETURN_IF_ERROR(MakeFolder(FolderOf(path)));
  SetTime(partial, now_us);  // Its last piece may have come long ago, and nothing in the database knows of it yet.
  RETURN_IF_ERROR(SyncPath(partial));
  KillPoint("attachment-hashed");
  RETURN_IF_ERROR(RenameDurably(partial, path));
  KillPoint("attachment-whole");
  result.outcome = Outcome::kWhole;
  return result;
}

absl::StatusOr<std::string> AttachmentFiles::Read(absl::string_view sha256, uint64_t offset, size_t length) const {
  const std::string path = AttachmentPath(folder_, sha256);
  const OpenedFile file(path, O_RDONLY);
  if (file.get() < 0) return Failed("opening", path);
  std::string bytes(length, '\0');
  size_t got = 0;
  while (got < length) {
    const ssize_t n = pread(file.get(), bytes.data() + got, length - got, static_cast<off_t>(offset + got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Failed("reading", path);
    if (n == 0) break;
    got += static_cast<size_t>(n);
  }
  bytes.resize(got);
  return bytes;
}

absl::StatusOr<uint64_t> AttachmentFiles::Sweep(
    int64_t now_us, const std::function<absl::StatusOr<bool>(absl::string_view)>& is_known) {
  const int64_t before_us = now_us - limits::kAttachmentOrphanMicros;
  uint64_t deleted = 0;
  std::error_code error;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder_, error)) {
    if (!file.is_regular_file(error)) continue;
    const std::string path = file.path().string();
    const std::string name = file.path().filename().string();
    const std::string sha256 = absl::HexStringToBytes(name.substr(0, 2 * limits::kAttachmentHashBytes));
    MutexLock lock(&LockOf(sha256));
    if (ModifiedUs(path) >= before_us) continue;
    const std::filesystem::path folder = file.path().parent_path().filename();
    if (folder == "damaged") {
      if (!FileExists(AttachmentPath(folder_, sha256))) continue;
    } else if (folder != "partial") {
      ASSIGN_OR_RETURN(const bool known, is_known(sha256));
      if (known) continue;
    }
    if (unlink(path.c_str()) == 0) ++deleted;
  }
  return deleted;
}

}  // namespace doorstep
