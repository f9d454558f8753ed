#include "server/storage/push_table.h"

#include "client_core/base/status.h"

namespace doorstep {

absl::Status WritePushToken(SqlSession& sql, int64_t device, absl::string_view token) {
  if (!token.empty()) {
    RETURN_IF_ERROR(sql.Use("UPDATE device_contact SET push_token = '', wake_reason = 0, wake_wanted_us = 0 "
                            "WHERE push_token = $1 AND push_token <> '' AND device <> $2")
                        .Text(1, token)
                        .Int(2, device)
                        .Run());
  }
  return sql
      .Use(
          "UPDATE device_contact SET push_token = $2, wake_reason = 0, wake_wanted_us = 0 "
          "WHERE device = $1 AND push_token <> $2")
      .Int(1, device)
      .Text(2, token)
      .Run();
}

}  // namespace doorstep
