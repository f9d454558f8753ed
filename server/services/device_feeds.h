// Which feeds a device may read: its own, and those of the technicians who work with it.
// Invariant: a blocked device is told nothing, and one that only drains reads no technician's feed but those of
// technicians who left, which hold nothing any more but what has left them.
#ifndef DOORSTEP_SERVER_SERVICES_DEVICE_FEEDS_H_
#define DOORSTEP_SERVER_SERVICES_DEVICE_FEEDS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/storage/device_table.h"
#include "server/storage/sql_session.h"

namespace doorstep {

// As the phone names it ("device", "technician:ana"), and as the file does ("device:d7", "technician:ana").
struct DeviceFeedName {
  std::string name;
  std::string stored;

  bool operator==(const DeviceFeedName&) const = default;
};

// NOT_FOUND: no such device. PERMISSION_DENIED: it is blocked; nothing of it is taken and nothing is told to it.
absl::StatusOr<DeviceRow> ReadUnblocked(SqlSession& sql, absl::string_view device_id);

// The device feed first.
absl::StatusOr<std::vector<DeviceFeedName>> FeedsOfDevice(SqlSession& sql, const DeviceRow& device);

// The stored name of `feed`, as the phone names it. PERMISSION_DENIED: not one of FeedsOfDevice.
absl::StatusOr<std::string> OwnFeed(SqlSession& sql, absl::string_view feed, absl::string_view device_id);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_SERVICES_DEVICE_FEEDS_H_
