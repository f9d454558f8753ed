// The gRPC of an app that carries the phone core's calls itself, written as an app would: a thread a call, a plain
// blocking stub, nothing of the built-in transport.
#ifndef DOORSTEP_TESTS_CONFORMANCE_APP_GRPC_H_
#define DOORSTEP_TESTS_CONFORMANCE_APP_GRPC_H_

#include <memory>
#include <string>

#include "client_core/transport/transport.h"

namespace doorstep::conformance {

// A HostTransport over the app's own gRPC.
std::unique_ptr<Transport> MakeAppTransport(const std::string& address);

}  // namespace doorstep::conformance

#endif  // DOORSTEP_TESTS_CONFORMANCE_APP_GRPC_H_
