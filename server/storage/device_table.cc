#include "server/storage/device_table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "server/storage/meta_table.h"
#include "server/storage/push_table.h"

namespace doorstep {
namespace {

// Columns n, id, name, platform, lane, current_epoch, reported_through_us, version.
DeviceRow ReadRow(const Query& query) {
  DeviceRow row;
  row.n = query.Int(0);
  row.id = std::string(query.Text(1));
  row.name = std::string(query.Text(2));
  row.platform = std::string(query.Text(3));
  row.lane = static_cast<v1::Lane>(query.Int(4));
  row.current_epoch = static_cast<uint64_t>(query.Int(5));
  row.reported_through_us = query.Int(6);
  row.version = query.Int(7);
  return row;
}

absl::StatusOr<std::optional<DeviceRow>> ReadOne(Query& query) {
  ASSIGN_OR_RETURN(const bool found, query.Step());
  if (!found) return std::optional<DeviceRow>();
  return std::optional<DeviceRow>(ReadRow(query));
}

absl::StatusOr<std::vector<DeviceRow>> ReadAll(Query& query) {
  std::vector<DeviceRow> rows;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return rows;
    rows.push_back(ReadRow(query));
  }
}

}  // namespace

absl::StatusOr<std::optional<DeviceRow>> FindDevice(SqlSession& sql, absl::string_view id) {
  Query query = sql.Use(
      "SELECT n, id, name, platform, lane, current_epoch, reported_through_us, version FROM device WHERE id = $1");
  query.Text(1, id);
  return ReadOne(query);
}

absl::StatusOr<std::optional<DeviceRow>> FindDeviceByNumber(SqlSession& sql, int64_t n) {
  Query query = sql.Use(
      "SELECT n, id, name, platform, lane, current_epoch, reported_through_us, version FROM device WHERE n = $1");
  query.Int(1, n);
  return ReadOne(query);
}

absl::StatusOr<std::string> NextDeviceId(SqlSession& sql) {
  ASSIGN_OR_RETURN(int64_t number, ReadLeastDeviceNumber(sql));
  {
    Query query = sql.Use("SELECT coalesce(max(n), 0) + 1 FROM device");
    ASSIGN_OR_RETURN(const bool row, query.Step());
    number = std::max(number, row ? query.Int(0) : 1);
  }
  // A phone that came back after a restore has kept its id, whatever its number.
  while (true) {
    std::string id = absl::StrCat("d", number);
    ASSIGN_OR_RETURN(const std::optional<DeviceRow> taken, FindDevice(sql, id));
    if (!taken.has_value()) return id;
    ++number;
  }
}

absl::StatusOr<int64_t> InsertDevice(SqlSession& sql, const DeviceRow& row,
                                     const std::vector<std::string>& technicians) {
  Query query = sql.Use(
      "INSERT INTO device (n, id, name, platform, lane, current_epoch, reported_through_us, version) "
      "VALUES ((SELECT coalesce(max(n), 0) + 1 FROM device), $1, $2, $3, $4, $5, $6, $7) RETURNING n");
  query.Text(1, row.id).Text(2, row.name).Text(3, row.platform).Int(4, row.lane);
  query.Int(5, static_cast<int64_t>(row.current_epoch)).Int(6, row.reported_through_us).Int(7, row.version);
  ASSIGN_OR_RETURN(const bool made, query.Step());
  if (!made) return absl::InternalError("table device: the insert returned no number");
  const int64_t n = query.Int(0);
  RETURN_IF_ERROR(query.Run());
  for (size_t place = 0; place < technicians.size(); ++place) {
    RETURN_IF_ERROR(sql.Use("INSERT INTO device_technician (device, place, technician) VALUES ($1, $2, $3)")
                        .Int(1, n)
                        .Int(2, static_cast<int64_t>(place))
                        .Text(3, technicians[place])
                        .Run());
  }
  return n;
}

absl::Status UpdateDevice(SqlSession& sql, const DeviceRow& row) {
  if (row.lane == v1::LANE_BLOCKED) RETURN_IF_ERROR(WritePushToken(sql, row.n, ""));
  return sql
      .Use(
          "UPDATE device SET name = $2, platform = $3, lane = $4, current_epoch = $5, reported_through_us = $6, "
          "version = $7 WHERE n = $1")
      .Int(1, row.n)
      .Text(2, row.name)
      .Text(3, row.platform)
      .Int(4, row.lane)
      .Int(5, static_cast<int64_t>(row.current_epoch))
      .Int(6, row.reported_through_us)
      .Int(7, row.version)
      .Run();
}

