#include "server/storage/projections.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client_core/base/status.h"
#include "server/openssl_sha256.h"

namespace doorstep {
namespace {

// Of a value that differs, this many bytes are shown.
constexpr size_t kExcerptBytes = 32;

bool IsProjection(const std::string& table) {
  static const auto* const others =
      new std::set<std::string>{"frame", "command", "meta", "device_contact", "request", "attachment"};
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

// A table read in the order of its key.
class TableReader {
 public:
  static absl::StatusOr<TableReader> Open(SqlSession& sql, const std::string& table) {
    TableReader reader;
    std::map<int64_t, int> key;  // Place in the key -> column.
    ASSIGN_OR_RETURN(sqlite::Statement info, sql.database().Prepare(absl::StrCat(
                                                 "SELECT name, pk, type FROM pragma_table_info('", table, "')")));
    while (true) {
      ASSIGN_OR_RETURN(const bool row, info.Step());
      if (!row) break;
      reader.names_.emplace_back(info.Text(0));
      if (info.Int(1) > 0) key[info.Int(1)] = reader.columns() - 1;
      reader.integers_.push_back(info.Text(2) == "INTEGER");
    }
    std::vector<std::string> order;
    for (const auto& [place, column] : key) {
      order.push_back(reader.names_[column]);
      reader.key_.push_back(column);
    }
    ASSIGN_OR_RETURN(reader.rows_,
                     sql.database().Prepare(absl::StrCat("SELECT ", absl::StrJoin(reader.names_, ", "), " FROM ", table,
                                                         " ORDER BY ", absl::StrJoin(order, ", "))));
    return reader;
  }

  // False: no more.
  absl::StatusOr<bool> Next() { return rows_.Step(); }

  // Makes `out` the row that Next() found, so that different rows give different bytes: tables are STRICT, so what is
  // not an integer is bytes, and bytes come after their size.
  void Encode(std::string& out) const {
    out.clear();
    for (int i = 0; i < columns(); ++i) {
      const bool null = rows_.IsNull(i);
      out.push_back(null ? 0 : 1);
      if (null) continue;
      const absl::string_view bytes = integers_[i] ? absl::string_view() : rows_.Blob(i);
      const int64_t number = integers_[i] ? rows_.Int(i) : static_cast<int64_t>(bytes.size());
      out.append(reinterpret_cast<const char*>(&number), sizeof(number));
      out.append(bytes.data(), bytes.size());
    }
  }

  // The row's key, as a person reads it.
  std::string Key() const {
    std::vector<std::string> values;
    for (const int column : key_) values.push_back(Value(column, 0));
    return absl::StrCat("row (", absl::StrJoin(values, ", "), ")");
  }

  // Where two rows of one key differ; empty: nowhere.
  std::string DifferenceFrom(const TableReader& fresh) const {
    for (int i = 0; i < columns(); ++i) {
      const size_t at = FirstDifference(fresh, i);
      if (at == kSame) continue;
      return absl::StrCat(Key(), ", column ", names_[i], ": ", Value(i, at), " in the file, ", fresh.Value(i, at),
                          " computed anew");
    }
    return "";
  }

 private:
  static constexpr size_t kSame = SIZE_MAX;
  int columns() const { return static_cast<int>(names_.size()); }

  // The first byte of a column that differs, 0 for a number.
  size_t FirstDifference(const TableReader& fresh, int column) const {
    if (rows_.IsNull(column) || fresh.rows_.IsNull(column) || integers_[column]) {
      const bool same =
          rows_.IsNull(column) == fresh.rows_.IsNull(column) && rows_.Int(column) == fresh.rows_.Int(column);
      return same ? kSame : 0;
    }
    const absl::string_view a = rows_.Blob(column);
    const absl::string_view b = fresh.rows_.Blob(column);
    const size_t at = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin();
    return a == b ? kSame : at;
  }

  // As a literal; of bytes, a few around `at`.
  std::string Value(int column, size_t at) const {
    if (rows_.IsNull(column)) return "NULL";
    if (integers_[column]) return absl::StrCat(rows_.Int(column));
    const absl::string_view bytes = rows_.Blob(column);
    const size_t begin = at < kExcerptBytes / 2 ? 0 : at - kExcerptBytes / 2;
    return absl::StrCat(begin > 0 ? "..." : "", "'", absl::CHexEscape(bytes.substr(begin, kExcerptBytes)), "'",
                        bytes.size() - begin > kExcerptBytes ? "..." : "");
  }

  std::vector<std::string> names_;
  std::vector<int> key_;
  std::vector<bool> integers_;
  sqlite::Statement rows_;
};

// Null: no more rows there.
std::string Describe(const TableReader* live, const TableReader* fresh) {
  if (fresh == nullptr) return absl::StrCat(live->Key(), " is in the file only");
  if (live == nullptr) return absl::StrCat(fresh->Key(), " is computed anew only");
  if (live->Key() != fresh->Key()) return absl::StrCat(live->Key(), " in the file, ", fresh->Key(), " computed anew");
  return live->DifferenceFrom(*fresh);
}

using TableHashes = std::vector<Hash>;

// Of each table, over its rows by key.
absl::StatusOr<TableHashes> HashTables(SqlSession& sql, const std::vector<std::string>& tables) {
  TableHashes hashes;
  OpensslSha256 hasher;
  std::string row;
  for (const std::string& table : tables) {
    ASSIGN_OR_RETURN(TableReader rows, TableReader::Open(sql, table));
    hasher.Reset();
    hasher.Update(table);
    while (true) {
      ASSIGN_OR_RETURN(const bool more, rows.Next());
      if (!more) break;
      rows.Encode(row);
      hasher.Update(row);
    }
    hashes.push_back(hasher.Finish());
  }
  return hashes;
}

// The first row that is not the same in both.
absl::StatusOr<std::string> FirstDifference(SqlSession& live, SqlSession& fresh, const std::string& table) {
  ASSIGN_OR_RETURN(TableReader live_rows, TableReader::Open(live, table));
  ASSIGN_OR_RETURN(TableReader fresh_rows, TableReader::Open(fresh, table));
  std::string live_row;
  std::string fresh_row;
  while (true) {
    ASSIGN_OR_RETURN(const bool live_more, live_rows.Next());
    ASSIGN_OR_RETURN(const bool fresh_more, fresh_rows.Next());
    if (!live_more && !fresh_more) return absl::InternalError(absl::StrCat(table, ": differs and has no such row"));
    if (live_more) live_rows.Encode(live_row);
    if (fresh_more) fresh_rows.Encode(fresh_row);
    if (live_more != fresh_more || live_row != fresh_row) {
      return Describe(live_more ? &live_rows : nullptr, fresh_more ? &fresh_rows : nullptr);
    }
  }
}

}  // namespace

absl::StatusOr<ProjectionComparison> CompareProjections(SqlSession& live, SqlSession& fresh) {
  ASSIGN_OR_RETURN(const std::vector<std::string> tables, ProjectionTables(live));
  absl::StatusOr<TableHashes> fresh_hashes;
  std::thread beside([&] { fresh_hashes = HashTables(fresh, tables); });
  const absl::StatusOr<TableHashes> live_hashes = HashTables(live, tables);
  beside.join();
  RETURN_IF_ERROR(live_hashes.status());
  RETURN_IF_ERROR(fresh_hashes.status());

  ProjectionComparison comparison;
  OpensslSha256 hasher;
  for (size_t i = 0; i < tables.size(); ++i) {
    hasher.Update(AsBytes((*live_hashes)[i]));
    if ((*live_hashes)[i] == (*fresh_hashes)[i]) continue;
    ASSIGN_OR_RETURN(const std::string difference, FirstDifference(live, fresh, tables[i]));
    comparison.differences.push_back(absl::StrCat(tables[i], ": ", difference));
  }
  comparison.hash = std::string(AsBytes(hasher.Finish()));
  return comparison;
}

}  // namespace doorstep
