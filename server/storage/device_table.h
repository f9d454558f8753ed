// Devices, who works with them, and how far each has reported. Last contact is operational: it is neither truth nor
// rebuilt.
#ifndef DOORSTEP_SERVER_STORAGE_DEVICE_TABLE_H_
#define DOORSTEP_SERVER_STORAGE_DEVICE_TABLE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/sync.pb.h"
#include "server/storage/sql_session.h"

namespace doorstep {

struct DeviceRow {
  int64_t n = 0;
  std::string id;
  std::string name;
  std::string platform;
  v1::Lane lane = v1::LANE_ACTIVE;
  uint64_t current_epoch = 0;
  // Everything the phone knew up to here has been received.
  int64_t reported_through_us = 0;
  int64_t version = 0;
};

absl::StatusOr<std::optional<DeviceRow>> FindDevice(SqlSession& sql, absl::string_view id);
absl::StatusOr<std::optional<DeviceRow>> FindDeviceByNumber(SqlSession& sql, int64_t n);
// "d7": the number the next device gets.
absl::StatusOr<std::string> NextDeviceId(SqlSession& sql);
// `row.n` is ignored; returns it.
absl::StatusOr<int64_t> InsertDevice(SqlSession& sql, const DeviceRow& row,
                                     const std::vector<std::string>& technicians);
absl::Status UpdateDevice(SqlSession& sql, const DeviceRow& row);
// In the order of their numbers, those after `after_n`.
absl::StatusOr<std::vector<DeviceRow>> ListDevices(SqlSession& sql, int64_t after_n, int64_t limit);

// Who may sign in on the device, in the order in which they were let.
absl::StatusOr<std::vector<std::string>> TechniciansOfDevice(SqlSession& sql, int64_t device);
// One more, or one less; what is so already is left.
absl::Status WriteDeviceTechnician(SqlSession& sql, int64_t device, absl::string_view technician, bool allowed);
// The ACTIVE devices of a technician.
absl::StatusOr<std::vector<DeviceRow>> ActiveDevicesOfTechnician(SqlSession& sql, absl::string_view technician);

// The devices of a technician, whatever their lane.
absl::StatusOr<std::vector<DeviceRow>> DevicesOfTechnician(SqlSession& sql, absl::string_view technician);

// What the device feed says of a device.
absl::StatusOr<v1::DeviceState> StateOfDevice(SqlSession& sql, const DeviceRow& row);

struct DeviceContact {
  int64_t last_contact_us = 0;  // 0: never.
  uint64_t queued_entries = 0;
  std::string core_version;
  bool has_push_token = false;  // Read only: push_table.h writes it.
};
absl::StatusOr<DeviceContact> FindDeviceContact(SqlSession& sql, int64_t device);
// What waited for the phone waits no more.
absl::Status WriteDeviceContact(SqlSession& sql, int64_t device, const DeviceContact& contact);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_DEVICE_TABLE_H_
