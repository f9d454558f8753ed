// A program that is newer than the one before may know what was parked as unknown: it is judged again at the start,
// before anybody is served. What cannot count stays parked; nothing to judge leaves no trace.
#ifndef DOORSTEP_SERVER_APPLY_COMMANDS_KNOWN_NOW_H_
#define DOORSTEP_SERVER_APPLY_COMMANDS_KNOWN_NOW_H_

#include "absl/status/status.h"
#include "client_core/base/log.h"
#include "server/apply/writer.h"
#include "server/storage/storage.h"

namespace doorstep {

absl::Status ReplayWhatIsKnownNow(Storage& storage, Writer& writer, const LogSink& log);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_COMMANDS_KNOWN_NOW_H_
