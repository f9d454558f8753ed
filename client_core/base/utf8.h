// Text of others that goes on as text: a server's error message, a host's boot id. Whoever reads it next may refuse a
// whole message for one wrong byte.
#ifndef DOORSTEP_CLIENT_CORE_BASE_UTF8_H_
#define DOORSTEP_CLIENT_CORE_BASE_UTF8_H_

#include <string>

#include "absl/strings/string_view.h"

namespace doorstep {

// As long as `text`, with a question mark in place of each byte that is no part of UTF-8.
std::string Utf8(absl::string_view text);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_BASE_UTF8_H_
