// The truth of everybody but the phones: accepted commands, and the answers by request id.
#ifndef DOORSTEP_SERVER_STORAGE_COMMAND_TABLE_H_
#define DOORSTEP_SERVER_STORAGE_COMMAND_TABLE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/storage/sql_session.h"

namespace doorstep {

struct CommandRow {
  int64_t commit_us = 0;
  uint32_t ordinal = 0;
  std::string principal;
  std::string request_id;
  std::string body_hash;
  std::string bytes;  // A CommandRecord.
};

absl::Status InsertCommand(SqlSession& sql, const CommandRow& row);
// Commands after (after_us, after_ordinal), in order.
absl::StatusOr<std::vector<CommandRow>> CommandsAfter(SqlSession& sql, int64_t after_us, int64_t after_ordinal,
                                                      int64_t limit);
// The bytes of one CommandRecord; empty: there is no such row.
absl::StatusOr<std::string> FindCommandBytes(SqlSession& sql, int64_t commit_us, uint32_t ordinal);
// 0: none yet.
absl::StatusOr<int64_t> LastCommandCommit(SqlSession& sql);
absl::StatusOr<uint64_t> CountCommands(SqlSession& sql);

struct RequestRow {
  std::string body_hash;
  std::string answer;
};
absl::StatusOr<std::optional<RequestRow>> FindRequest(SqlSession& sql, absl::string_view principal,
                                                      absl::string_view request_id);
absl::Status InsertRequest(SqlSession& sql, absl::string_view principal, absl::string_view request_id,
                           const RequestRow& row, int64_t commit_us);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_COMMAND_TABLE_H_
