#include "tests/sim/attached_bytes.h"

#include <optional>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/random.h"
#include "client_core/base/sha256.h"
#include "client_core/base/status.h"
#include "client_core/rules/named_attachments.h"
#include "server/services/received_entries.h"
#include "server/storage/attachment_files.h"
#include "server/storage/attachment_table.h"
#include "server/storage/device_table.h"
#include "server/storage/durable_file.h"

namespace doorstep::sim {
namespace {

std::string Named(const std::string& sha256) {
  return absl::StrCat("attachment ", absl::BytesToHexString(sha256.substr(0, 4)));
}

// Says what is wrong with it; empty: nothing.
absl::StatusOr<std::string> LookAt(SqlSession& sql, const std::string& folder, const AttachmentRow& row) {
  const std::string path = AttachmentPath(folder, row.sha256);
  if (FileExists(path)) {
    ASSIGN_OR_RETURN(const std::string hash, HashFile(path));
    if (hash != row.sha256) return absl::StrCat(Named(row.sha256), " is not what its hash says");
  }
  ASSIGN_OR_RETURN(const std::vector<DeviceRow> devices, ListDevices(sql, 0, 1000));
  for (const DeviceRow& device : devices) {
    if (device.n != row.device) continue;
    ASSIGN_OR_RETURN(const auto found, FindReceivedEntry(sql, MakePosition(device.id, row.epoch, row.seq)));
    v1::LogEntry entry;
    if (found.has_value() && entry.ParseFromString(found->envelope.entry()) &&
        NamesAttachment(entry, row.sha256, row.size)) {
      return std::string();
    }
    // The server does not look into it, so that it may name anything.
    if (found.has_value() && found->envelope.opaque()) return std::string();
    return absl::StrCat(Named(row.sha256), " stands under ", device.id, ".", row.epoch, ".", row.seq,
                        ", which does not name it");
  }
  return absl::StrCat(Named(row.sha256), " came from nobody");
}

}  // namespace

std::string ContentOf(const Photo& photo) { return SeededRandom(photo.seed).Bytes(photo.size); }

std::string Sha256(absl::string_view bytes) {
  SodiumSha256 hasher;
  hasher.Update(bytes);
  const Hash hash = hasher.Finish();
  return std::string(AsBytes(hash));
}

bool IsAtOffice(SimServer& server, const std::string& sha256) {
  std::optional<AttachmentRow> row;
  const absl::Status read = server.storage().Read("an attachment", [&](SqlSession& sql) -> absl::Status {
    ASSIGN_OR_RETURN(row, FindAttachment(sql, sha256));
    return absl::OkStatus();
  });
  return read.ok() && row.has_value() && server.attachments().IsWhole(sha256, row->size);
}

void CheckAttachments(World& world, SimServer& server, const std::set<std::string>& attached) {
  const std::string folder = server.attachments().folder();
  const absl::Status read = server.storage().Read("attachments", [&](SqlSession& sql) -> absl::Status {
    std::vector<AttachmentRow> rows;
    RETURN_IF_ERROR(ForEachAttachment(sql, [&rows](const AttachmentRow& row) {
      rows.push_back(row);
      return absl::OkStatus();
    }));
    for (const AttachmentRow& row : rows) {
      if (attached.count(row.sha256) == 0) world.Violate("wrong", Named(row.sha256) + " was added by nobody");
      ASSIGN_OR_RETURN(const std::string wrong, LookAt(sql, folder, row));
      if (!wrong.empty()) world.Violate("wrong", wrong);
    }
    return absl::OkStatus();
  });
  if (!read.ok()) world.Violate("wrong", absl::StrCat("reading attachments: ", read.ToString()));
}

}  // namespace doorstep::sim
