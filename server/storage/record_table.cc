#include "server/storage/record_table.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"

namespace doorstep {
namespace {

// The statements of one table; SQL text may not be put together from parts at run time.
template <typename Record>
struct Text;

template <>
struct Text<v1::Contact> {
  static constexpr char kName[] = "contact";
  static constexpr char kFind[] = "SELECT bytes FROM contact WHERE id = $1";
  static constexpr char kVersion[] = "SELECT version FROM contact WHERE id = $1";
  static constexpr char kList[] = "SELECT bytes FROM contact WHERE account = $1 ORDER BY id";
  static constexpr char kWrite[] =
      "INSERT INTO contact (id, account, version, bytes) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE SET "
      "account = excluded.account, version = excluded.version, bytes = excluded.bytes";
};

template <>
struct Text<v1::Site> {
  static constexpr char kName[] = "site";
  static constexpr char kFind[] = "SELECT bytes FROM site WHERE id = $1";
  static constexpr char kVersion[] = "SELECT version FROM site WHERE id = $1";
  static constexpr char kList[] = "SELECT bytes FROM site WHERE account = $1 ORDER BY id";
  static constexpr char kWrite[] =
      "INSERT INTO site (id, account, version, bytes) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE SET "
      "account = excluded.account, version = excluded.version, bytes = excluded.bytes";
};

template <>
struct Text<v1::Asset> {
  static constexpr char kName[] = "asset";
  static constexpr char kFind[] = "SELECT bytes FROM asset WHERE id = $1";
  static constexpr char kVersion[] = "SELECT version FROM asset WHERE id = $1";
  static constexpr char kList[] = "SELECT bytes FROM asset WHERE account = $1 ORDER BY id";
  static constexpr char kWrite[] =
      "INSERT INTO asset (id, account, version, bytes) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE SET "
      "account = excluded.account, version = excluded.version, bytes = excluded.bytes";
};

template <>
struct Text<v1::Contract> {
  static constexpr char kName[] = "contract";
  static constexpr char kFind[] = "SELECT bytes FROM contract WHERE id = $1";
  static constexpr char kVersion[] = "SELECT version FROM contract WHERE id = $1";
  static constexpr char kList[] = "SELECT bytes FROM contract WHERE account = $1 ORDER BY id";
  static constexpr char kWrite[] =
      "INSERT INTO contract (id, account, version, bytes) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE SET "
      "account = excluded.account, version = excluded.version, bytes = excluded.bytes";
};

template <>
struct Text<v1::Technician> {
  static constexpr char kName[] = "technician";
  static constexpr char kFind[] = "SELECT bytes FROM technician WHERE id = $1";
  static constexpr char kVersion[] = "SELECT version FROM technician WHERE id = $1";
  static constexpr char kWrite[] =
      "INSERT INTO technician (id, version, bytes) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET "
      "version = excluded.version, bytes = excluded.bytes";
};

template <typename Record>
absl::StatusOr<Record> Parse(absl::string_view bytes) {
  Record record;
  if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError(absl::StrCat("table ", Text<Record>::kName, ": a row cannot be parsed"));
  }
  return record;
}

template <typename Record>
absl::StatusOr<std::vector<Record>> ReadAll(Query& query) {
  std::vector<Record> records;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return records;
    ASSIGN_OR_RETURN(Record record, Parse<Record>(query.Blob(0)));
    records.push_back(std::move(record));
  }
}

}  // namespace

template <typename Record>
absl::StatusOr<std::optional<Record>> FindRecord(SqlSession& sql, absl::string_view id) {
  Query query = sql.Use(Text<Record>::kFind);
  ASSIGN_OR_RETURN(const bool found, query.Text(1, id).Step());
  if (!found) return std::optional<Record>();
  ASSIGN_OR_RETURN(Record record, Parse<Record>(query.Blob(0)));
  return std::optional<Record>(std::move(record));
}

template <typename Record>
absl::Status WriteRecord(SqlSession& sql, const Record& record, int64_t account, int64_t version) {
  const std::string bytes = record.SerializeAsString();
  Query query = sql.Use(Text<Record>::kWrite);
  if constexpr (std::is_same_v<Record, v1::Technician>) {
    query.Text(1, record.id()).Int(2, version).Blob(3, bytes);
  } else {
    query.Text(1, record.id()).Int(2, account).Int(3, version).Blob(4, bytes);
  }
  return query.Run();
}

template <typename Record>
absl::StatusOr<int64_t> FindRecordVersion(SqlSession& sql, absl::string_view id) {
  Query query = sql.Use(Text<Record>::kVersion);
  ASSIGN_OR_RETURN(const bool found, query.Text(1, id).Step());
  return found ? query.Int(0) : 0;
}

template <typename Record>
absl::StatusOr<std::vector<Record>> ListRecordsOfAccount(SqlSession& sql, int64_t account) {
  Query query = sql.Use(Text<Record>::kList);
  query.Int(1, account);
  return ReadAll<Record>(query);
}

absl::StatusOr<std::vector<v1::Technician>> ListTechnicians(SqlSession& sql, absl::string_view after_id,
                                                            int64_t limit) {
  Query query = sql.Use("SELECT bytes FROM technician WHERE id > $1 ORDER BY id LIMIT $2");
  query.Text(1, after_id).Int(2, limit);
  return ReadAll<v1::Technician>(query);
}

#define DOORSTEP_RECORD(Record)                                                                      \
  template absl::StatusOr<std::optional<Record>> FindRecord<Record>(SqlSession&, absl::string_view); \
  template absl::Status WriteRecord<Record>(SqlSession&, const Record&, int64_t, int64_t);           \
  template absl::StatusOr<int64_t> FindRecordVersion<Record>(SqlSession&, absl::string_view)
DOORSTEP_RECORD(v1::Contact);
DOORSTEP_RECORD(v1::Site);
DOORSTEP_RECORD(v1::Asset);
DOORSTEP_RECORD(v1::Contract);
DOORSTEP_RECORD(v1::Technician);
#undef DOORSTEP_RECORD
template absl::StatusOr<std::vector<v1::Contact>> ListRecordsOfAccount<v1::Contact>(SqlSession&, int64_t);
template absl::StatusOr<std::vector<v1::Site>> ListRecordsOfAccount<v1::Site>(SqlSession&, int64_t);
template absl::StatusOr<std::vector<v1::Asset>> ListRecordsOfAccount<v1::Asset>(SqlSession&, int64_t);
template absl::StatusOr<std::vector<v1::Contract>> ListRecordsOfAccount<v1::Contract>(SqlSession&, int64_t);

}  // namespace doorstep
