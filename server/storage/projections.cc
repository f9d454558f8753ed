#include "server/storage/projections.h"

#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client_core/base/status.h"
#include "server/openssl_sha256.h"

namespace doorstep {
namespace {

bool IsProjection(const std::string& table) {
  static const auto* const others = new std::set<std::string>{"frame", "command", "meta", "device_contact", "request"};
  return others->count(table) == 0;
}

absl::StatusOr<std::vector<std::string>> ProjectionTables(SqlSession& sql) {
  Query query =
      sql.Use("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name");
  std::vector<std::string> tables;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return tables;
    std::string table(query.Text(0));
    if (IsProjection(table)) tables.push_back(std::move(table));
  }
}

// Reads a table row by row, each as SQL literals, in the order of its key.
absl::StatusOr<sqlite::Statement> ReadTable(SqlSession& sql, const std::string& table) {
  std::vector<std::string> columns;
  std::map<int64_t, std::string> key;
  {
    ASSIGN_OR_RETURN(sqlite::Statement info,
                     sql.database().Prepare(absl::StrCat("SELECT name, pk FROM pragma_table_info('", table, "')")));
    while (true) {
      ASSIGN_OR_RETURN(const bool row, info.Step());
      if (!row) break;
      columns.push_back(absl::StrCat("quote(", info.Text(0), ")"));
      if (info.Int(1) > 0) key[info.Int(1)] = std::string(info.Text(0));
    }
  }
  std::vector<std::string> order;
  for (const auto& [place, column] : key) order.push_back(column);
  return sql.database().Prepare(absl::StrCat("SELECT ", absl::StrJoin(columns, " || ',' || "), " FROM ", table,
                                             " ORDER BY ", absl::StrJoin(order, ", ")));
}

}  // namespace

absl::StatusOr<std::vector<ProjectionHash>> HashProjections(SqlSession& sql) {
  ASSIGN_OR_RETURN(const std::vector<std::string> tables, ProjectionTables(sql));
  std::vector<ProjectionHash> hashes;
  OpensslSha256 hasher;
  for (const std::string& table : tables) {
    ASSIGN_OR_RETURN(sqlite::Statement rows, ReadTable(sql, table));
    hasher.Reset();
    while (true) {
      ASSIGN_OR_RETURN(const bool row, rows.Step());
      if (!row) break;
      hasher.Update(rows.Text(0));
      hasher.Update("\n");
    }
    hashes.push_back({table, std::string(AsBytes(hasher.Finish()))});
  }
  return hashes;
}

std::string HashOfAll(const std::vector<ProjectionHash>& hashes) {
  OpensslSha256 hasher;
  for (const ProjectionHash& hash : hashes) {
    hasher.Update(hash.table);
    hasher.Update("\n");
    hasher.Update(hash.hash);
  }
  return std::string(AsBytes(hasher.Finish()));
}

absl::StatusOr<std::string> FirstDifference(SqlSession& a, SqlSession& b, const std::string& table) {
  ASSIGN_OR_RETURN(sqlite::Statement rows_a, ReadTable(a, table));
  ASSIGN_OR_RETURN(sqlite::Statement rows_b, ReadTable(b, table));
  while (true) {
    ASSIGN_OR_RETURN(const bool more_a, rows_a.Step());
    ASSIGN_OR_RETURN(const bool more_b, rows_b.Step());
    if (!more_a && !more_b) return std::string();
    if (more_a && more_b && rows_a.Text(0) == rows_b.Text(0)) continue;
    return absl::StrCat(more_a ? rows_a.Text(0) : "(no row)", " is now ", more_b ? rows_b.Text(0) : "(no row)");
  }
}

}  // namespace doorstep
