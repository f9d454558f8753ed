// How the simulated office dies, and goes back to what a backup has of it.
#include <filesystem>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/services/backup_job.h"
#include "server/storage/attachment_files.h"
#include "server/storage/backup_file.h"
#include "server/storage/durable_file.h"
#include "server/storage/restore.h"
#include "tests/sim/sim_server.h"

namespace doorstep::sim {
namespace {

// A process dies within so many writes: about the length of a commit.
constexpr int64_t kDiesWithinOperations = 24;
// In a thousand: a piece of an attachment was being written when the power went.
constexpr int64_t kTornPiece = 300;

}  // namespace

void SimServer::DieSoon(bool power) {
  if (!up()) return;
  power_cut_ |= power;
  disk_.DieAfter(world_->Draw(kDiesWithinOperations));
  if (disk_.dead()) Die();
}

void SimServer::Die() {
  world_->Note("server", power_cut_ ? "loses power" : "is killed");
  Close();
  if (std::exchange(power_cut_, false)) {
    // What is torn depends on how much was being written, which must not change what happens next.
    SeededRandom torn(world_->random().Below(UINT64_MAX));
    disk_.ReviveAfterPowerCut(torn);
    TearPieces();
  } else {
    disk_.Revive();
  }
  world_->After(world_->Between(1, 120) * kSecond, [this] { Start(); });
}

// The power may have gone while a piece was written: the file is longer already, and what it is longer by is not there.
void SimServer::TearPieces() {
  const std::filesystem::path partial = AttachmentFolder(Database()) + "/partial";
  if (!std::filesystem::exists(partial)) return;
  std::set<std::filesystem::path> pieces;  // In an order that is the same each time.
  for (const auto& piece : std::filesystem::directory_iterator(partial)) pieces.insert(piece.path());
  for (const std::filesystem::path& piece : pieces) {
    if (!world_->aside().Chance(kTornPiece)) continue;
    std::filesystem::resize_file(piece, std::filesystem::file_size(piece) + world_->aside().Between(1, 4096));
  }
}

// With the disk on which they are. Those that any backup named stand beside the backups.
void SimServer::LoseAttachments() {
  const std::string folder = AttachmentFolder(Database());
  if (std::filesystem::exists(folder) && world_->aside().Chance(500)) std::filesystem::remove_all(folder);
}

void SimServer::Mend() {
  SetFull(false);
  if (up()) disk_.Revive();  // It was to die, and does not.
  power_cut_ = false;
  Start();
}

void SimServer::BackUp() {
  if (!up() || full_) return;
  // The job has a thread of its own, in which nobody else's requests are to be answered.
  while (writer_->RunGroup()) continue;
  if (disk_.dead()) return Die();
  const std::string name = absl::StrCat("backup-", ++backups_);
  absl::StatusOr<v1::Backup> backup;
  {
    BackupJob job(*parts_);
    backup = job.Start(name);
    if (backup.ok()) backup = job.Wait();
  }
  // The server may have died when the backup was good already, and even after phones were told.
  const std::string path = absl::StrCat(BackupFolder(Database()), "/", name);
  if (FileExists(path)) backup_ = path;
  world_->Note("server", absl::StrCat("makes ", name, FileExists(path) ? "" : " in vain"));
  if (disk_.dead()) return Die();
  if (!backup.ok() || backup->phase() != v1::BACKUP_PHASE_DONE) {
    world_->Violate("wrong", absl::StrCat("no backup: ", backup.ok() ? backup->error() : backup.status().ToString()));
  }
}

void SimServer::GoBack(bool by_hand) {
  if (up()) {
    disk_.DieAfter(0);
    Die();
  }
  if (by_hand) {
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(Database() + suffix);
    std::filesystem::copy_file(backup_, Database());
  } else {
    LoseAttachments();
    const absl::StatusOr<RestoreReport> report = RestoreBackup(backup_, Database(), random_);
    if (!report.ok()) world_->Violate("stuck", absl::StrCat("no restore: ", report.status().ToString()));
  }
  disk_.ForgetFiles();
  acknowledged_.clear();
  held_.WentBack();
  ++setbacks_;
  world_->Note("server",
               absl::StrCat("goes back to ", backup_.substr(backup_.rfind('/') + 1), by_hand ? " by hand" : ""));
  Start();
}

}  // namespace doorstep::sim
