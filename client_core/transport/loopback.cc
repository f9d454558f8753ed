#include "client_core/transport/loopback.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace doorstep {
namespace {

bool IsNumber(absl::string_view text, uint32_t least, uint32_t most) {
  uint32_t value = 0;
  if (text.empty() || text.size() > 5 || text.find_first_not_of("0123456789") != absl::string_view::npos) return false;
  return absl::SimpleAtoi(text, &value) && value >= least && value <= most;
}

}  // namespace

bool IsLoopbackAddress(absl::string_view address) {
  const size_t colon = address.rfind(':');
  if (colon == absl::string_view::npos || !IsNumber(address.substr(colon + 1), 1, 65535)) return false;
  const absl::string_view host = address.substr(0, colon);
  if (host == "localhost" || host == "[::1]") return true;
  // By numbers and not by prefix: "127.0.0.1.example.com" is somebody else's machine.
  const std::vector<absl::string_view> parts = absl::StrSplit(host, '.');
  if (parts.size() != 4 || parts[0] != "127") return false;
  for (const absl::string_view part : parts) {
    if (!IsNumber(part, 0, 255)) return false;
  }
  return true;
}

}  // namespace doorstep
