#include "server/storage/meta_table.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/base/status.h"

namespace doorstep {
namespace {

constexpr absl::string_view kGeneration = "generation";
constexpr absl::string_view kSecret = "secret";
constexpr absl::string_view kLastBackup = "last_backup_us";
constexpr absl::string_view kLeastDeviceNumber = "least_device_number";
constexpr absl::string_view kDaysBehind = "days_behind";
constexpr size_t kGenerationBytes = 8;
constexpr size_t kSecretBytes = 32;

// Empty: not there.
absl::StatusOr<std::string> Get(SqlSession& sql, absl::string_view key) {
  Query read = sql.Use("SELECT value FROM meta WHERE key = $1");
  ASSIGN_OR_RETURN(const bool found, read.Text(1, key).Step());
  return found ? std::string(read.Text(0)) : std::string();
}

absl::Status Put(SqlSession& sql, absl::string_view key, absl::string_view value) {
  return sql.Use("INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
      .Text(1, key)
      .Text(2, value)
      .Run();
}

absl::StatusOr<std::string> GetOrDataLoss(SqlSession& sql, absl::string_view key) {
  ASSIGN_OR_RETURN(std::string value, Get(sql, key));
  if (value.empty()) return absl::DataLossError(absl::StrCat("the table meta has no ", key));
  return value;
}

// 0: not there.
absl::StatusOr<int64_t> GetNumber(SqlSession& sql, absl::string_view key) {
  ASSIGN_OR_RETURN(const std::string text, Get(sql, key));
  int64_t number = 0;
  if (text.empty() || absl::SimpleAtoi(text, &number)) return number;
  return absl::DataLossError(absl::StrCat("the table meta is damaged: ", key, " is no number"));
}

std::string DrawGeneration(Random& random) { return absl::BytesToHexString(random.Bytes(kGenerationBytes)); }

}  // namespace

absl::Status FillMeta(SqlSession& sql, Random& random) {
  ASSIGN_OR_RETURN(const std::string generation, Get(sql, kGeneration));
  if (generation.empty()) RETURN_IF_ERROR(Put(sql, kGeneration, DrawGeneration(random)));
  ASSIGN_OR_RETURN(const std::string secret, Get(sql, kSecret));
  if (!secret.empty()) return absl::OkStatus();
  return Put(sql, kSecret, absl::BytesToHexString(random.Bytes(kSecretBytes)));
}

absl::StatusOr<std::string> ReadGeneration(SqlSession& sql) { return GetOrDataLoss(sql, kGeneration); }

absl::StatusOr<std::string> BeginGeneration(SqlSession& sql, Random& random) {
  ASSIGN_OR_RETURN(int64_t least, ReadLeastDeviceNumber(sql));
  {
    // Ids are "d7"; a phone that came back keeps its id, whatever its place in the table.
    Query highest = sql.Use("SELECT coalesce(max(CAST(substr(id, 2) AS BIGINT)), 0) FROM device");
    ASSIGN_OR_RETURN(const bool row, highest.Step());
    if (row) least = std::max(least, highest.Int(0) + 1);
  }
  RETURN_IF_ERROR(Put(sql, kLeastDeviceNumber, absl::StrCat(least + limits::kDevicesOfALostTimeMax)));
  std::string generation = DrawGeneration(random);
  RETURN_IF_ERROR(Put(sql, kGeneration, generation));
  return generation;
}

absl::StatusOr<int64_t> ReadLeastDeviceNumber(SqlSession& sql) { return GetNumber(sql, kLeastDeviceNumber); }

absl::StatusOr<std::string> ReadSecret(SqlSession& sql) { return GetOrDataLoss(sql, kSecret); }

absl::StatusOr<int64_t> ReadLastBackup(SqlSession& sql) { return GetNumber(sql, kLastBackup); }

absl::Status WriteLastBackup(SqlSession& sql, int64_t time_us) { return Put(sql, kLastBackup, absl::StrCat(time_us)); }

absl::StatusOr<int64_t> ReadDaysBehind(SqlSession& sql) { return GetNumber(sql, kDaysBehind); }

absl::Status WriteDaysBehind(SqlSession& sql, int64_t days) { return Put(sql, kDaysBehind, absl::StrCat(days)); }

}  // namespace doorstep
