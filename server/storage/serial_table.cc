#include "server/storage/serial_table.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "client_core/base/status.h"

namespace doorstep {

std::string SerialKey(const v1::Asset& asset) {
  if (!asset.merged_into_id().empty()) return "";
  return absl::StrReplaceAll(absl::AsciiStrToUpper(asset.serial()), {{" ", ""}, {"\t", ""}});
}

absl::Status WriteSerial(SqlSession& sql, int64_t account, const v1::Asset& asset) {
  const std::string serial = SerialKey(asset);
  RETURN_IF_ERROR(sql.Use("DELETE FROM asset_serial WHERE asset = $1 AND NOT (account = $2 AND serial = $3)")
                      .Text(1, asset.id())
                      .Int(2, account)
                      .Text(3, serial)
                      .Run());
  if (serial.empty()) return absl::OkStatus();
  return sql
      .Use(
          "INSERT INTO asset_serial (account, serial, asset, model, looked_at) VALUES ($1, $2, $3, $4, 0) "
          "ON CONFLICT (account, serial, asset) DO UPDATE SET model = excluded.model")
      .Int(1, account)
      .Text(2, serial)
      .Text(3, asset.id())
      .Text(4, asset.model())
      .Run();
}

absl::Status MarkSerialLookedAt(SqlSession& sql, absl::string_view asset) {
  return sql.Use("UPDATE asset_serial SET looked_at = 1 WHERE asset = $1").Text(1, asset).Run();
}

absl::StatusOr<std::vector<DoubledSerial>> DoubledSerials(SqlSession& sql, const DoubledSerial& after, int64_t limit) {
  Query query = sql.Use(
      "SELECT DISTINCT a.account, a.serial FROM asset_serial a JOIN asset_serial b ON b.account = a.account AND "
      "b.serial = a.serial AND b.asset > a.asset WHERE (a.account, a.serial) > ($1, $2) AND "
      "(a.looked_at = 0 OR b.looked_at = 0) AND (a.model = b.model OR a.model = '' OR b.model = '') "
      "ORDER BY a.account, a.serial LIMIT $3");
  query.Int(1, after.account).Text(2, after.serial).Int(3, limit);
  std::vector<DoubledSerial> serials;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return serials;
    serials.push_back({query.Int(0), std::string(query.Text(1))});
  }
}

absl::StatusOr<std::vector<std::string>> AssetsOfSerial(SqlSession& sql, const DoubledSerial& serial) {
  Query query = sql.Use("SELECT asset FROM asset_serial WHERE account = $1 AND serial = $2 ORDER BY asset");
  query.Int(1, serial.account).Text(2, serial.serial);
  std::vector<std::string> assets;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return assets;
    assets.emplace_back(query.Text(0));
  }
}

absl::Status FillSerials(SqlSession& sql) {
  Query query = sql.Use("SELECT account, bytes FROM asset ORDER BY id");
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return absl::OkStatus();
    v1::Asset asset;
    const absl::string_view bytes = query.Blob(1);
    if (!asset.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) continue;  // Told when it is asked for.
    RETURN_IF_ERROR(WriteSerial(sql, query.Int(0), asset));
  }
}

}  // namespace doorstep
