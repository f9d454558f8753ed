// How a simulated phone adds photos and signatures, as the session does it, and lets entries name them.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client_core/base/sha256.h"
#include "tests/sim/attached_bytes.h"
#include "tests/sim/sim_phone.h"

namespace doorstep::sim {
namespace {

v1::LogEntry Naming(const Attachment& what) {
  v1::LogEntry entry;
  if (what.signature) {
    entry.mutable_signature_captured()->set_signer("customer");
    entry.mutable_signature_captured()->set_sha256(Sha256(ContentOf(what.photo)));
    return entry;
  }
  v1::AttachmentAdded& added = *entry.mutable_attachment_added();
  added.set_sha256(Sha256(ContentOf(what.photo)));
  added.set_size_bytes(what.photo.size);
  added.set_content_type("image/jpeg");
  if (what.preview.has_value()) {
    added.set_preview_sha256(Sha256(ContentOf(*what.preview)));
    added.set_preview_size_bytes(what.preview->size);
  }
  return entry;
}

}  // namespace

bool SimPhone::Keeps(const std::string& sha256) {
  if (!running()) return false;
  v1::AttachmentReadRequest request;
  request.set_sha256(sha256);
  return store_->attachments().Read(request).ok();
}

// False: it is not here, or the process died over it.
bool SimPhone::AddBytes(const Photo& photo, v1::AttachmentKind kind, std::vector<std::string>& attached) {
  const std::string content = ContentOf(photo);
  SodiumSha256 hasher;
  hasher.Update(content);
  const Hash hash = hasher.Finish();
  observer_->Added(std::string(AsBytes(hash)));
  if (absl::IsResourceExhausted(store_->CanFetch())) return false;
  const auto added = store_->attachments().Add(content, hash, kind, "image/jpeg", Now().wall_time_us);
  if (disk_.dead()) return false;
  if (!added.ok()) {
    if (!absl::IsResourceExhausted(added.status())) {
      world_->Violate("lost", absl::StrCat(name_, " refuses an attachment: ", added.status().ToString()));
    }
    return false;
  }
  world_->Note(name_, absl::StrCat("adds ", content.size(), " bytes", added->repeated() ? " (repeated)" : ""));
  attached.push_back(std::string(AsBytes(hash)));
  queue_->Post(Urgency::kNetwork, [this] { driver_->AttachmentsChanged(); });
  WakeSoon();
  return true;
}

bool SimPhone::AddAll(const Attachment& what, std::vector<std::string>& attached) {
  const bool whole = AddBytes(what.photo, v1::ATTACHMENT_KIND_ORIGINAL, attached) &&
                     (!what.preview.has_value() || AddBytes(*what.preview, v1::ATTACHMENT_KIND_PREVIEW, attached));
  LookForDeath();
  return whole;
}

void SimPhone::Attach(const Attachment& what, const std::string& visit) {
  if (!PickUp()) return;
  v1::AppendRequest request = RequestOf(Naming(what), visit);
  std::vector<std::string> attached;
  if (what.entry_first) {
    const std::optional<EntryKey> key = Append(request, std::nullopt, {});
    if (!key.has_value() || !running()) return;
    AddAll(what, attached);
    observer_->Names(*key, attached);
  } else if (AddAll(what, attached)) {
    Append(request, std::nullopt, attached);
  }
}

std::string SimPhone::AttachmentUnrest() {
  const absl::StatusOr<AttachmentCounts> counts = store_->attachments().Counts();
  const absl::StatusOr<AttachmentWork> work = store_->attachments().Work(store_->journal(), Now().wall_time_us);
  if (!counts.ok() || !work.ok()) return absl::StrCat(name_, " cannot read its attachments");
  if (counts->queued > 0) return absl::StrCat(name_, " has ", counts->queued, " attachments queued");
  return work->ask ? absl::StrCat(name_, " does not know what the office has of its attachments") : "";
}

void SimPhone::SetMetered(bool metered) { Notify(metered ? Notice::kMetered : Notice::kUnmetered); }

}  // namespace doorstep::sim
