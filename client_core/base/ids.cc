#include "client_core/base/ids.h"

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client_core/base/limits.h"

namespace doorstep {

std::string MakeUuidV7(int64_t now_us, Random& random) {
  std::string b = random.Bytes(16);
  const uint64_t ms = static_cast<uint64_t>(now_us / 1000);
  for (int i = 0; i < 6; ++i) b[i] = static_cast<char>(ms >> (40 - 8 * i));
  b[6] = static_cast<char>((b[6] & 0x0F) | 0x70);
  b[8] = static_cast<char>((b[8] & 0x3F) | 0x80);
  const std::string hex = absl::BytesToHexString(b);
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-", hex.substr(12, 4), "-", hex.substr(16, 4), "-",
                      hex.substr(20));
}

std::string FormatPosition(const v1::JournalPosition& position) {
  return absl::StrCat(position.device(), ".", position.epoch(), ".", position.seq());
}

absl::StatusOr<v1::JournalPosition> ParsePosition(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '.');
  uint64_t epoch = 0;
  uint64_t seq = 0;
  if (parts.size() != 3 || parts[0].empty() || parts[0].size() > limits::kDeviceBytesMax ||
      !absl::SimpleAtoi(parts[1], &epoch) || !absl::SimpleAtoi(parts[2], &seq) || epoch == 0 || seq == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("entry id: \"", text.substr(0, 80), "\" is not device.epoch.seq, for instance d7.2.418"));
  }
  return MakePosition(parts[0], epoch, seq);
}

v1::JournalPosition MakePosition(absl::string_view device, uint64_t epoch, uint64_t seq) {
  v1::JournalPosition position;
  position.set_device(std::string(device));
  position.set_epoch(epoch);
  position.set_seq(seq);
  return position;
}

int ComparePositions(const v1::JournalPosition& a, const v1::JournalPosition& b) {
  if (const int c = a.device().compare(b.device()); c != 0) return c;
  if (a.epoch() != b.epoch()) return a.epoch() < b.epoch() ? -1 : 1;
  if (a.seq() != b.seq()) return a.seq() < b.seq() ? -1 : 1;
  return 0;
}

}  // namespace doorstep
