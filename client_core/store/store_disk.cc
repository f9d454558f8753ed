// What happens when the disk is full: recording goes on in the room of the reserve, and nothing is fetched.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "client_core/sqlite/filler.h"
#include "client_core/store/local_store.h"

namespace doorstep {
namespace {

// For marks and rows, beside the reserve.
constexpr int64_t kRoomBytesLeast = 1000000;
constexpr int64_t kMegabyte = 1000000;

}  // namespace

// What CanFetch() needs before it says yes.
std::string LocalStore::MakeRoomWords() const {
  const int64_t reserve_bytes = reserve_.held() ? 0 : options_.reserve_bytes / 4 * 5;
  const int64_t needed_bytes = reserve_bytes + std::max(page_room_bytes_, kRoomBytesLeast);
  return absl::StrCat("make some room on the phone: at least ", (needed_bytes + kMegabyte - 1) / kMegabyte,
                      " MB are needed");
}

absl::Status LocalStore::WithReserve(const std::function<absl::Status()>& write) {
  absl::Status status = write();
  if (!absl::IsResourceExhausted(status) || !reserve_.GiveUp()) return status;
  disk_full_ = absl::StrCat(
      "the disk is full: the room that was kept for this is used, so that recording goes on, and nothing is fetched; ",
      MakeRoomWords());
  Log(options_.log, LogLevel::kWarning, disk_full_);
  return write();
}

absl::Status LocalStore::CanFetch() {
  if (!reserve_.held()) {
    const absl::Status made = reserve_.Make();
    if (absl::IsResourceExhausted(made)) {
      return NothingIsFetched("the disk is nearly full: what is left is kept for recording");
    }
    // Not for want of room: the next entry may fit without it.
    if (!made.ok())
      Log(options_.log, LogLevel::kWarning, absl::StrCat("no room is kept for a full disk: ", made.message()));
  }
  RETURN_IF_ERROR(HasRoomForPage());
  if (!disk_full_.empty()) Log(options_.log, LogLevel::kInfo, "there is room on the disk again");
  disk_full_.clear();
  return absl::OkStatus();
}

// After one that did not fit. Takes the room for a moment, which is the only way to know.
absl::Status LocalStore::HasRoomForPage() {
  if (page_room_bytes_ == 0) return absl::OkStatus();
  const sqlite::Filler room{Path("room"), options_.vfs};
  const absl::Status taken = sqlite::MakeFiller(room, page_room_bytes_, 0);
  if (absl::IsResourceExhausted(taken)) return NothingIsFetched("the disk is full: what the office sends does not fit");
  (void)sqlite::RemoveFiller(room);
  page_room_bytes_ = 0;  // Also when it cannot be told: then the page tells.
  return absl::OkStatus();
}

absl::Status LocalStore::NothingIsFetched(absl::string_view why) {
  if (disk_full_.empty()) {
    disk_full_ = absl::StrCat(why, ", and nothing is fetched; ", MakeRoomWords());
    Log(options_.log, LogLevel::kWarning, disk_full_);
  }
  return absl::ResourceExhaustedError(disk_full_);
}

void LocalStore::NoteDiskFull() { (void)NothingIsFetched("the disk is full: what the office sends does not fit"); }

absl::Status LocalStore::NoteContact(int64_t server_time_us) {
  return replica_->NoteContact(server_time_us, /*write=*/reserve_.held());
}

absl::Status LocalStore::NoteNotKnown() { return replica_->NoteNotKnown(/*write=*/reserve_.held()); }

absl::Status LocalStore::NoteHeads(const std::vector<v1::FeedHead>& heads, const std::string& generation,
                                   int64_t server_time_us) {
  return replica_->NoteHeads(heads, generation, server_time_us, /*write=*/reserve_.held());
}

absl::Status LocalStore::Checkpoint() {
  // A log that is emptied has to grow again, for which a full disk may not have the room.
  if (!reserve_.held()) {
    RETURN_IF_ERROR(journal_db_->Checkpoint());
    return replica_db_->Checkpoint();
  }
  RETURN_IF_ERROR(journal_db_->CheckpointAll());
  RETURN_IF_ERROR(attachments_->Checkpoint());
  return replica_db_->CheckpointAll();
}

}  // namespace doorstep
