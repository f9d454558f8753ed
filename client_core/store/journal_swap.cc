#include "client_core/store/journal_swap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/kill_point.h"
#include "client_core/base/status.h"

namespace doorstep {
namespace {

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

absl::Status Failed(absl::string_view doing, const std::string& path) {
  const int error = errno;
  const std::string message = absl::StrCat(doing, " ", path, ": ", strerror(error));
  return error == ENOSPC ? absl::ResourceExhaustedError(message) : absl::InternalError(message);
}

absl::Status Sync(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return Failed("opening", path);
  // Some file systems have nothing to write for a folder and say so.
  const absl::Status synced = fsync(file) == 0 || errno == EINVAL ? absl::OkStatus() : Failed("writing out", path);
  close(file);
  return synced;
}

// Durable when it returns OK: a rename is once its folder is.
absl::Status Rename(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0) return Failed("renaming", from);
  const size_t slash = to.rfind('/');
  return Sync(slash == std::string::npos ? "." : to.substr(0, slash + 1));
}

absl::Status RenameIfThere(const std::string& from, const std::string& to) {
  return Exists(from) ? Rename(from, to) : absl::OkStatus();
}

}  // namespace

void RemoveDatabase(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm"}) unlink(absl::StrCat(path, suffix).c_str());
}

void SetAside(const std::string& path) {
  int number = 1;
  while (Exists(absl::StrCat(path, ".damaged-", number))) ++number;
  const std::string aside = absl::StrCat(path, ".damaged-", number);
  (void)RenameIfThere(absl::StrCat(path, "-wal"), absl::StrCat(aside, "-wal"));
  (void)RenameIfThere(path, aside);
  RemoveDatabase(path);
}

JournalSwap::JournalSwap(std::string journal) : journal_(std::move(journal)) {}

std::string JournalSwap::Begin() const {
  Clean();
  return absl::StrCat(journal_, ".salvaging");
}

void JournalSwap::Clean() const { RemoveDatabase(absl::StrCat(journal_, ".salvaging")); }

bool JournalSwap::decided() const { return Exists(absl::StrCat(journal_, ".salvaged")); }

absl::Status JournalSwap::Decide() const {
  const std::string written = absl::StrCat(journal_, ".salvaging");
  // One file is renamed, so everything must be in it.
  if (Exists(absl::StrCat(written, "-wal"))) {
    return absl::InternalError(absl::StrCat(written, ": its last changes could not be written into the file"));
  }
  RETURN_IF_ERROR(Sync(written));
  KillPoint("salvage-written");
  RETURN_IF_ERROR(Rename(written, absl::StrCat(journal_, ".salvaged")));
  KillPoint("salvage-decided");
  return absl::OkStatus();
}

absl::StatusOr<std::string> JournalSwap::Finish() const {
  int number = 1;
  while (Exists(absl::StrCat(journal_, ".damaged-", number))) ++number;
  if (!Exists(journal_) && number > 1) --number;  // It is aside already.
  const std::string aside = absl::StrCat(journal_, ".damaged-", number);
  // The companion goes first: left beside the salvaged file it would be taken for that one's. Whoever goes on after it
  // finds the same number.
  RETURN_IF_ERROR(RenameIfThere(absl::StrCat(journal_, "-wal"), absl::StrCat(aside, "-wal")));
  KillPoint("salvage-wal-aside");
  RETURN_IF_ERROR(RenameIfThere(journal_, aside));
  unlink(absl::StrCat(journal_, "-shm").c_str());
  KillPoint("salvage-aside");
  RETURN_IF_ERROR(Rename(absl::StrCat(journal_, ".salvaged"), journal_));
  KillPoint("salvage-in-place");
  const size_t slash = aside.rfind('/');
  return slash == std::string::npos ? aside : aside.substr(slash + 1);
}

}  // namespace doorstep
