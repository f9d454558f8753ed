// The plain records of an account (Contact, Site, Asset, Contract) and the technicians: bytes under an id.
#ifndef DOORSTEP_SERVER_STORAGE_RECORD_TABLE_H_
#define DOORSTEP_SERVER_STORAGE_RECORD_TABLE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/account.pb.h"
#include "server/storage/sql_session.h"

namespace doorstep {

// Record: v1::Contact, v1::Site, v1::Asset, v1::Contract or v1::Technician.
template <typename Record>
absl::StatusOr<std::optional<Record>> FindRecord(SqlSession& sql, absl::string_view id);

// `account` is ignored for technicians; `version` stands in a column because a Contact has none.
template <typename Record>
absl::Status WriteRecord(SqlSession& sql, const Record& record, int64_t account, int64_t version);

// 0: no such record.
template <typename Record>
absl::StatusOr<int64_t> FindRecordVersion(SqlSession& sql, absl::string_view id);

// By id. Not for technicians.
template <typename Record>
absl::StatusOr<std::vector<Record>> ListRecordsOfAccount(SqlSession& sql, int64_t account);

// By id, those after `after_id`.
absl::StatusOr<std::vector<v1::Technician>> ListTechnicians(SqlSession& sql, absl::string_view after_id, int64_t limit);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_RECORD_TABLE_H_
