#include "client_core/api/builtin_transport.h"
#include "client_core/transport/grpc_transport.h"

namespace doorstep {

absl::StatusOr<std::unique_ptr<Transport>> MakeBuiltinTransport(absl::string_view address, bool insecure_loopback) {
  return MakeGrpcTransport(address, insecure_loopback);
}

}  // namespace doorstep
