#include "client_core/api/builtin_transport.h"

namespace doorstep {

absl::StatusOr<std::unique_ptr<Transport>> MakeBuiltinTransport(absl::string_view, bool) {
  return absl::UnimplementedError(
      "options.server_address: this library was built without a transport; pass options.transport");
}

}  // namespace doorstep
