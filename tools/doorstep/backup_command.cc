// doorstep backup and doorstep restore: the copy that a company needs on the day its server's disk is gone.
#include <chrono>
#include <filesystem>
#include <memory>
#include <system_error>
#include <thread>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client_core/base/ids.h"
#include "client_core/base/random.h"
#include "client_core/base/status.h"
#include "doorstep/v1/admin_service.pb.h"
#include "google/protobuf/struct.pb.h"
#include "server/storage/backup_file.h"
#include "server/storage/restore.h"
#include "tools/doorstep/civil_time.h"
#include "tools/doorstep/commands.h"
#include "tools/doorstep/errors.h"
#include "tools/doorstep/output.h"
#include "tools/doorstep/progress.h"
#include "tools/doorstep/text.h"

namespace doorstep::cli {
namespace {

constexpr std::chrono::milliseconds kAskAgain(200);
constexpr uint64_t kMegabyte = 1000 * 1000;

struct RestoreArgs {
  std::string file;
  std::string data;
};

bool UnderWay(const v1::Backup& backup) {
  return backup.phase() == v1::BACKUP_PHASE_COPYING || backup.phase() == v1::BACKUP_PHASE_VERIFYING;
}

std::string HowFar(const v1::Backup& backup) {
  if (backup.phase() == v1::BACKUP_PHASE_VERIFYING) return "verifying: everything in it is made again and compared";
  return absl::StrCat("copied ", Grouped(backup.bytes_done() / kMegabyte), " of ",
                      Grouped(backup.bytes_total() / kMegabyte), " MB");
}

absl::StatusOr<v1::Backup> MakeBackup(const std::string& name, const Tools& tools) {
  v1::StartBackupRequest start;
  start.set_name(name);
  v1::StartBackupResponse started;
  absl::Status begun = tools.connection->Call(&start, &started);
  if (absl::IsAlreadyExists(begun)) return WithTry(begun, "another name; a backup is never written over");
  if (absl::IsFailedPrecondition(begun)) return WithTry(begun, "doorstep backup again, when that one is done");
  RETURN_IF_ERROR(begun);
  v1::Backup backup = started.backup();
  Progress progress("Backing up");
  while (UnderWay(backup)) {
    progress.Update(HowFar(backup));
    std::this_thread::sleep_for(kAskAgain);
    v1::GetBackupRequest ask;
    v1::GetBackupResponse answer;
    RETURN_IF_ERROR(tools.connection->Call(&ask, &answer));
    if (answer.backup().started_time_us() != backup.started_time_us() || answer.backup().name() != name) {
      return WithTry(absl::AbortedError("the server was restarted while it made the backup"), "doorstep backup again");
    }
    backup = answer.backup();
  }
  if (backup.phase() == v1::BACKUP_PHASE_DONE) return backup;
  return WithTry(absl::InternalError(absl::StrCat("no backup was made: ", backup.error())),
                 "the server's log, and space on its disk; then doorstep server rebuild, which looks at the live file");
}

absl::Status Backup(const std::string& name, const Tools& tools) {
  absl::Status plain = CheckBackupName(name);
  if (!plain.ok()) return UsageError(plain.message(), "doorstep backup monday.backup; then copy the file elsewhere");
  ASSIGN_OR_RETURN(const v1::Backup backup, MakeBackup(name, tools));
  if (tools.globals->json) return PrintJson(backup);
  Say(absl::StrCat("Backed up ", Count(backup.entries(), "entry", "entries"), " and ",
                   Count(backup.commands(), "command", "commands"), " in ", ShowDuration(backup.duration_us()), ": ",
                   Coloured("verified, equal when made again", Colour::kGood), "."));
  Say(absl::StrCat("On the server: ", backup.path(), ", ", Grouped(backup.bytes_total()), " bytes"));
  Say(absl::StrCat("SHA-256 (beside it in ", backup.name(), ".sha256): ", absl::BytesToHexString(backup.sha256())));
  if (backup.attachments() > 0) {
    Say(absl::StrCat(Count(backup.attachments(), "photo or document stands", "photos and documents stand"),
                     " beside it, in the folder attachments."));
  }
  if (backup.attachments_missing() > 0) {
    Say(Coloured(absl::StrCat(Count(backup.attachments_missing(), "photo or document is", "photos and documents are"),
                              " not in it: the server's file is gone or damaged. Phones that still have them send "
                              "them again:"),
                 Colour::kBad));
    for (const v1::MissingAttachment& one : backup.missing()) {
      Say(absl::StrCat("  ", absl::BytesToHexString(one.sha256()),
                       one.has_position() ? absl::StrCat(", named by ", FormatPosition(one.position())) : "",
                       one.visit_id().empty() ? "" : absl::StrCat(", visit ", one.visit_id())));
    }
    const uint64_t more = backup.attachments_missing() - static_cast<uint64_t>(backup.missing_size());
    if (more > 0) Say(absl::StrCat("  and ", more, " more"));
  }
  Say(absl::StrCat(backup.attachments() > 0 ? "Copy both files and that folder" : "Copy both files",
                   " to another machine. Phones may now forget what is in it, when it is older than 7 days."));
  return absl::OkStatus();
}

absl::Status Explain(const absl::Status& failed) {
  if (absl::IsFailedPrecondition(failed) && absl::StrContains(failed.message(), "another server")) {
    return WithTry(failed, "ending the server (SIGTERM to doorstepd) first: a restore needs its folder for itself");
  }
  if (absl::IsNotFound(failed)) return WithTry(failed, "the path of a file that `doorstep backup` made");
  if (absl::IsDataLoss(failed)) return WithTry(failed, "another backup, or another copy of this one");
  if (absl::IsResourceExhausted(failed)) return WithTry(failed, "again, with space on the disk for the whole backup");
  return WithTry(failed, "a file that `doorstep backup` made, with rights to read it and to write into the folder");
}

absl::Status PrintRestored(const RestoreReport& report) {
  google::protobuf::Struct object;
  auto& fields = *object.mutable_fields();
  fields["generation"].set_string_value(report.generation);
  fields["last_commit_time_us"].set_string_value(absl::StrCat(report.last_commit_us));
  fields["entries"].set_string_value(absl::StrCat(report.entries));
  fields["commands"].set_string_value(absl::StrCat(report.commands));
  fields["devices"].set_string_value(absl::StrCat(report.devices));
  fields["attachments"].set_string_value(absl::StrCat(report.attachments));
  fields["attachments_missing"].set_string_value(absl::StrCat(report.attachments_missing));
  fields["set_aside"].set_string_value(report.set_aside);
  fields["checksum_compared"].set_bool_value(report.checksum_compared);
  return PrintJson(object);
}

absl::Status Restore(const RestoreArgs& args, const Tools& tools) {
  const std::string folder(absl::StripSuffix(args.data, "/"));
  std::error_code ignored;
  if (std::filesystem::is_regular_file(folder, ignored)) {
    return WithTry(
        absl::FailedPreconditionError(absl::StrCat(folder, " is a file, and the data folder must be a folder")),
        "--data DIR, the folder that doorstepd uses or shall use");
  }
  SystemRandom random;
  absl::StatusOr<RestoreReport> report = absl::UnknownError("");
  {
    const Progress progress("Restoring");
    report = RestoreBackup(args.file, absl::StrCat(folder, "/doorstep.db"), random);
  }
  if (!report.ok()) return Explain(report.status());
  if (tools.globals->json) return PrintRestored(*report);
  const std::string until =
      report->last_commit_us == 0 ? std::string("the beginning") : ShowTime(report->last_commit_us);
  Say(absl::StrCat("Restored ", folder, " as it was at ", until, ": ", Count(report->entries, "entry", "entries"),
                   " and ", Count(report->commands, "command", "commands"), "."));
  if (report->attachments_missing > 0) {
    Say(absl::StrCat(Count(report->attachments_missing, "photo or document is", "photos and documents are"),
                     " neither here nor beside the backup; phones that still have them send them again."));
  }
  if (!report->checksum_compared) {
    Say(Coloured(absl::StrCat("No ", args.file,
                              ".sha256 was there to compare with: when doorstepd runs, "
                              "`doorstep server rebuild` tells whether anything in it has changed."),
                 Colour::kWarning));
  }
  if (!report->set_aside.empty()) {
    Say(absl::StrCat("What was there before is kept as ", report->set_aside, "; delete it when all is well."));
  }
  Say();
  Say("When doorstepd runs again:");
  Say("  - phones see the new generation and send again, by themselves, what the office has lost;");
  Say(absl::StrCat("  - what the office did after ", until,
                   " is lost and has to be done again: visits, plans, assignments, imports, "
                   "invitations. Entries for visits that are missing wait in quarantine for them;"));
  Say("  - a phone that was enrolled after that is not known. It keeps what it recorded;");
  Say("  - if this tool is refused, its token is newer than the backup: doorstepd --new-admin-token.");
  return absl::OkStatus();
}

}  // namespace

void RegisterBackup(Command root, const Tools& tools) {
  auto name = std::make_shared<std::string>();
  Command backup = root.Leaf("backup", "Makes and verifies a copy of everything the server holds, while it serves",
                             {"doorstep backup monday.backup", "",
                              "The server writes it into the folder `backups` of its data folder (mode 0600)",
                              "and never over another. `doorstep restore` puts it in place."});
  backup.Positional("FILE", name.get(), "The file's name, without a folder");
  backup.Does([name, tools] { return Backup(*name, tools); });
}

void RegisterRestore(Command root, const Tools& tools) {
  auto args = std::make_shared<RestoreArgs>();
  Command restore = root.LeafHere(
      "restore", "Puts a backup in the place of a server's data, while the server is stopped",
      {"doorstep restore /mnt/backups/monday.backup --data /var/lib/doorstep", "",
       "Run it as the user that doorstepd runs as. Nothing is deleted: what was there",
       "is set aside. Phones send again what the backup does not have; what the office", "did since then is lost."});
  restore.Positional("FILE", &args->file, "A file that `doorstep backup` made");
  restore.RequiredOption("data", "DIR", &args->data, "The data folder of doorstepd; made when it is not there");
  restore.Does([args, tools] { return Restore(*args, tools); });
}

}  // namespace doorstep::cli
