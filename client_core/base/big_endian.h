// Integers and texts as they stand in what is hashed or signed.
#ifndef DOORSTEP_CLIENT_CORE_BASE_BIG_ENDIAN_H_
#define DOORSTEP_CLIENT_CORE_BASE_BIG_ENDIAN_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace doorstep::big_endian {

inline void AppendU32(uint32_t value, std::string& out) {
  const char bytes[4] = {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
                         static_cast<char>(value)};
  out.append(bytes, sizeof(bytes));
}

inline void AppendU64(uint64_t value, std::string& out) {
  AppendU32(static_cast<uint32_t>(value >> 32), out);
  AppendU32(static_cast<uint32_t>(value), out);
}

// A u32 of the length goes before.
inline void AppendSized(absl::string_view bytes, std::string& out) {
  AppendU32(static_cast<uint32_t>(bytes.size()), out);
  out.append(bytes.data(), bytes.size());
}

}  // namespace doorstep::big_endian

#endif  // DOORSTEP_CLIENT_CORE_BASE_BIG_ENDIAN_H_
