#include "server/storage/signing_key_table.h"

#include "client_core/base/limits.h"
#include "client_core/base/status.h"

namespace doorstep {
namespace {

v1::SigningKey KeyOf(Query& query, int algorithm, int public_key) {
  v1::SigningKey key;
  key.set_algorithm(static_cast<v1::KeyAlgorithm>(query.Int(algorithm)));
  key.set_public_key(std::string(query.Blob(public_key)));
  return key;
}

}  // namespace

absl::StatusOr<std::vector<v1::ToldSigningKey>> SigningKeysOfDevice(SqlSession& sql, int64_t device) {
  Query query = sql.Use("SELECT told_us, algorithm, public_key FROM signing_key WHERE device = $1 ORDER BY place");
  query.Int(1, device);
  std::vector<v1::ToldSigningKey> keys;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return keys;
    v1::ToldSigningKey& told = keys.emplace_back();
    told.set_told_time_us(query.Int(0));
    *told.mutable_key() = KeyOf(query, 1, 2);
  }
}

absl::Status AddSigningKey(SqlSession& sql, int64_t device, int64_t told_us, const v1::SigningKey& key) {
  RETURN_IF_ERROR(sql.Use("DELETE FROM signing_key WHERE device = $1 AND algorithm = $2 AND public_key = $3")
                      .Int(1, device)
                      .Int(2, key.algorithm())
                      .Blob(3, key.public_key())
                      .Run());
  RETURN_IF_ERROR(sql.Use("INSERT INTO signing_key (device, place, told_us, algorithm, public_key) "
                          "SELECT $1, COALESCE(MAX(place), 0) + 1, $2, $3, $4 FROM signing_key WHERE device = $1")
                      .Int(1, device)
                      .Int(2, told_us)
                      .Int(3, key.algorithm())
                      .Blob(4, key.public_key())
                      .Run());
  return sql
      .Use(
          "DELETE FROM signing_key WHERE device = $1 AND place NOT IN "
          "(SELECT place FROM signing_key WHERE device = $1 ORDER BY place DESC LIMIT $2)")
      .Int(1, device)
      .Int(2, limits::kSigningKeysMax)
      .Run();
}

absl::StatusOr<std::vector<std::pair<std::string, v1::SigningKey>>> CurrentSigningKeys(SqlSession& sql) {
  Query query = sql.Use(
      "SELECT device.id, signing_key.algorithm, signing_key.public_key FROM signing_key "
      "JOIN device ON device.n = signing_key.device WHERE signing_key.place = "
      "(SELECT MAX(place) FROM signing_key AS last WHERE last.device = signing_key.device) ORDER BY device.n");
  std::vector<std::pair<std::string, v1::SigningKey>> keys;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return keys;
    keys.emplace_back(std::string(query.Text(0)), KeyOf(query, 1, 2));
  }
}

}  // namespace doorstep
