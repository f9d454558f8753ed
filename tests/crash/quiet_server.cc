#include "tests/crash/quiet_server.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "server/apply/commands/apply_record.h"
#include "server/apply/commands/secrets.h"
#include "server/apply/rebuild.h"
#include "server/services/backup_job.h"
#include "server/storage/attachment_files.h"
#include "server/storage/attachment_table.h"
#include "server/storage/backup_file.h"
#include "server/storage/durable_file.h"
#include "tests/support/office.h"

namespace doorstep::crash {
namespace {

constexpr char kDeviceMethod[] = "/doorstep.v1.SyncService/Hello";
constexpr char kAdminMethod[] = "/doorstep.v1.AdminService/InviteDevice";
constexpr int64_t kFarFutureUs = int64_t{1} << 53;  // The year 2255.
constexpr uint64_t kRoomBytes = uint64_t{1} << 40;

}  // namespace

void CopyOffice(const testing::Office& office, const std::string& folder) {
  for (const char* suffix : {"", "-wal"}) {
    std::filesystem::copy_file(office.path() + suffix, absl::StrCat(folder, "/", kDatabase, suffix));
  }
}

absl::StatusOr<std::unique_ptr<QuietServer>> QuietServer::Open(const Place& place, const std::string& folder,
                                                               Clock* clock, Random* random) {
  place.disk->BecomeDefault();  // Copies and rebuilds name no disk.
  std::unique_ptr<QuietServer> server(new QuietServer());
  server->random_ = random;
  StorageOptions options;
  options.path = absl::StrCat(folder, "/", kDatabase);
  options.vfs = place.disk->vfs();
  options.readers = 1;
  ASSIGN_OR_RETURN(server->storage_, Storage::Open(options, *random));
  WriterOptions writing;
  writing.own_thread = false;
  writing.checkpoint_bytes = 1;  // After each commit.
  ASSIGN_OR_RETURN(server->writer_,
                   Writer::Start(server->storage_.get(), clock, random, ApplyRecord, nullptr, std::move(writing)));
  IntakeOptions intake;
  intake.free_bytes = [](const std::string&) -> absl::StatusOr<uint64_t> { return kRoomBytes; };
  server->intake_ = std::make_unique<AttachmentIntake>(AttachmentFolder(options.path), std::move(intake));
  RETURN_IF_ERROR(server->authenticator_.AdmitStored(*server->storage_));
  server->parts_ = std::make_unique<ServerParts>(
      ServerParts{*server->storage_, *server->writer_, server->authenticator_, server->signing_keys_, *clock, *random,
                  nullptr, "crash", clock->Now().wall_time_us, nullptr, server->intake_.get()});
  return server;
}

Scope QuietServer::Device(const std::string& device) {
  authenticator_.Admit(Role::kDevice, device, HashSecret("the token of " + device));
  return *authenticator_.Authenticate(kDeviceMethod, "Bearer the token of " + device);
}

Scope QuietServer::Administrator() {
  authenticator_.Admit(Role::kAdmin, "a1", HashSecret("the administrator's token"));
  return *authenticator_.Authenticate(kAdminMethod, "Bearer the administrator's token");
}

absl::Status QuietServer::Push(const testing::FieldPhone& phone, uint64_t first, uint64_t last, int64_t now_us) {
  ASSIGN_OR_RETURN(std::unique_ptr<PreparedFrame> frame,
                   PrepareFrame(phone.Frame(first, last, now_us), phone.device()));
  const absl::StatusOr<FrameAnswer> answer = Wait<FrameAnswer>([&](const CallDone<FrameAnswer>& done) {
    if (!writer_->SubmitFrame(std::move(frame), done)) done(absl::ResourceExhaustedError("busy"));
  });
  RETURN_IF_ERROR(answer.status());
  if (answer->mark.received_through() >= last) return absl::OkStatus();
  return absl::AbortedError(absl::StrCat("received through ", answer->mark.received_through()));
}

absl::Status QuietServer::BackUp(const std::string& name) {
  BackupJob job(*parts_);
  RETURN_IF_ERROR(job.Start(name).status());
  ASSIGN_OR_RETURN(const v1::Backup backup, job.Wait());
  return backup.phase() == v1::BACKUP_PHASE_DONE ? absl::OkStatus() : absl::AbortedError(backup.error());
}

absl::Status QuietServer::SweepAll() {
  const auto is_known = [this](absl::string_view sha256) -> absl::StatusOr<bool> {
    bool known = false;
    RETURN_IF_ERROR(storage_->Read("an attachment", [&](SqlSession& sql) -> absl::Status {
      ASSIGN_OR_RETURN(const auto row, FindAttachment(sql, sha256));
      known = row.has_value();
      return absl::OkStatus();
    }));
    return known;
  };
  return intake_->files().Sweep(kFarFutureUs, is_known).status();
}

std::string QuietServer::Examine(const std::string& when) {
  if (const absl::Status whole = storage_->writer().database().CheckIntegrity(); !whole.ok()) {
    return absl::StrCat(when, ": ", whole.ToString());
  }
  const absl::StatusOr<RebuildReport> report = Rebuild(*storage_, *random_, ApplyRecord);
  if (!report.ok()) return absl::StrCat("rebuilding ", when, ": ", report.status().ToString());
  if (report->differences.empty()) return "";
  return absl::StrCat("rebuilt ", when, ", this differs: ", report->differences[0]);
}

}  // namespace doorstep::crash
