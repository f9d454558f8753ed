// Makes the frame that the engine asked for out of the journal.
#ifndef DOORSTEP_CLIENT_CORE_SESSION_FRAME_BUILDER_H_
#define DOORSTEP_CLIENT_CORE_SESSION_FRAME_BUILDER_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "client_core/base/clock.h"
#include "client_core/store/local_store.h"
#include "client_core/sync/engine.h"
#include "doorstep/v1/sync.pb.h"

namespace doorstep {

struct BuiltFrame {
  std::string bytes;        // A serialized Frame, not signed.
  std::string signed_text;  // What its signature is to cover.
  v1::JournalMark covers;   // Where the journal stands after its last entry.
};

// What the clocks say now, as a sample without an exchange.
v1::ClockSample SampleOf(const ClockReading& reading);

// NOT_FOUND: there is nothing to send after push.after_seq.
absl::StatusOr<BuiltFrame> BuildNextFrame(const SendPush& push, const ClockReading& now, LocalStore& store);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_SESSION_FRAME_BUILDER_H_
