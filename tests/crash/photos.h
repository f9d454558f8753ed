// Photos of a story: named by an entry, sent piece by piece, found again on a disk.
#ifndef DOORSTEP_TESTS_CRASH_PHOTOS_H_
#define DOORSTEP_TESTS_CRASH_PHOTOS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/storage/sql_session.h"
#include "tests/crash/quiet_server.h"

namespace doorstep::crash {

struct CrashPhoto {
  std::string bytes;
  std::string sha256;
  uint64_t seq = 0;  // Of the entry that names it, in epoch 1 of its phone.
};

// Records in `phone` that there is such a photo.
CrashPhoto TakePhoto(testing::FieldPhone& phone, const std::string& visit, size_t bytes, unsigned seed,
                     int64_t time_us);

// An office whose technician ana has taken photos on a visit of hers.
struct PhotoOffice {
  testing::FieldPhone phone;
  std::vector<CrashPhoto> photos;
};
// Puts its file into `folder`; it has received the first `received` entries, each of which names one photo (0: all),
// and no photo itself.
absl::StatusOr<PhotoOffice> PreparePhotos(const std::string& folder, const std::vector<size_t>& bytes,
                                          uint64_t received);

// As a phone does: asks how far it has come, and sends from there up to `through`, piece by piece. OK: the server has
// said so much.
absl::Status SendPhoto(QuietServer& server, const std::string& device, const CrashPhoto& photo, uint64_t through);
inline absl::Status SendPhoto(QuietServer& server, const std::string& device, const CrashPhoto& photo) {
  return SendPhoto(server, device, photo, photo.bytes.size());
}

// How many of its first bytes are in the server's folder, as they were sent.
uint64_t CameThrough(const std::string& attachments, const std::string& device, const CrashPhoto& photo);

// An error unless `attachments` has every file that the table of attachments names, undamaged. Returns their hashes.
absl::StatusOr<std::vector<std::string>> AllThere(SqlSession& sql, const std::string& attachments);
// How many files stand in it, partial ones and drafts too.
size_t CountFiles(const std::string& attachments);

}  // namespace doorstep::crash

#endif  // DOORSTEP_TESTS_CRASH_PHOTOS_H_
