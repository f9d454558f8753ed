// The words of events that the host polls.
#ifndef DOORSTEP_CLIENT_CORE_SESSION_PHONE_EVENTS_H_
#define DOORSTEP_CLIENT_CORE_SESSION_PHONE_EVENTS_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "doorstep/v1/client.pb.h"

namespace doorstep {

// Every entry of the epoch up to `position` is at the office.
v1::PhoneEvent SafeEvent(v1::JournalPosition position);
// Every entry of the epoch up to `position` is judged.
v1::PhoneEvent CountedEvent(v1::JournalPosition position);
// True for judgements that a person in the office, or the technician, has to look at.
bool NeedsAttention(const v1::Judgement& judgement);
v1::PhoneEvent AttentionEvent(const v1::Judgement& judgement);
// True for judgements by which a person has settled what needed attention.
bool IsSettled(const v1::Judgement& judgement);
v1::PhoneEvent SettledEvent(const v1::Judgement& judgement);
v1::PhoneEvent VisitChangedEvent(absl::string_view visit_id);
v1::PhoneEvent VisitLeftEvent(absl::string_view visit_id, absl::string_view reason);
v1::PhoneEvent ModeEvent(absl::string_view mode, absl::string_view last_error);
v1::PhoneEvent ForkedEvent(uint64_t left_epoch, uint64_t epoch, uint64_t reappended);
v1::PhoneEvent AttachmentSafeEvent(absl::string_view sha256, absl::string_view visit_id);
v1::PhoneEvent AttachmentDamagedEvent(absl::string_view sha256);
v1::PhoneEvent RepairedEvent(absl::string_view line);
// Who is signed in, or may sign in, or the device itself has changed.
v1::PhoneEvent TechniciansEvent();
// `disk_full` as in PhoneStatus; empty: there is room again.
v1::PhoneEvent DiskEvent(absl::string_view disk_full);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_SESSION_PHONE_EVENTS_H_
