#include "client_core/session/phone_events.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"

namespace doorstep {
namespace {

v1::PhoneEvent MakeEvent(v1::PhoneEvent::Kind kind, std::string text) {
  v1::PhoneEvent event;
  event.set_kind(kind);
  event.set_text(std::move(text));
  return event;
}

}  // namespace

v1::PhoneEvent SafeEvent(v1::JournalPosition position) {
  v1::PhoneEvent event =
      MakeEvent(v1::PhoneEvent::KIND_ENTRIES_SAFE, absl::StrCat("safe at the office up to ", FormatPosition(position)));
  *event.mutable_position() = std::move(position);
  return event;
}

v1::PhoneEvent CountedEvent(v1::JournalPosition position) {
  v1::PhoneEvent event =
      MakeEvent(v1::PhoneEvent::KIND_ENTRIES_COUNTED, absl::StrCat("counted up to ", FormatPosition(position)));
  *event.mutable_position() = std::move(position);
  return event;
}

bool NeedsAttention(const v1::Judgement& judgement) {
  return judgement.verdict() == v1::VERDICT_QUARANTINED || judgement.verdict() == v1::VERDICT_APPLIED_WITH_ATTENTION;
}

v1::PhoneEvent AttentionEvent(const v1::Judgement& judgement) {
  v1::PhoneEvent event =
      MakeEvent(v1::PhoneEvent::KIND_ENTRY_NEEDS_ATTENTION,
                absl::StrCat(judgement.message(), judgement.next().empty() ? "" : "; ", judgement.next()));
  *event.mutable_position() = judgement.position();
  event.set_visit_id(judgement.visit_id());
  return event;
}

bool IsSettled(const v1::Judgement& judgement) {
  return judgement.verdict() == v1::VERDICT_COUNTED || judgement.verdict() == v1::VERDICT_REPAIRED ||
         judgement.verdict() == v1::VERDICT_DISMISSED;
}

v1::PhoneEvent SettledEvent(const v1::Judgement& judgement) {
  const absl::string_view how = judgement.verdict() == v1::VERDICT_COUNTED    ? "counted"
                                : judgement.verdict() == v1::VERDICT_REPAIRED ? "repaired"
                                                                              : "does not count";
  v1::PhoneEvent event = MakeEvent(v1::PhoneEvent::KIND_ENTRY_SETTLED,
                                   absl::StrCat(how, judgement.message().empty() ? "" : ": ", judgement.message()));
  *event.mutable_position() = judgement.position();
  event.set_visit_id(judgement.visit_id());
  return event;
}

v1::PhoneEvent VisitChangedEvent(absl::string_view visit_id) {
  v1::PhoneEvent event = MakeEvent(v1::PhoneEvent::KIND_VISIT_CHANGED, "");
  event.set_visit_id(std::string(visit_id));
  return event;
}

v1::PhoneEvent VisitLeftEvent(absl::string_view visit_id, absl::string_view reason) {
  v1::PhoneEvent event = MakeEvent(v1::PhoneEvent::KIND_VISIT_LEFT, std::string(reason));
  event.set_visit_id(std::string(visit_id));
  return event;
}

v1::PhoneEvent ModeEvent(absl::string_view mode, absl::string_view last_error) {
  return MakeEvent(v1::PhoneEvent::KIND_SYNC_STATE, absl::StrCat(mode, last_error.empty() ? "" : ": ", last_error));
}

v1::PhoneEvent ForkedEvent(uint64_t left_epoch, uint64_t epoch, uint64_t reappended) {
  return MakeEvent(v1::PhoneEvent::KIND_FORKED,
                   absl::StrCat("the office holds another past of journal ", left_epoch, "; going on in journal ",
                                epoch, " with ", reappended, " entries appended again"));
}

v1::PhoneEvent AttachmentSafeEvent(absl::string_view sha256, absl::string_view visit_id) {
  v1::PhoneEvent event = MakeEvent(v1::PhoneEvent::KIND_ATTACHMENT_SAFE, "a photo or document is safe at the office");
  event.set_attachment_sha256(std::string(sha256));
  event.set_visit_id(std::string(visit_id));
  return event;
}

v1::PhoneEvent AttachmentDamagedEvent(absl::string_view sha256) {
  v1::PhoneEvent event =
      MakeEvent(v1::PhoneEvent::KIND_ATTACHMENT_DAMAGED,
                "a photo or document is damaged on this phone and not at the office; add it once more");
  event.set_attachment_sha256(std::string(sha256));
  return event;
}

v1::PhoneEvent RepairedEvent(absl::string_view line) {
  return MakeEvent(v1::PhoneEvent::KIND_REPLICA_REBUILT, std::string(line));
}

v1::PhoneEvent TechniciansEvent() {
  return MakeEvent(v1::PhoneEvent::KIND_TECHNICIANS_CHANGED, "who uses this phone may have changed");
}

v1::PhoneEvent DiskEvent(absl::string_view disk_full) {
  return MakeEvent(v1::PhoneEvent::KIND_DISK,
                   disk_full.empty() ? "there is room on the disk again" : std::string(disk_full));
}

}  // namespace doorstep
