// What a state of the engine means: what is due, what may be sent, when it goes on, which mode that is. Pure reading.
#ifndef DOORSTEP_CLIENT_CORE_SYNC_OUTLOOK_H_
#define DOORSTEP_CLIENT_CORE_SYNC_OUTLOOK_H_

#include <cstdint>
#include <optional>

#include "client_core/sync/engine.h"

namespace doorstep {

// A call is under way.
bool InFlightNow(const EngineState& s);

// Entries are not received yet.
bool PushDue(const EngineState& s);

// A stream of hints is to be open.
bool WantsWatch(const EngineState& s);

// What of the attachments goes next over the network of now: what has not failed before what has, what failed longest
// ago before what failed since. Absent: nothing may go.
std::optional<AttachmentTurn> NextAttachment(const EngineState& s);

// When that may go.
int64_t AttachmentReadyAt(const EngineState& s);

// Whether anything may be sent at all: asked for, identified, online, within the budget.
bool MaySend(const EngineState& s, int64_t now_us);

// The instant at which work that is due and not in flight may go on; 0: there is none.
int64_t NextReady(const EngineState& s);

SyncMode ModeOf(const EngineState& s);

// When a Tick is needed; 0: never.
int64_t NextInstant(const EngineState& s, int64_t now_us);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_SYNC_OUTLOOK_H_
