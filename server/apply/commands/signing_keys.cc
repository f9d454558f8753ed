#include "server/apply/commands/signing_keys.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "server/apply/commands/apply_parts.h"
#include "server/storage/device_table.h"
#include "server/storage/signing_key_table.h"

namespace doorstep {

absl::Status RunTellSigningKey(const v1::SigningKey& key, absl::string_view device, Transaction& tx) {
  ASSIGN_OR_RETURN(const auto row, FindDevice(tx.sql(), device));
  if (!row.has_value()) return absl::NotFoundError(absl::StrCat("no device ", device));
  ASSIGN_OR_RETURN(const std::vector<v1::ToldSigningKey> told, SigningKeysOfDevice(tx.sql(), row->n));
  if (!told.empty() && told.back().key().algorithm() == key.algorithm() &&
      told.back().key().public_key() == key.public_key()) {
    return absl::OkStatus();
  }
  v1::CommandRecord record;
  record.mutable_signing_key()->set_device(std::string(device));
  *record.mutable_signing_key()->mutable_key() = key;
  return tx.Apply(std::move(record));
}

absl::Status ApplyPart(const v1::SigningKeyCommand& command, Transaction& tx) {
  ASSIGN_OR_RETURN(const auto row, FindDevice(tx.sql(), command.device()));
  if (!row.has_value()) return absl::DataLossError("a recorded signing key names a device that is not there");
  return AddSigningKey(tx.sql(), row->n, tx.commit_us(), command.key());
}

}  // namespace doorstep
