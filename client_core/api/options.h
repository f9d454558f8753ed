// Reads the host's options: checks sizes and pointers, copies, and wraps callbacks. Decides nothing.
#ifndef DOORSTEP_CLIENT_CORE_API_OPTIONS_H_
#define DOORSTEP_CLIENT_CORE_API_OPTIONS_H_

#include <doorstep/doorstep.h>

#include "absl/status/statusor.h"
#include "client_core/session/session.h"
#include "client_core/transport/host_transport.h"

namespace doorstep {

struct OpenParts {
  SessionParts session;
  // Within session.transport; null when the host brings none.
  HostTransport* host_transport = nullptr;
};

// INVALID_ARGUMENT names the option; FAILED_PRECONDITION: the key callback failed.
absl::StatusOr<OpenParts> ReadOptions(const doorstep_options* options);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_API_OPTIONS_H_
