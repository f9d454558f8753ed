#include "server/storage/push_table.h"

#include <utility>

#include "client_core/base/status.h"

namespace doorstep {
namespace {

// Columns n, id, platform, push_token, wake_reason, wake_wanted_us.
absl::StatusOr<std::vector<WantedWake>> ReadAll(Query& query) {
  std::vector<WantedWake> wakes;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return wakes;
    WantedWake wake;
    wake.device_n = query.Int(0);
    wake.device = std::string(query.Text(1));
    wake.platform = std::string(query.Text(2));
    wake.push_token = std::string(query.Text(3));
    wake.reason = static_cast<v1::WakeReason>(query.Int(4));
    wake.wanted_us = query.Int(5);
    wakes.push_back(std::move(wake));
  }
}

}  // namespace

absl::Status WritePushToken(SqlSession& sql, int64_t device, absl::string_view token) {
  if (!token.empty()) {
    RETURN_IF_ERROR(sql.Use("UPDATE device_contact SET push_token = '', wake_reason = 0, wake_wanted_us = 0 "
                            "WHERE push_token = $1 AND push_token <> '' AND device <> $2")
                        .Text(1, token)
                        .Int(2, device)
                        .Run());
  }
  return sql
      .Use(
          "UPDATE device_contact SET push_token = $2, wake_reason = 0, wake_wanted_us = 0 "
          "WHERE device = $1 AND push_token <> $2")
      .Int(1, device)
      .Text(2, token)
      .Run();
}

absl::StatusOr<bool> HasPushToken(SqlSession& sql, absl::string_view device) {
  return sql
      .Use("SELECT 1 FROM device d JOIN device_contact c ON c.device = d.n WHERE d.id = $1 AND c.push_token <> ''")
      .Text(1, device)
      .Step();
}

absl::StatusOr<std::vector<WantedWake>> WakeableOfTechnician(SqlSession& sql, absl::string_view technician) {
  Query query = sql.Use(
      "SELECT d.n, d.id, d.platform, c.push_token, 0, 0 FROM device d JOIN device_technician t ON t.device = d.n "
      "JOIN device_contact c ON c.device = d.n WHERE t.technician = $1 AND d.lane = 1 AND c.push_token <> '' "
      "ORDER BY d.n");
  query.Text(1, technician);
  return ReadAll(query);
}

absl::StatusOr<std::vector<WantedWake>> WakeableDevice(SqlSession& sql, int64_t device) {
  Query query = sql.Use(
      "SELECT d.n, d.id, d.platform, c.push_token, 0, 0 FROM device d JOIN device_contact c ON c.device = d.n "
      "WHERE d.n = $1 AND c.push_token <> ''");
  query.Int(1, device);
  return ReadAll(query);
}

absl::Status WriteWantedWake(SqlSession& sql, const WantedWake& wake) {
  return sql
      .Use("UPDATE device_contact SET wake_reason = $2, wake_wanted_us = $3 WHERE device = $1 AND wake_wanted_us = 0")
      .Int(1, wake.device_n)
      .Int(2, wake.reason)
      .Int(3, wake.wanted_us)
      .Run();
}

absl::StatusOr<std::vector<WantedWake>> ListWantedWakes(SqlSession& sql) {
  Query query = sql.Use(
      "SELECT d.n, d.id, d.platform, c.push_token, c.wake_reason, c.wake_wanted_us FROM device_contact c "
      "JOIN device d ON d.n = c.device WHERE c.wake_wanted_us > 0 ORDER BY d.n");
  return ReadAll(query);
}

}  // namespace doorstep
