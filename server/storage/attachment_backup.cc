#include "server/storage/attachment_backup.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <utility>

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

// The folders of one run, each made durable once: a process that ended before may have left names that are not.
class Folders {
 public:
  explicit Folders(std::string top) : top_(std::move(top)) {}

  // For what has the path `path` below the top.
  absl::Status MakeFor(const std::string& path) {
    RETURN_IF_ERROR(Make(top_));
    return Make(path.substr(0, path.rfind('/')));
  }
  // Names that have been given in them since.
  absl::Status Sync() const {
    for (const std::string& folder : made_) RETURN_IF_ERROR(SyncPath(folder));
    return absl::OkStatus();
  }

 private:
  absl::Status Make(const std::string& folder) {
    if (made_.count(folder) > 0) return absl::OkStatus();
    RETURN_IF_ERROR(MakeFolder(folder));
    made_.insert(folder);
    return absl::OkStatus();
  }

  const std::string top_;
  std::set<std::string> made_;
};

// Its name lasts once `folders` are synced. False: `from` has no such file, or a damaged one.
absl::StatusOr<bool> Take(const std::string& from, const std::string& to, const AttachmentRow& row, Folders& folders) {
  ASSIGN_OR_RETURN(const bool good, IsGood(from, row));
  if (!good) return false;
  const std::string source = AttachmentPath(from, row.sha256);
  const std::string target = AttachmentPath(to, row.sha256);
  RETURN_IF_ERROR(folders.MakeFor(target));
  unlink(target.c_str());
  if (link(source.c_str(), target.c_str()) == 0) return true;
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
  Folders folders(beside);
  Folders live_folders(live);
  RETURN_IF_ERROR(ForEachAttachment(copy, [&](const AttachmentRow& row) -> absl::Status {
    // What came again after it had been damaged here may be damaged in the backup too, by the same link.
    // Where the server has set its own aside, the one beside is looked at.
    bool there = row.backed_up && IsThere(beside, row) && IsThere(live, row);
    if (!there) {
      ASSIGN_OR_RETURN(there, Take(live, beside, row, folders));
    }
    if (!there) {
      ASSIGN_OR_RETURN(there, IsGood(beside, row));
      if (there) RETURN_IF_ERROR(folders.MakeFor(AttachmentPath(beside, row.sha256)));
      if (there && !IsThere(live, row)) RETURN_IF_ERROR(Take(beside, live, row, live_folders).status());
    }
    if (!there) done.missing.push_back(row);
    if (there) ++done.attachments;
    if (there && !row.backed_up) done.fresh.push_back(row.sha256);
    return absl::OkStatus();
  }));
  RETURN_IF_ERROR(folders.Sync());
  RETURN_IF_ERROR(live_folders.Sync());
  return done;
}

absl::StatusOr<AttachmentsRestored> RestoreAttachments(SqlSession& sql, const std::string& live,
                                                       const std::string& backup) {
  AttachmentsRestored done;
  std::vector<std::string> gone;
  Folders folders(live);
  RETURN_IF_ERROR(ForEachAttachment(sql, [&](const AttachmentRow& row) -> absl::Status {
    bool there = IsThere(live, row);
    if (!there) {
      ASSIGN_OR_RETURN(there, Take(AttachmentFolder(backup), live, row, folders));
    } else {
      RETURN_IF_ERROR(folders.MakeFor(AttachmentPath(live, row.sha256)));
    }
    ++(there ? done.attachments : done.missing);
    if (!there) gone.push_back(row.sha256);
    return absl::OkStatus();
  }));
  RETURN_IF_ERROR(folders.Sync());
  RETURN_IF_ERROR(sql.Transaction([&]() -> absl::Status {
    for (const std::string& sha256 : gone) RETURN_IF_ERROR(DeleteAttachment(sql, sha256));
    return absl::OkStatus();
  }));
  return done;
}

}  // namespace doorstep