absl::StatusOr<std::vector<DeviceRow>> ListDevices(SqlSession& sql, int64_t after_n, int64_t limit) {
  Query query = sql.Use(
      "SELECT n, id, name, platform, lane, current_epoch, reported_through_us, version FROM device WHERE n > $1 "
      "ORDER BY n LIMIT $2");
  query.Int(1, after_n).Int(2, limit);
  return ReadAll(query);
}

absl::StatusOr<std::vector<std::string>> TechniciansOfDevice(SqlSession& sql, int64_t device) {
  Query query = sql.Use("SELECT technician FROM device_technician WHERE device = $1 ORDER BY place");
  query.Int(1, device);
  std::vector<std::string> technicians;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return technicians;
    technicians.emplace_back(query.Text(0));
  }
}

absl::Status WriteDeviceTechnician(SqlSession& sql, int64_t device, absl::string_view technician, bool allowed) {
  if (!allowed) {
    return sql.Use("DELETE FROM device_technician WHERE device = $1 AND technician = $2")
        .Int(1, device)
        .Text(2, technician)
        .Run();
  }
  return sql
      .Use(
          "INSERT INTO device_technician (device, place, technician) SELECT $1, "
          "(SELECT coalesce(max(place), -1) + 1 FROM device_technician WHERE device = $1), $2 WHERE NOT EXISTS "
          "(SELECT 1 FROM device_technician WHERE device = $1 AND technician = $2)")
      .Int(1, device)
      .Text(2, technician)
      .Run();
}

absl::StatusOr<std::vector<DeviceRow>> ActiveDevicesOfTechnician(SqlSession& sql, absl::string_view technician) {
  Query query = sql.Use(
      "SELECT d.n, d.id, d.name, d.platform, d.lane, d.current_epoch, d.reported_through_us, d.version FROM device d "
      "JOIN device_technician t ON t.device = d.n WHERE t.technician = $1 AND d.lane = 1 ORDER BY d.n");
  query.Text(1, technician);
  return ReadAll(query);
}

absl::StatusOr<std::vector<DeviceRow>> DevicesOfTechnician(SqlSession& sql, absl::string_view technician) {
  Query query = sql.Use(
      "SELECT d.n, d.id, d.name, d.platform, d.lane, d.current_epoch, d.reported_through_us, d.version FROM device d "
      "JOIN device_technician t ON t.device = d.n WHERE t.technician = $1 ORDER BY d.n");
  query.Text(1, technician);
  return ReadAll(query);
}

absl::StatusOr<v1::DeviceState> StateOfDevice(SqlSession& sql, const DeviceRow& row) {
  ASSIGN_OR_RETURN(const std::vector<std::string> technicians, TechniciansOfDevice(sql, row.n));
  v1::DeviceState state;
  state.set_device(row.id);
  state.set_lane(row.lane);
  state.set_current_epoch(row.current_epoch);
  for (const std::string& technician : technicians) state.add_technician_ids(technician);
  return state;
}

absl::StatusOr<DeviceContact> FindDeviceContact(SqlSession& sql, int64_t device) {
  DeviceContact contact;
  Query frames = sql.Use("SELECT coalesce(max(last_frame_us), 0) FROM journal WHERE device = $1");
  ASSIGN_OR_RETURN(const bool any, frames.Int(1, device).Step());
  if (any) contact.last_contact_us = frames.Int(0);
  Query said = sql.Use(
      "SELECT last_contact_us, queued_entries, core_version, push_token <> '' FROM device_contact WHERE device = $1");
  ASSIGN_OR_RETURN(const bool found, said.Int(1, device).Step());
  if (found) {
    if (said.Int(0) > contact.last_contact_us) contact.last_contact_us = said.Int(0);
    contact.queued_entries = static_cast<uint64_t>(said.Int(1));
    contact.core_version = std::string(said.Text(2));
    contact.has_push_token = said.Int(3) != 0;
  }
  return contact;
}

absl::Status WriteDeviceContact(SqlSession& sql, int64_t device, const DeviceContact& contact) {
  return sql
      .Use(
          "INSERT INTO device_contact (device, last_contact_us, queued_entries, core_version) "
          "VALUES ($1, $2, $3, $4) ON CONFLICT (device) DO UPDATE SET last_contact_us = excluded.last_contact_us, "
          "queued_entries = excluded.queued_entries, core_version = excluded.core_version, wake_reason = 0, "
          "wake_wanted_us = 0")
      .Int(1, device)
      .Int(2, contact.last_contact_us)
      .Int(3, static_cast<int64_t>(contact.queued_entries))
      .Text(4, contact.core_version)
      .Run();
}

}  // namespace doorstep
