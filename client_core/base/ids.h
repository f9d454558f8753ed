// Ids: UUIDv7 for entities, "d7.2.418" for journal positions.
#ifndef DOORSTEP_CLIENT_CORE_BASE_IDS_H_
#define DOORSTEP_CLIENT_CORE_BASE_IDS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client_core/base/random.h"
#include "doorstep/v1/types.pb.h"

namespace doorstep {

// RFC 9562, version 7: 48 bits of Unix milliseconds, then random bits. 36 characters.
std::string MakeUuidV7(int64_t now_us, Random& random);

// Stands for the device in the id of an entry that the office recorded. No phone is called so.
inline constexpr char kOfficeDevice[] = "office";

// "d7.2.418".
std::string FormatPosition(const v1::JournalPosition& position);
// INVALID_ARGUMENT unless the text is device.epoch.seq with epoch and seq of at least 1.
absl::StatusOr<v1::JournalPosition> ParsePosition(absl::string_view text);

v1::JournalPosition MakePosition(absl::string_view device, uint64_t epoch, uint64_t seq);

// Order by device, epoch, seq: <0, 0, >0.
int ComparePositions(const v1::JournalPosition& a, const v1::JournalPosition& b);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_BASE_IDS_H_
