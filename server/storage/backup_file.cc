#include "server/storage/backup_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"
#include "server/storage/durable_file.h"

namespace doorstep {
namespace {

constexpr size_t kHexBytes = 64;

constexpr absl::string_view kDraftSuffix = ".partial";
constexpr absl::string_view kChecksumSuffix = ".sha256";

// What processes left that ended before their backup was good; only one is made at a time.
void RemoveDrafts(const std::string& folder) {
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(folder, error)) {
    if (absl::StrContains(file.path().filename().string(), kDraftSuffix)) std::filesystem::remove(file.path(), error);
  }
}

std::string FileName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

std::string BackupFolder(const std::string& database) {
  const size_t slash = database.rfind('/');
  return absl::StrCat(slash == std::string::npos ? "" : database.substr(0, slash + 1), "backups");
}

std::string DraftPath(const std::string& backup) { return absl::StrCat(backup, kDraftSuffix); }
std::string ChecksumPath(const std::string& backup) { return absl::StrCat(backup, kChecksumSuffix); }

absl::Status CheckBackupName(absl::string_view name) {
  const auto allowed = [](char c) { return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-'; };
  if (absl::StrContains(name, kDraftSuffix) || absl::StrContains(name, kChecksumSuffix)) {
    return absl::InvalidArgumentError(absl::StrCat("name: must not have \"", kDraftSuffix, "\" or \"", kChecksumSuffix,
                                                   "\" in it: the files beside a backup are named so"));
  }
  if (name == "attachments") {
    return absl::InvalidArgumentError("name: must not be \"attachments\": the folder beside backups is named so");
  }
  if (name.empty() || name.size() > limits::kIdBytesMax || !absl::ascii_isalnum(name[0]) ||
      !std::all_of(name.begin(), name.end(), allowed)) {
    return absl::InvalidArgumentError(absl::StrCat("name: must be a plain file name of 1 to ", limits::kIdBytesMax,
                                                   " letters, digits, '.', '_' and '-'; the server writes it into its "
                                                   "own folder"));
  }
  return absl::OkStatus();
}

absl::Status CopyLive(Storage& live, const std::string& backup,
                      const std::function<bool(uint64_t done, uint64_t total)>& progress) {
  RETURN_IF_ERROR(MakeFolder(BackupFolder(live.path())));
  if (FileExists(backup)) return absl::AlreadyExistsError(absl::StrCat(backup, ": there is a backup of this name"));
  sqlite::OpenOptions options;
  options.path = DraftPath(backup);
  options.key = live.key();
  options.scratch = true;
  RemoveDrafts(BackupFolder(live.path()));
  RETURN_IF_ERROR(CreateFile(options.path));  // For nobody else, whatever the process's umask says.
  return live.Read("a backup", [&](SqlSession& sql) -> absl::Status {
    Query page = sql.Use("SELECT page_size, (SELECT count(*) FROM meta) FROM pragma_page_size");  // The view begins.
    ASSIGN_OR_RETURN(const bool row, page.Step());
    options.page_bytes = row ? static_cast<int>(page.Int(0)) : 0;
    RETURN_IF_ERROR(page.Run());
    ASSIGN_OR_RETURN(const std::unique_ptr<sqlite::Database> copy, sqlite::Database::Open(options));
    const auto bytes = static_cast<uint64_t>(options.page_bytes);
    return sql.database().CopyTo(*copy, [&](int64_t done, int64_t total) {
      return progress(static_cast<uint64_t>(done) * bytes, static_cast<uint64_t>(total) * bytes);
    });
  });
}

absl::StatusOr<std::string> SealBackup(const std::string& backup) {
  const std::string draft = DraftPath(backup);
  if (FileExists(absl::StrCat(draft, "-wal"))) {
    return absl::InternalError(absl::StrCat(draft, ": its last changes are not in the file"));
  }
  ASSIGN_OR_RETURN(std::string hash, HashFile(draft));
  RETURN_IF_ERROR(SyncPath(draft));
  RETURN_IF_ERROR(
      WriteFileDurably(ChecksumPath(backup), absl::StrCat(absl::BytesToHexString(hash), "  ", FileName(backup), "\n")));
  RETURN_IF_ERROR(RenameDurably(draft, backup));
  return hash;
}

absl::StatusOr<std::string> ReadChecksum(const std::string& backup) {
  const std::string path = ChecksumPath(backup);
  if (!FileExists(path)) return std::string();
  std::ifstream in(path);
  std::string hex;
  in >> hex;
  if (hex.size() != kHexBytes || !std::all_of(hex.begin(), hex.end(), absl::ascii_isxdigit)) {
    return absl::DataLossError(absl::StrCat(path, ": not a checksum"));
  }
  return absl::HexStringToBytes(hex);
}

}  // namespace doorstep
