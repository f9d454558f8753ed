// The two macros that make absl::Status read like straight-line code.
#ifndef DOORSTEP_CLIENT_CORE_BASE_STATUS_H_
#define DOORSTEP_CLIENT_CORE_BASE_STATUS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define DOORSTEP_CONCAT_INNER(a, b) a##b
#define DOORSTEP_CONCAT(a, b) DOORSTEP_CONCAT_INNER(a, b)

// Returns from the enclosing function when `expr` is not OK.
#define RETURN_IF_ERROR(expr)                          \
  do {                                                 \
    absl::Status doorstep_status = (expr);             \
    if (!doorstep_status.ok()) return doorstep_status; \
  } while (false)

// ASSIGN_OR_RETURN(const Thing thing, MakeThing()): declares or assigns, or returns the error.
#define ASSIGN_OR_RETURN(lhs, expr) ASSIGN_OR_RETURN_IMPL(DOORSTEP_CONCAT(status_or_, __LINE__), lhs, expr)
#define ASSIGN_OR_RETURN_IMPL(status_or, lhs, expr) \
  auto status_or = (expr);                          \
  if (!status_or.ok()) return status_or.status();   \
  lhs = *std::move(status_or)

#endif  // DOORSTEP_CLIENT_CORE_BASE_STATUS_H_
