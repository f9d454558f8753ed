// A disk that fails once has damaged nothing, and what a salvage gives up is lost for good.
#ifndef DOORSTEP_CLIENT_CORE_SQLITE_READ_AGAIN_H_
#define DOORSTEP_CLIENT_CORE_SQLITE_READ_AGAIN_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace doorstep::sqlite {

inline const absl::Status& StatusOfRead(const absl::Status& read) { return read; }
template <typename T>
const absl::Status& StatusOfRead(const absl::StatusOr<T>& read) {
  return read.status();
}

// `read` gives a Status or a StatusOr, and is tried up to three times as long as it does not say "damaged".
template <typename Read>
auto ReadAgain(const Read& read) {
  constexpr int kReadsMax = 3;
  auto result = read();
  for (int reads = 1; reads < kReadsMax && !result.ok() && !absl::IsDataLoss(StatusOfRead(result)); ++reads) {
    result = read();
  }
  return result;
}

}  // namespace doorstep::sqlite

#endif  // DOORSTEP_CLIENT_CORE_SQLITE_READ_AGAIN_H_
