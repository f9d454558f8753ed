#include "server/apply/verify_backup.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "server/apply/rebuild.h"
#include "server/storage/storage.h"

namespace doorstep {

absl::StatusOr<VerifiedBackup> VerifyBackup(const std::string& path, const std::string& key,
                                            const std::string& attachments, Random& random, const ApplyCommand& apply) {
  StorageOptions options;
  options.path = path;
  options.key = key;
  options.durable = false;  // Whoever seals it writes it out.
  options.readers = 1;
  ASSIGN_OR_RETURN(const std::unique_ptr<Storage> copy, Storage::Open(options, random));
  RETURN_IF_ERROR(copy->writer().database().CheckIntegrity());
  ASSIGN_OR_RETURN(RebuildReport report, Rebuild(*copy, random, apply));
  if (!report.differences.empty()) {
    return absl::DataLossError(absl::StrCat("made again it is not equal: ", report.differences.front()));
  }
  report.leftovers.reset();  // Copying photos takes long.
  VerifiedBackup verified;
  verified.entries = report.entries;
  verified.commands = report.commands;
  RETURN_IF_ERROR(copy->Read("journals", [&](SqlSession& sql) -> absl::Status {
    ASSIGN_OR_RETURN(verified.journals, JournalsBeyondBackups(sql));
    ASSIGN_OR_RETURN(verified.attachments, PutAttachmentsBeside(sql, attachments, path));
    return absl::OkStatus();
  }));
  return verified;
}

}  // namespace doorstep
