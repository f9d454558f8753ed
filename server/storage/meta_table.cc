#include "server/storage/meta_table.h"

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"

namespace doorstep {
namespace {

constexpr absl::string_view kGeneration = "generation";
constexpr absl::string_view kSecret = "secret";
constexpr absl::string_view kLastBackup = "last_backup_us";
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

}  // namespace

std::string DrawGeneration(Random& random) { return absl::BytesToHexString(random.Bytes(kGenerationBytes)); }

absl::Status FillMeta(SqlSession& sql, Random& random) {
  ASSIGN_OR_RETURN(const std::string generation, Get(sql, kGeneration));
  if (generation.empty()) RETURN_IF_ERROR(Put(sql, kGeneration, DrawGeneration(random)));
  ASSIGN_OR_RETURN(const std::string secret, Get(sql, kSecret));
  if (!secret.empty()) return absl::OkStatus();
  return Put(sql, kSecret, absl::BytesToHexString(random.Bytes(kSecretBytes)));
}

absl::StatusOr<std::string> ReadGeneration(SqlSession& sql) { return GetOrDataLoss(sql, kGeneration); }

absl::Status WriteGeneration(SqlSession& sql, absl::string_view generation) {
  return Put(sql, kGeneration, generation);
}

absl::StatusOr<std::string> ReadSecret(SqlSession& sql) { return GetOrDataLoss(sql, kSecret); }

absl::StatusOr<int64_t> ReadLastBackup(SqlSession& sql) {
  ASSIGN_OR_RETURN(const std::string text, Get(sql, kLastBackup));
  int64_t time_us = 0;
  if (!text.empty() && !absl::SimpleAtoi(text, &time_us)) return absl::DataLossError("the table meta is damaged");
  return time_us;
}

absl::Status WriteLastBackup(SqlSession& sql, int64_t time_us) { return Put(sql, kLastBackup, absl::StrCat(time_us)); }

}  // namespace doorstep
