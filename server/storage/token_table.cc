#include "server/storage/token_table.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"

namespace doorstep {
namespace {

constexpr char kEnrolmentSecret[] = "enrolment_secret:";
constexpr int64_t kDayUs = int64_t{24} * 3600 * 1000000;

}  // namespace

absl::Status SetToken(SqlSession& sql, absl::string_view principal, absl::string_view token_hash) {
  RETURN_IF_ERROR(sql.Use("DELETE FROM token WHERE principal = $1").Text(1, principal).Run());
  return sql.Use("INSERT INTO token (token_hash, principal) VALUES ($1, $2)")
      .Blob(1, token_hash)
      .Text(2, principal)
      .Run();
}

absl::StatusOr<std::string> FindTokenHash(SqlSession& sql, absl::string_view principal) {
  Query query = sql.Use("SELECT token_hash FROM token WHERE principal = $1");
  ASSIGN_OR_RETURN(const bool found, query.Text(1, principal).Step());
  return found ? std::string(query.Blob(0)) : std::string();
}

absl::StatusOr<std::vector<TokenRow>> ListTokens(SqlSession& sql) {
  Query query = sql.Use("SELECT token_hash, principal FROM token ORDER BY principal");
  std::vector<TokenRow> tokens;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return tokens;
    tokens.push_back({std::string(query.Blob(0)), std::string(query.Text(1))});
  }
}

absl::StatusOr<std::optional<InvitationRow>> FindInvitation(SqlSession& sql, absl::string_view code_hash) {
  Query query = sql.Use("SELECT technician, expires_us, device, used_request_id FROM invitation WHERE code_hash = $1");
  ASSIGN_OR_RETURN(const bool found, query.Blob(1, code_hash).Step());
  if (!found) return std::optional<InvitationRow>();
  return std::optional<InvitationRow>(InvitationRow{std::string(code_hash), std::string(query.Text(0)), query.Int(1),
                                                    std::string(query.Text(2)), std::string(query.Text(3))});
}

absl::Status WriteInvitation(SqlSession& sql, const InvitationRow& row) {
  return sql
      .Use(
          "INSERT INTO invitation (code_hash, technician, expires_us, device, used_request_id) "
          "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (code_hash) DO UPDATE SET technician = excluded.technician, "
          "expires_us = excluded.expires_us, device = excluded.device, used_request_id = excluded.used_request_id")
      .Blob(1, row.code_hash)
      .Text(2, row.technician_id)
      .Int(3, row.expires_us)
      .Text(4, row.device)
      .Text(5, row.used_request_id)
      .Run();
}

absl::StatusOr<std::vector<std::string>> InvitedTechnicians(SqlSession& sql, int64_t now_us) {
  Query query =
      sql.Use("SELECT DISTINCT technician FROM invitation WHERE device = '' AND expires_us > $1 ORDER BY technician");
  query.Int(1, now_us);
  std::vector<std::string> technicians;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return technicians;
    technicians.emplace_back(query.Text(0));
  }
}

absl::StatusOr<std::string> EnrolmentSecret(SqlSession& sql, int64_t expires_us, Random& random) {
  const std::string key = absl::StrCat(kEnrolmentSecret, expires_us / kDayUs);
  RETURN_IF_ERROR(sql.Use("INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING")
                      .Text(1, key)
                      .Text(2, absl::BytesToHexString(random.Bytes(32)))
                      .Run());
  Query query = sql.Use("SELECT value FROM meta WHERE key = $1");
  ASSIGN_OR_RETURN(const bool found, query.Text(1, key).Step());
  if (!found) return absl::DataLossError(absl::StrCat("table meta: no ", key));
  return std::string(query.Text(0));
}

absl::Status ForgetEnrolmentSecrets(SqlSession& sql, int64_t now_us) {
  return sql.Use("DELETE FROM meta WHERE key LIKE $1 || '%' AND CAST(substr(key, length($1) + 1) AS INTEGER) < $2")
      .Text(1, kEnrolmentSecret)
      .Int(2, now_us / kDayUs)
      .Run();
}

}  // namespace doorstep
