// The projections as a whole: what a rebuild must make again, byte for byte.
#ifndef DOORSTEP_SERVER_STORAGE_PROJECTIONS_H_
#define DOORSTEP_SERVER_STORAGE_PROJECTIONS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/storage/sql_session.h"

namespace doorstep {

struct ProjectionComparison {
  // SHA-256 over those of every projection of the first file, by table and key, 32 bytes.
  std::string hash;
  // Tables that differ, each with its first row that does. Empty: equal.
  std::vector<std::string> differences;
};

// Reads every table but the truth and what is operational, both files at the same time: `fresh` in a thread of its own.
absl::StatusOr<ProjectionComparison> CompareProjections(SqlSession& live, SqlSession& fresh);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_PROJECTIONS_H_
