// A cursor is whatever a phone hands in: it is understood or begins anew, and what is understood is written the same.
#include <cstdlib>
#include <optional>
#include <string>

#include "server/storage/feed_cursor.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr char kGeneration[] = "g1";
  constexpr char kFeed[] = "technician:ana";
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::optional<doorstep::FeedCursor> cursor = doorstep::ParseFeedCursor(bytes, kGeneration, kFeed);
  if (!cursor.has_value()) return 0;
  const std::string again = doorstep::FormatFeedCursor(*cursor, kGeneration, kFeed);
  if (!doorstep::ParseFeedCursor(again, kGeneration, kFeed).has_value()) std::abort();
  return 0;
}
