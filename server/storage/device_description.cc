#include "server/storage/device_description.h"

#include <string>
#include <utility>
#include <vector>

#include "client_core/base/status.h"
#include "server/storage/frame_table.h"
#include "server/storage/journal_table.h"
#include "server/storage/signing_key_table.h"

namespace doorstep {

absl::StatusOr<v1::Device> DeviceForOffice(SqlSession& sql, const DeviceRow& row) {
  v1::Device device;
  device.set_id(row.id);
  device.set_name(row.name);
  device.set_platform(row.platform);
  ASSIGN_OR_RETURN(const std::vector<std::string> technicians, TechniciansOfDevice(sql, row.n));
  for (const std::string& technician : technicians) device.add_technician_ids(technician);
  device.set_lane(row.lane);
  device.set_current_epoch(row.current_epoch);
  ASSIGN_OR_RETURN(const DeviceContact contact, FindDeviceContact(sql, row.n));
  device.set_last_contact_time_us(contact.last_contact_us);
  device.set_queued_entries(contact.queued_entries);
  device.set_has_push_token(contact.has_push_token);
  ASSIGN_OR_RETURN(const uint64_t received, CountEntriesOfDevice(sql, row.n));
  device.set_received_entries(received);
  device.set_reported_through_time_us(row.reported_through_us);
  ASSIGN_OR_RETURN(const std::vector<ForkRow> forks, ForksOfDevice(sql, row.n));
  for (const ForkRow& fork : forks) {
    v1::JournalFork& found = *device.add_forks();
    found.set_epoch(fork.epoch);
    found.set_last_common_seq(fork.last_common_seq);
    found.set_new_epoch(fork.new_epoch);
  }
  ASSIGN_OR_RETURN(std::vector<v1::ToldSigningKey> keys, SigningKeysOfDevice(sql, row.n));
  for (v1::ToldSigningKey& key : keys) *device.add_signing_keys() = std::move(key);
  return device;
}

}  // namespace doorstep
