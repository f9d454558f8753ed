#include "client_core/sqlite/filler.h"

#include <sqlite3.h>

#include <algorithm>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "client_core/sqlite/database.h"

namespace doorstep::sqlite {
namespace {

constexpr int64_t kPieceBytes = 64 * 1024;
// Of a kind of file that SQLite neither locks nor deletes on its own.
constexpr int kKind = SQLITE_OPEN_READWRITE | SQLITE_OPEN_TRANSIENT_DB;

absl::StatusOr<sqlite3_vfs*> Disk(const Filler& filler) {
  sqlite3_initialize();
  sqlite3_vfs* const vfs = sqlite3_vfs_find(filler.vfs.empty() ? nullptr : filler.vfs.c_str());
  if (vfs == nullptr) return absl::InternalError(absl::StrCat("no disk \"", filler.vfs, "\""));
  return vfs;
}

// An open file of a disk; closed at the end.
class File {
 public:
  explicit File(sqlite3_vfs* vfs) : memory_(new char[vfs->szOsFile]()) {}
  ~File() {
    if (get()->pMethods != nullptr) get()->pMethods->xClose(get());
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  sqlite3_file* get() { return reinterpret_cast<sqlite3_file*>(memory_.get()); }
  const sqlite3_io_methods& on() { return *get()->pMethods; }

 private:
  const std::unique_ptr<char[]> memory_;
};

absl::Status Fill(sqlite3_vfs* vfs, const Filler& filler, int64_t bytes, int64_t spare_bytes) {
  File file(vfs);
  int code = vfs->xOpen(vfs, filler.path.c_str(), file.get(), kKind | SQLITE_OPEN_CREATE, nullptr);
  std::string piece(kPieceBytes, '\0');
  for (int64_t at = 0; code == SQLITE_OK && at < bytes + spare_bytes; at += kPieceBytes) {
    sqlite3_randomness(static_cast<int>(piece.size()), piece.data());
    const int64_t here = std::min(kPieceBytes, bytes + spare_bytes - at);
    code = file.on().xWrite(file.get(), piece.data(), static_cast<int>(here), at);
  }
  if (code == SQLITE_OK) code = file.on().xSync(file.get(), SQLITE_SYNC_NORMAL);
  if (code == SQLITE_OK) code = file.on().xTruncate(file.get(), bytes);
  return StatusOf(nullptr, code, absl::StrCat("making ", filler.path));
}

}  // namespace

absl::Status MakeFiller(const Filler& filler, int64_t bytes, int64_t spare_bytes) {
  ASSIGN_OR_RETURN(sqlite3_vfs* const vfs, Disk(filler));
  RETURN_IF_ERROR(RemoveFiller(filler));
  const absl::Status made = Fill(vfs, filler, bytes, spare_bytes);
  if (!made.ok()) (void)RemoveFiller(filler);
  return made;
}

absl::StatusOr<int64_t> FillerBytes(const Filler& filler) {
  ASSIGN_OR_RETURN(sqlite3_vfs* const vfs, Disk(filler));
  int there = 0;
  int code = vfs->xAccess(vfs, filler.path.c_str(), SQLITE_ACCESS_EXISTS, &there);
  if (code == SQLITE_OK && there == 0) return 0;
  sqlite3_int64 bytes = 0;
  if (code == SQLITE_OK) {
    File file(vfs);
    code = vfs->xOpen(vfs, filler.path.c_str(), file.get(), kKind, nullptr);
    if (code == SQLITE_OK) code = file.on().xFileSize(file.get(), &bytes);
  }
  RETURN_IF_ERROR(StatusOf(nullptr, code, absl::StrCat("looking at ", filler.path)));
  return bytes;
}

absl::Status RemoveFiller(const Filler& filler) {
  ASSIGN_OR_RETURN(sqlite3_vfs* const vfs, Disk(filler));
  const int code = vfs->xDelete(vfs, filler.path.c_str(), /*syncDir=*/1);
  if (code == SQLITE_IOERR_DELETE_NOENT) return absl::OkStatus();
  return StatusOf(nullptr, code, absl::StrCat("removing ", filler.path));
}

}  // namespace doorstep::sqlite
