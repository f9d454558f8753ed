// Accounts: once as bytes, and interned to integers for every table that refers to them.
#ifndef DOORSTEP_SERVER_STORAGE_ACCOUNT_TABLE_H_
#define DOORSTEP_SERVER_STORAGE_ACCOUNT_TABLE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/account.pb.h"
#include "server/storage/sql_session.h"

namespace doorstep {

// 0: no such account.
absl::StatusOr<int64_t> FindAccountNumber(SqlSession& sql, absl::string_view id);
// Makes a row of version 0 when nobody has described the account yet: a visit opened on site may name it first. 0 for
// an empty id.
absl::StatusOr<int64_t> InternAccount(SqlSession& sql, absl::string_view id);
struct AccountName {
  std::string id;
  std::string name;  // Empty: nobody has described it yet.
};
// NOT_FOUND when there is no such number.
absl::StatusOr<AccountName> NameOfAccount(SqlSession& sql, int64_t n);

// Absent: unknown, or only named so far.
absl::StatusOr<std::optional<v1::Account>> FindAccount(SqlSession& sql, absl::string_view id);
absl::Status WriteAccount(SqlSession& sql, const v1::Account& account);

// By id, those after `after_id`. `contains` (empty: all) is looked for in name and id.
absl::StatusOr<std::vector<v1::Account>> ListAccounts(SqlSession& sql, absl::string_view contains,
                                                      absl::string_view after_id, int64_t limit);
absl::StatusOr<int64_t> CountAccounts(SqlSession& sql);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_ACCOUNT_TABLE_H_
