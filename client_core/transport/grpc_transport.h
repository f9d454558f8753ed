// The built-in transport: unary calls over one gRPC channel. Apart from the other transports, so that an app which
// brings its own links without gRPC.
#ifndef DOORSTEP_CLIENT_CORE_TRANSPORT_GRPC_TRANSPORT_H_
#define DOORSTEP_CLIENT_CORE_TRANSPORT_GRPC_TRANSPORT_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client_core/transport/transport.h"

namespace doorstep {

// A transport to `address` ("127.0.0.1:7443", "[::1]:7443", "localhost:7443"). Connects with the first call.
// Without TLS only when `insecure_loopback` is set and `address` is this machine's own: INVALID_ARGUMENT otherwise.
absl::StatusOr<std::unique_ptr<Transport>> MakeGrpcTransport(absl::string_view address, bool insecure_loopback);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_TRANSPORT_GRPC_TRANSPORT_H_
