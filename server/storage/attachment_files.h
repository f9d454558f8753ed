// The bytes of attachments, as files beside the database:
//
//   attachments/ab/abcd...            whole: equal to its name, a SHA-256, durable, never changed again
//   attachments/partial/abcd....d7    what has come of one from device d7
//   attachments/damaged/abcd...       was whole once, and is no longer equal to its name: for people to look at
//
// Files and not rows of the database, because photos are most of a company's bytes and nothing that is folded or
// rebuilt needs them: the writer never waits for one, the database stays small enough to be copied and made again every
// day, and a backup takes a file that never changes by linking it.
//
// Invariants: a whole file has been compared with its hash; what Put answered as stored survives a power cut; one that
// fails, a full disk included, leaves what was there before it.
// Thread-safe: calls for one hash wait for each other.
#ifndef DOORSTEP_SERVER_STORAGE_ATTACHMENT_FILES_H_
#define DOORSTEP_SERVER_STORAGE_ATTACHMENT_FILES_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client_core/base/mutex.h"

namespace doorstep {

// Where the attachments of the database, or of the backup, at `database` stand: the folder beside it.
std::string AttachmentFolder(const std::string& database);
// Of a whole attachment inside such a folder.
std::string AttachmentPath(const std::string& folder, absl::string_view sha256);

class AttachmentFiles {
 public:
  // How many bytes the disk of a folder has left for us.
  using FreeBytes = std::function<absl::StatusOr<uint64_t>(const std::string& folder)>;

  struct Piece {
    std::string device;  // Letters and digits.
    std::string sha256;  // 32 bytes.
    uint64_t size = 0;   // Of the whole.
    uint64_t offset = 0;
    absl::string_view data;
  };
  enum class Outcome { kReceiving, kWhole, kMismatch, kDiskFull };
  struct Result {
    Outcome outcome = Outcome::kReceiving;
    uint64_t stored_through = 0;
    uint64_t added = 0;  // Bytes that were not there before.
  };

  // `folder` is made with the first attachment. `free_bytes` empty: the file system's word.
  explicit AttachmentFiles(std::string folder, FreeBytes free_bytes = {});

  // Adds what of the piece is next and answers how far it is. `now_us` becomes the time of its file.
  absl::StatusOr<Result> Put(const Piece& piece, int64_t now_us);

  // Bytes that have come from this device; 0: none. The whole size when it is whole.
  uint64_t StoredThrough(absl::string_view device, absl::string_view sha256, uint64_t size) const;
  bool IsWhole(absl::string_view sha256, uint64_t size) const;
  // Compares a whole file with its name. False: there is none, or they differ and it is set aside: from then on it
  // counts as gone, and a phone that still has it sends it again.
  absl::StatusOr<bool> IsGood(absl::string_view sha256);
  // The same; and one that is good gets the time `now_us`, so that no sweep takes it before it is known.
  absl::StatusOr<bool> KeepIfGood(absl::string_view sha256, int64_t now_us);

  // At most `length` bytes from `offset`. NOT_FOUND: no such file.
  absl::StatusOr<std::string> Read(absl::string_view sha256, uint64_t offset, size_t length) const;

  // Deletes partial files that nobody has added to, whole ones that `is_known` denies, and damaged ones that have come
  // again, when they are older than
  // limits::kAttachmentOrphanMicros before `now_us`. Returns how many.
  absl::StatusOr<uint64_t> Sweep(int64_t now_us,
                                 const std::function<absl::StatusOr<bool>(absl::string_view)>& is_known);

  const std::string& folder() const { return folder_; }

 private:
  std::string PartialPath(absl::string_view device, absl::string_view sha256) const;
  absl::StatusOr<Result> Complete(const Piece& piece, const std::string& partial, int64_t now_us, Result result);
  absl::StatusOr<bool> Compare(absl::string_view sha256);
  Mutex& LockOf(absl::string_view sha256) const;

  const std::string folder_;
  const FreeBytes free_bytes_;
  // What earlier processes left under names that they may not have made durable, is by now.
  std::atomic<bool> names_durable_{false};
  mutable std::array<Mutex, 16> locks_;
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_ATTACHMENT_FILES_H_
