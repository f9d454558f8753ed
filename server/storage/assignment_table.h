// Which technicians are or were on which visits. The assignments themselves stand in the Visit.
#ifndef DOORSTEP_SERVER_STORAGE_ASSIGNMENT_TABLE_H_
#define DOORSTEP_SERVER_STORAGE_ASSIGNMENT_TABLE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/storage/sql_session.h"

namespace doorstep {

absl::Status WriteAssignment(SqlSession& sql, absl::string_view technician, int64_t visit, bool revoked);

// Numbers of the visits on which the technician is expected and whose day lies in [from_day, to_day], or that have
// none.
absl::StatusOr<std::vector<int64_t>> VisitsOfTechnician(SqlSession& sql, absl::string_view technician, int64_t from_day,
                                                        int64_t to_day);

// Numbers of all visits that say anything of the technician, in their order.
absl::StatusOr<std::vector<int64_t>> EveryVisitOfTechnician(SqlSession& sql, absl::string_view technician);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_ASSIGNMENT_TABLE_H_
