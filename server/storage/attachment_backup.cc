#include "server/storage/attachment_backup.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "server/storage/attachment_files.h"
#include "server/storage/attachment_table.h"
#include "server/storage/durable_file.h"

namespace doorstep {
namespace {

bool IsThere(const std::string& folder, const AttachmentRow& row) {
  struct stat file {};
  return stat(AttachmentPath(folder, row.sha256).c_str(), &file) == 0 &&
         static_cast<uint64_t>(file.st_size) == row.size;
}

absl::StatusOr<bool> IsGood(const std::string& folder, const AttachmentRow& row) {
  if (!IsThere(folder, row)) return false;
  ASSIGN_OR_RETURN(const std::string hash, HashFile(AttachmentPath(folder, row.sha256)));
  return hash == row.sha256;
}

absl::Status MakeFolderFor(const std::string& folder, const std::string& path) {
  RETURN_IF_ERROR(MakeFolder(folder));
  return MakeFolder(path.substr(0, path.rfind('/')));
}

// False: `from` has no such file, or a damaged one.
absl::StatusOr<bool> Take(const std::string& from, const std::string& to, const AttachmentRow& row) {
  ASSIGN_OR_RETURN(const bool good, IsGood(from, row));
  if (!good) return false;
  const std::string source = AttachmentPath(from, row.sha256);
  const std::string target = AttachmentPath(to, row.sha256);
  RETURN_IF_ERROR(MakeFolderFor(to, target));
  unlink(target.c_str());
  if (link(source.c_str(), target.c_str()) == 0) {
    RETURN_IF_ERROR(SyncPath(target.substr(0, target.rfind('/'))));
    return true;
  }
  const std::string draft = absl::StrCat(target, ".new");
  const absl::StatusOr<std::string> copied = CopyFileDurably(source, draft);  // Another disk, or one without links.
  if (!copied.ok() || *copied != row.sha256) {
    unlink(draft.c_str());
    RETURN_IF_ERROR(copied.status());
    return false;
  }
  RETURN_IF_ERROR(RenameDurably(draft, target));
  return true;
}

}  // namespace

absl::StatusOr<AttachmentsBeside> PutAttachmentsBeside(SqlSession& copy, const std::string& live,
                                                       const std::string& backup) {
  const std::string beside = AttachmentFolder(backup);
  AttachmentsBeside done;
  RETURN_IF_ERROR(ForEachAttachment(copy, [&](const AttachmentRow& row) -> absl::Status {
    // What came again after it had been damaged here may be damaged in the backup too, by the same link.
    bool there = row.backed_up && IsThere(beside, row);
    if (!there) {
      ASSIGN_OR_RETURN(there, Take(live, beside, row));
    }
    if (!there) {
      ASSIGN_OR_RETURN(there, IsGood(beside, row));
    }
    ++(there ? done.attachments : done.missing);
    if (there && !row.backed_up) done.fresh.push_back(row.sha256);
    return absl::OkStatus();
  }));
  return done;
}

absl::StatusOr<AttachmentsRestored> RestoreAttachments(SqlSession& sql, const std::string& live,
                                                       const std::string& backup) {
  AttachmentsRestored done;
  std::vector<std::string> gone;
  RETURN_IF_ERROR(ForEachAttachment(sql, [&](const AttachmentRow& row) -> absl::Status {
    bool there = IsThere(live, row);
    if (!there) {
      ASSIGN_OR_RETURN(there, Take(AttachmentFolder(backup), live, row));
    }
    ++(there ? done.attachments : done.missing);
    if (!there) gone.push_back(row.sha256);
    return absl::OkStatus();
  }));
  RETURN_IF_ERROR(sql.Transaction([&]() -> absl::Status {
    for (const std::string& sha256 : gone) RETURN_IF_ERROR(DeleteAttachment(sql, sha256));
    return absl::OkStatus();
  }));
  return done;
}

}  // namespace doorstep
