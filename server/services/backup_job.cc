#include "server/services/backup_job.h"

#include <unistd.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/status.h"
#include "server/apply/commands/apply_record.h"
#include "server/apply/commands/backed_up.h"
#include "server/apply/verify_backup.h"
#include "server/apply/writer.h"
#include "server/services/attachment_intake.h"
#include "server/services/received_entries.h"
#include "server/storage/attachment_files.h"
#include "server/storage/attachment_table.h"
#include "server/storage/backup_file.h"
#include "server/storage/device_table.h"
#include "server/storage/durable_file.h"
#include "server/storage/storage.h"

namespace doorstep {
namespace {

constexpr size_t kMissingMax = 100;  // That are named one by one.

}  // namespace

BackupJob::~BackupJob() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

absl::StatusOr<v1::Backup> BackupJob::Start(const std::string& name) {
  RETURN_IF_ERROR(CheckBackupName(name));
  const std::string path = absl::StrCat(BackupFolder(parts_.storage.path()), "/", name);
  MutexLock lock(&mutex_);
  if (running_) return absl::FailedPreconditionError("another backup is under way; wait for it");
  if (FileExists(path)) {
    return absl::AlreadyExistsError(absl::StrCat("name: there is a backup \"", name, "\" already"));
  }
  if (thread_.joinable()) thread_.join();
  running_ = true;
  backup_.Clear();
  backup_.set_name(name);
  backup_.set_path(path);
  backup_.set_phase(v1::BACKUP_PHASE_COPYING);
  backup_.set_started_time_us(parts_.NowUs());
  // It takes as long as there is history: not on a thread that serves calls.
  thread_ = std::thread([this, name, path] { Run(name, path); });
  return backup_;
}

absl::StatusOr<v1::Backup> BackupJob::Describe() const {
  MutexLock lock(&mutex_);
  if (backup_.name().empty()) return absl::NotFoundError("no backup was begun since the server started");
  return backup_;
}

absl::StatusOr<v1::Backup> BackupJob::Wait() {
  {
    MutexLock lock(&mutex_);
    while (running_) ended_.Wait(&mutex_);
  }
  return Describe();
}

void BackupJob::Update(const std::function<void(v1::Backup&)>& change) {
  MutexLock lock(&mutex_);
  change(backup_);
}

void BackupJob::Run(const std::string& name, const std::string& path) {
  const auto begin = std::chrono::steady_clock::now();
  const absl::Status made = Make(name, path);
  if (!made.ok()) {
    Log(parts_.log, LogLevel::kError, absl::StrCat("backup ", name, ": ", made.ToString()));
    RemoveDatabaseFiles(DraftPath(path));
  }
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
  MutexLock lock(&mutex_);
  running_ = false;
  backup_.set_duration_us(took.count());
  backup_.set_phase(made.ok() ? v1::BACKUP_PHASE_DONE : v1::BACKUP_PHASE_FAILED);
  backup_.set_error(std::string(made.message()));
  ended_.NotifyAll();
}

absl::Status BackupJob::Make(const std::string& name, const std::string& path) {
  RETURN_IF_ERROR(CopyLive(parts_.storage, path, [this](uint64_t done, uint64_t total) {
    Update([&](v1::Backup& backup) {
      backup.set_bytes_done(done);
      backup.set_bytes_total(total);
    });
    return !stopping_;
  }));
  Update([](v1::Backup& backup) { backup.set_phase(v1::BACKUP_PHASE_VERIFYING); });
  const std::string draft = DraftPath(path);
  ASSIGN_OR_RETURN(
      const VerifiedBackup verified,
      VerifyBackup(draft, parts_.storage.key(), AttachmentFolder(parts_.storage.path()), parts_.random, ApplyRecord));
  RETURN_IF_ERROR(TakeMissing(verified.attachments.missing));
  if (!verified.attachments.missing.empty()) {
    Log(parts_.log, LogLevel::kError,
        absl::StrCat("backup ", name, ": ", verified.attachments.missing.size(),
                     " attachments have no undamaged file"));
  }
  unlink(absl::StrCat(draft, ".lock").c_str());
  ASSIGN_OR_RETURN(const std::string hash, SealBackup(path));
  Update([&](v1::Backup& backup) {
    backup.set_entries(verified.entries);
    backup.set_commands(verified.commands);
    backup.set_sha256(hash);
    backup.set_attachments(verified.attachments.attachments);
    backup.set_attachments_missing(verified.attachments.missing.size());
  });
  return Tell(name, verified);
}

// Says which they are, and sees to it that damaged ones count as gone for phones too, which send them again.
absl::Status BackupJob::TakeMissing(const std::vector<AttachmentRow>& missing) {
  if (parts_.attachments != nullptr) {
    for (const AttachmentRow& row : missing) {
      const absl::Status looked = parts_.attachments->files().IsGood(row.sha256).status();
      // The backup is good all the same.
      if (!looked.ok())
        Log(parts_.log, LogLevel::kError, absl::StrCat("setting an attachment aside: ", looked.ToString()));
    }
  }
  return parts_.storage.Read("attachments", [&](SqlSession& sql) -> absl::Status {
    for (size_t i = 0; i < missing.size() && i < kMissingMax; ++i) {
      const AttachmentRow& row = missing[i];
      v1::MissingAttachment one;
      one.set_sha256(row.sha256);
      ASSIGN_OR_RETURN(const auto device, FindDeviceByNumber(sql, row.device));
      if (device.has_value()) {
        *one.mutable_position() = MakePosition(device->id, row.epoch, row.seq);
        ASSIGN_OR_RETURN(const auto entry, FindReceivedEntry(sql, one.position()));
        if (entry.has_value()) one.set_visit_id(entry->received.entry().visit_id());
      }
      Update([&](v1::Backup& backup) { *backup.add_missing() = one; });
    }
    return absl::OkStatus();
  });
}

// The backup is there and good; only phones may keep longer what they could delete.
absl::Status BackupJob::Tell(const std::string& name, const VerifiedBackup& verified) {
  Command command;
  command.principal = "server";
  command.run = [&](Transaction& tx) -> absl::StatusOr<std::string> {
    RETURN_IF_ERROR(RunBackedUp(name, verified.journals, tx));
    for (const std::string& sha256 : verified.attachments.fresh) {
      RETURN_IF_ERROR(MarkAttachmentBackedUp(tx.sql(), sha256));
    }
    return std::string();
  };
  const absl::Status told = parts_.writer.RunCommand(std::move(command)).status();
  if (told.ok()) return told;
  return absl::Status(told.code(), absl::StrCat("the backup is made and verified, but phones could not be told what is "
                                                "in it; make another: ",
                                                told.message()));
}

}  // namespace doorstep
