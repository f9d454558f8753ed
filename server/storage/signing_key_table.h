// The keys that devices have told, with which they sign their frames.
#ifndef DOORSTEP_SERVER_STORAGE_SIGNING_KEY_TABLE_H_
#define DOORSTEP_SERVER_STORAGE_SIGNING_KEY_TABLE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "doorstep/v1/admin_service.pb.h"
#include "doorstep/v1/sync.pb.h"
#include "server/storage/sql_session.h"

namespace doorstep {

// In the order in which they were told: the last counts.
absl::StatusOr<std::vector<v1::ToldSigningKey>> SigningKeysOfDevice(SqlSession& sql, int64_t device);
// The key counts from now on. One that was told before stands last again, and of more than limits::kSigningKeysMax the
// oldest go.
absl::Status AddSigningKey(SqlSession& sql, int64_t device, int64_t told_us, const v1::SigningKey& key);

// The key that counts of every device that has told one: device id and key.
absl::StatusOr<std::vector<std::pair<std::string, v1::SigningKey>>> CurrentSigningKeys(SqlSession& sql);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_SIGNING_KEY_TABLE_H_
