// A file that only takes room, on the disk that SQLite uses, so that room can be kept and given back.
#ifndef DOORSTEP_CLIENT_CORE_SQLITE_FILLER_H_
#define DOORSTEP_CLIENT_CORE_SQLITE_FILLER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace doorstep::sqlite {

struct Filler {
  std::string path;
  std::string vfs;  // Empty: the system's.
};

// Makes it anew, `bytes` long, of bytes that no file system can keep in less room, durable. On the way it takes
// `spare_bytes` more, so that it is made only where that much is left besides. RESOURCE_EXHAUSTED: there is no such
// room; nothing is left behind.
absl::Status MakeFiller(const Filler& filler, int64_t bytes, int64_t spare_bytes);

// How long it is; 0: there is none.
absl::StatusOr<int64_t> FillerBytes(const Filler& filler);

// Its room is free when this returns OK, also when there was none.
absl::Status RemoveFiller(const Filler& filler);

}  // namespace doorstep::sqlite

#endif  // DOORSTEP_CLIENT_CORE_SQLITE_FILLER_H_
