// The projections as a whole: what a rebuild must make again, byte for byte.
#ifndef DOORSTEP_SERVER_STORAGE_PROJECTIONS_H_
#define DOORSTEP_SERVER_STORAGE_PROJECTIONS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/storage/sql_session.h"

namespace doorstep {

struct ProjectionHash {
  std::string table;
  std::string hash;  // SHA-256 over its rows in the order of the key, 32 bytes.
};

// Every table but the truth and what is operational, by name.
absl::StatusOr<std::vector<ProjectionHash>> HashProjections(SqlSession& sql);

// SHA-256 over all of them.
std::string HashOfAll(const std::vector<ProjectionHash>& hashes);

// The first row of `table` that is not the same in both, as SQL literals; empty when there is none.
absl::StatusOr<std::string> FirstDifference(SqlSession& a, SqlSession& b, const std::string& table);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_PROJECTIONS_H_
