// Which addresses never leave the machine: the only ones that may be spoken to without TLS.
#ifndef DOORSTEP_CLIENT_CORE_TRANSPORT_LOOPBACK_H_
#define DOORSTEP_CLIENT_CORE_TRANSPORT_LOOPBACK_H_

#include "absl/strings/string_view.h"

namespace doorstep {

// True for "host:port" where host is 127.0.0.0/8 written as four numbers, [::1] or localhost, and port is 1 to 65535.
bool IsLoopbackAddress(absl::string_view address);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_TRANSPORT_LOOPBACK_H_
