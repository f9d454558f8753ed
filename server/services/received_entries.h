// Journal entries as the server received them: opened from their frames, with the time that was made of them and what
// became of each.
#ifndef DOORSTEP_SERVER_SERVICES_RECEIVED_ENTRIES_H_
#define DOORSTEP_SERVER_SERVICES_RECEIVED_ENTRIES_H_

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/admin_service.pb.h"
#include "doorstep/v1/sync.pb.h"
#include "doorstep/v1/types.pb.h"
#include "server/storage/device_table.h"
#include "server/storage/frame_table.h"
#include "server/storage/sql_session.h"

namespace doorstep {

// The first words of a damaged entry's judgement.
inline constexpr char kDamagedWords[] = "damaged on the server's disk: what it says cannot be read";

struct ReceivedWithEnvelope {
  v1::ReceivedEntry received;
  v1::EntryEnvelope envelope;  // As received.
  // The stored bytes are no longer what the phone sent. Without envelope and hash, and `entry` names the visit at most;
  // author, time and visit are those of the visit's projection, as far as that has them.
  bool damaged = false;
};

// The entries of one frame that count as received by it: those before `skip` stand in an earlier frame. An entry that
// cannot be parsed comes without `entry`. Damage is no error: one bad frame hides nothing but its own entries.
absl::StatusOr<std::vector<ReceivedWithEnvelope>> EntriesOfFrame(SqlSession& sql, const DeviceRow& device,
                                                                 const FrameRow& frame);

// An entry of a phone, or one that the office recorded in place of such a one. Absent: not received. NOT_FOUND: no such
// device.
absl::StatusOr<std::optional<ReceivedWithEnvelope>> FindReceivedEntry(SqlSession& sql,
                                                                      const v1::JournalPosition& position);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_SERVICES_RECEIVED_ENTRIES_H_
