// absl::Status as gRPC's, for the few files that speak gRPC.
#ifndef DOORSTEP_SERVER_SERVICES_RPC_STATUS_H_
#define DOORSTEP_SERVER_SERVICES_RPC_STATUS_H_

#include <grpcpp/support/status.h>

#include <string>

#include "absl/status/status.h"

namespace doorstep {

// The codes of both have the same numbers. UNKNOWN, INTERNAL and DATA_LOSS lose their text: what went wrong inside is
// for the server's log, not for callers.
inline grpc::Status ToRpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const auto code = static_cast<grpc::StatusCode>(status.code());
  if (absl::IsInternal(status) || absl::IsUnknown(status) || absl::IsDataLoss(status)) {
    return grpc::Status(code, "the server could not do this; its log says why");
  }
  return grpc::Status(code, std::string(status.message()));
}

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_SERVICES_RPC_STATUS_H_
