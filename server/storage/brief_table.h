// Account briefs as bytes.
#ifndef DOORSTEP_SERVER_STORAGE_BRIEF_TABLE_H_
#define DOORSTEP_SERVER_STORAGE_BRIEF_TABLE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/storage/sql_session.h"

namespace doorstep {

struct BriefRow {
  int64_t version = 0;  // 0: there is none.
  std::string bytes;    // An AccountBrief.
};
absl::StatusOr<BriefRow> FindBrief(SqlSession& sql, int64_t account);
absl::Status WriteBrief(SqlSession& sql, int64_t account, int64_t version, absl::string_view bytes);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_BRIEF_TABLE_H_
