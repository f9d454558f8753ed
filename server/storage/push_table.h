// By what phones are woken, and for which of them something urgent waits. Operational: neither truth nor rebuilt.
// Invariant: no two devices have one token, and a blocked one has none; only for a device with a token something waits.
#ifndef DOORSTEP_SERVER_STORAGE_PUSH_TABLE_H_
#define DOORSTEP_SERVER_STORAGE_PUSH_TABLE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/push_gateway_service.pb.h"
#include "server/storage/sql_session.h"

namespace doorstep {

// Empty: it has none any more. Another device that had it has none from now on.
absl::Status WritePushToken(SqlSession& sql, int64_t device, absl::string_view token);
// Of the device with that id ("d7").
absl::StatusOr<bool> HasPushToken(SqlSession& sql, absl::string_view device);

// Something urgent waits for a phone that can be woken.
struct WantedWake {
  int64_t device_n = 0;
  std::string device;
  std::string platform;
  std::string push_token;
  v1::WakeReason reason = v1::WAKE_REASON_UNSPECIFIED;
  int64_t wanted_us = 0;
};
// The ACTIVE devices of a technician that can be woken, and the device of that number if it can; without what waits.
absl::StatusOr<std::vector<WantedWake>> WakeableOfTechnician(SqlSession& sql, absl::string_view technician);
absl::StatusOr<std::vector<WantedWake>> WakeableDevice(SqlSession& sql, int64_t device);
// What waited already stands. It waits no more when the device's contact is written, or its token.
absl::Status WriteWantedWake(SqlSession& sql, const WantedWake& wake);
// By device.
absl::StatusOr<std::vector<WantedWake>> ListWantedWakes(SqlSession& sql);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_PUSH_TABLE_H_
