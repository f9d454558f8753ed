// The transport for options.server_address. Two definitions, one of which each final library links:
// grpc_builtin.cc makes the gRPC one, no_builtin.cc answers UNIMPLEMENTED.
#ifndef DOORSTEP_CLIENT_CORE_API_BUILTIN_TRANSPORT_H_
#define DOORSTEP_CLIENT_CORE_API_BUILTIN_TRANSPORT_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client_core/transport/transport.h"

namespace doorstep {

absl::StatusOr<std::unique_ptr<Transport>> MakeBuiltinTransport(absl::string_view address, bool insecure_loopback);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_API_BUILTIN_TRANSPORT_H_
