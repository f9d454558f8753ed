// Serial numbers of assets: the same number twice in one account is probably one thing that was registered twice.
#ifndef DOORSTEP_SERVER_STORAGE_SERIAL_TABLE_H_
#define DOORSTEP_SERVER_STORAGE_SERIAL_TABLE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/account.pb.h"
#include "server/storage/sql_session.h"

namespace doorstep {

// As it is compared: people write it with other blanks and letters than plates do. Empty: the asset has none, or is
// merged into another one.
std::string SerialKey(const v1::Asset& asset);

// The asset's row is what `asset` says; what was decided about it stays while its number does.
absl::Status WriteSerial(SqlSession& sql, int64_t account, const v1::Asset& asset);
// Somebody has decided about the asset and those that have its number now.
absl::Status MarkSerialLookedAt(SqlSession& sql, absl::string_view asset);

struct DoubledSerial {
  int64_t account = 0;
  std::string serial;  // A SerialKey.
};
// Numbers that two assets of one account have whose models do not differ, as far as nobody has decided about both;
// after `after` in their order.
absl::StatusOr<std::vector<DoubledSerial>> DoubledSerials(SqlSession& sql, const DoubledSerial& after, int64_t limit);
// Ids of the assets that have this number, in their order.
absl::StatusOr<std::vector<std::string>> AssetsOfSerial(SqlSession& sql, const DoubledSerial& serial);

// For a file whose assets came before the table did.
absl::Status FillSerials(SqlSession& sql);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_SERIAL_TABLE_H_
