#include "tests/crash/photos.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "server/services/attachment_calls.h"
#include "server/storage/attachment_files.h"
#include "server/storage/attachment_table.h"
#include "server/storage/durable_file.h"
#include "tests/support/office.h"
#include "tests/support/photo.h"

namespace doorstep::crash {
namespace {

constexpr uint64_t kPieceBytes = 700;  // No whole number of sectors.

std::string BytesOf(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

v1::AttachmentClaim ClaimOf(const CrashPhoto& photo) {
  v1::AttachmentClaim claim;
  claim.set_sha256(photo.sha256);
  claim.set_size_bytes(photo.bytes.size());
  claim.set_kind(v1::ATTACHMENT_KIND_ORIGINAL);
  claim.set_epoch(1);
  claim.set_seq(photo.seq);
  return claim;
}

absl::StatusOr<uint64_t> Put(QuietServer& server, const Scope& scope, const CrashPhoto& photo, uint64_t from,
                             uint64_t to) {
  v1::PutChunkRequest request;
  *request.mutable_attachment() = ClaimOf(photo);
  request.set_offset(from);
  request.set_data(photo.bytes.substr(from, std::min(kPieceBytes, to - from)));
  ASSIGN_OR_RETURN(const v1::PutChunkResponse response,
                   server.Wait<v1::PutChunkResponse>([&](const CallDone<v1::PutChunkResponse>& done) {
                     PutChunkCall(server.parts(), scope, request, done);
                   }));
  const v1::AttachmentProgress& progress = response.progress();
  const v1::AttachmentState state = progress.state();
  if (state == v1::ATTACHMENT_STATE_DISK_FULL) return absl::ResourceExhaustedError(progress.message());
  if (state == v1::ATTACHMENT_STATE_STORED) return photo.bytes.size();
  if (state == v1::ATTACHMENT_STATE_MISMATCH) return 0;
  if (state != v1::ATTACHMENT_STATE_RECEIVING) return absl::InternalError(progress.message());
  return progress.stored_through();
}

}  // namespace

CrashPhoto TakePhoto(testing::FieldPhone& phone, const std::string& visit, size_t bytes, unsigned seed,
                     int64_t time_us) {
  CrashPhoto photo;
  photo.bytes = testing::Photo(bytes, seed);
  photo.sha256 = testing::HashOf(photo.bytes);
  v1::LogEntry entry;
  v1::AttachmentAdded& added = *entry.mutable_attachment_added();
  added.set_sha256(photo.sha256);
  added.set_size_bytes(bytes);
  added.set_content_type("image/jpeg");
  added.set_title("the valve");
  photo.seq = phone.Record(std::move(entry), visit, time_us);
  return photo;
}

absl::StatusOr<PhotoOffice> PreparePhotos(const std::string& folder, const std::vector<size_t>& bytes,
                                          uint64_t received) {
  constexpr int64_t kMorning = testing::kMonday + 7 * testing::kHour;
  testing::Office office;
  office.clock().Set(kMorning);
  office.AddAccount("mill");
  PhotoOffice made{office.AddPhone("ana"), {}};
  office.Plan("v1", "mill", "ana", 8);
  for (size_t i = 0; i < bytes.size(); ++i) {
    made.photos.push_back(
        TakePhoto(made.phone, "v1", bytes[i], static_cast<unsigned>(i + 1), kMorning + testing::kHour));
  }
  RETURN_IF_ERROR(office.Push(made.phone, 1, received == 0 ? made.phone.size() : received).status());
  CopyOffice(office, folder);
  return made;
}

absl::Status SendPhoto(QuietServer& server, const std::string& device, const CrashPhoto& photo, uint64_t through) {
  const Scope scope = server.Device(device);
  v1::CheckAttachmentsRequest request;
  *request.add_attachments() = ClaimOf(photo);
  ASSIGN_OR_RETURN(const v1::CheckAttachmentsResponse checked, CheckAttachmentsCall(server.parts(), scope, request));
  const v1::AttachmentProgress& before = checked.progress(0);
  if (before.state() == v1::ATTACHMENT_STATE_STORED) return absl::OkStatus();
  uint64_t came = before.stored_through();
  // All of it has come, and not whole: an empty piece makes the server look at it again.
  bool again = came >= photo.bytes.size();
  for (int begun_anew = 0; came < through || again;) {
    ASSIGN_OR_RETURN(const uint64_t now, Put(server, scope, photo, came, through));
    again = false;
    if (now <= came && ++begun_anew > 1) return absl::AbortedError(absl::StrCat("it does not get beyond ", came));
    came = now;
  }
  return absl::OkStatus();
}

uint64_t CameThrough(const std::string& attachments, const std::string& device, const CrashPhoto& photo) {
  std::string bytes = BytesOf(AttachmentPath(attachments, photo.sha256));
  if (bytes.empty()) {
    bytes = BytesOf(absl::StrCat(attachments, "/partial/", absl::BytesToHexString(photo.sha256), ".", device));
  }
  const size_t common = std::min(bytes.size(), photo.bytes.size());
  return static_cast<uint64_t>(
      std::mismatch(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(common), photo.bytes.begin()).first -
      bytes.begin());
}

absl::StatusOr<std::vector<std::string>> AllThere(SqlSession& sql, const std::string& attachments) {
  std::vector<std::string> hashes;
  RETURN_IF_ERROR(ForEachAttachment(sql, [&](const AttachmentRow& row) -> absl::Status {
    const std::string path = AttachmentPath(attachments, row.sha256);
    if (!FileExists(path)) return absl::InternalError(absl::StrCat(path, ": gone, and the database names it"));
    if (testing::HashOf(BytesOf(path)) != row.sha256) return absl::InternalError(absl::StrCat(path, ": damaged"));
    hashes.push_back(row.sha256);
    return absl::OkStatus();
  }));
  return hashes;
}

size_t CountFiles(const std::string& attachments) {
  size_t files = 0;
  std::error_code error;
  for (const auto& file : std::filesystem::recursive_directory_iterator(attachments, error)) {
    files += file.is_regular_file(error) ? 1 : 0;
  }
  return files;
}

}  // namespace doorstep::crash
