#include "server/storage/account_table.h"

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"

namespace doorstep {
namespace {

absl::StatusOr<v1::Account> Parse(absl::string_view bytes) {
  v1::Account account;
  if (!account.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError("table account: a row is not an Account");
  }
  return account;
}

absl::StatusOr<std::optional<v1::Account>> ReadOne(Query& query) {
  ASSIGN_OR_RETURN(const bool found, query.Step());
  if (!found) return std::optional<v1::Account>();
  ASSIGN_OR_RETURN(v1::Account account, Parse(query.Blob(0)));
  return std::optional<v1::Account>(std::move(account));
}

}  // namespace

absl::StatusOr<int64_t> FindAccountNumber(SqlSession& sql, absl::string_view id) {
  Query query = sql.Use("SELECT n FROM account WHERE id = $1");
  ASSIGN_OR_RETURN(const bool found, query.Text(1, id).Step());
  return found ? query.Int(0) : 0;
}

absl::StatusOr<int64_t> InternAccount(SqlSession& sql, absl::string_view id) {
  if (id.empty()) return 0;
  ASSIGN_OR_RETURN(const int64_t known, FindAccountNumber(sql, id));
  if (known != 0) return known;
  Query query = sql.Use(
      "INSERT INTO account (n, id, name, version, bytes) "
      "VALUES ((SELECT coalesce(max(n), 0) + 1 FROM account), $1, '', 0, x'') RETURNING n");
  ASSIGN_OR_RETURN(const bool made, query.Text(1, id).Step());
  if (!made) return absl::InternalError("table account: the insert returned no number");
  const int64_t n = query.Int(0);
  RETURN_IF_ERROR(query.Run());
  return n;
}

absl::StatusOr<AccountName> NameOfAccount(SqlSession& sql, int64_t n) {
  Query query = sql.Use("SELECT id, name FROM account WHERE n = $1");
  ASSIGN_OR_RETURN(const bool found, query.Int(1, n).Step());
  if (!found) return absl::NotFoundError(absl::StrCat("account number ", n, " is unknown"));
  return AccountName{std::string(query.Text(0)), std::string(query.Text(1))};
}

absl::StatusOr<std::optional<v1::Account>> FindAccount(SqlSession& sql, absl::string_view id) {
  Query query = sql.Use("SELECT bytes FROM account WHERE id = $1 AND version > 0");
  query.Text(1, id);
  return ReadOne(query);
}

absl::Status WriteAccount(SqlSession& sql, const v1::Account& account) {
  ASSIGN_OR_RETURN(const int64_t n, InternAccount(sql, account.id()));
  const std::string bytes = account.SerializeAsString();
  return sql.Use("UPDATE account SET name = $2, version = $3, bytes = $4 WHERE n = $1")
      .Int(1, n)
      .Text(2, account.name())
      .Int(3, account.version())
      .Blob(4, bytes)
      .Run();
}

absl::StatusOr<std::vector<v1::Account>> ListAccounts(SqlSession& sql, absl::string_view contains,
                                                      absl::string_view after_id, int64_t limit) {
  Query query = sql.Use(
      "SELECT bytes FROM account WHERE version > 0 AND id > $2 AND "
      "($1 = '' OR lower(name) LIKE '%' || $4 || '%' ESCAPE '\\' OR lower(id) LIKE '%' || $4 || '%' ESCAPE '\\') "
      "ORDER BY id LIMIT $3");
  std::string pattern;
  for (const char c : contains) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  query.Text(1, contains).Text(2, after_id).Int(3, limit).Text(4, pattern);
  std::vector<v1::Account> accounts;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return accounts;
    ASSIGN_OR_RETURN(v1::Account account, Parse(query.Blob(0)));
    accounts.push_back(std::move(account));
  }
}

absl::StatusOr<int64_t> CountAccounts(SqlSession& sql) {
  Query query = sql.Use("SELECT count(*) FROM account WHERE version > 0");
  ASSIGN_OR_RETURN(const bool row, query.Step());
  return row ? query.Int(0) : 0;
}

}  // namespace doorstep
