#include "server/storage/feed_cursor.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace doorstep {

// Text, so that it can be read in a log. The entity comes last because it may hold any byte.
std::string FormatFeedCursor(const FeedCursor& cursor, absl::string_view generation, absl::string_view feed) {
  return absl::StrCat("1|", generation, "|", feed.size(), "|", feed, "|", static_cast<int>(cursor.phase), "|",
                      cursor.seq, "|", cursor.day, "|", cursor.tier, "|", cursor.kind, "|", cursor.entity);
}

std::optional<FeedCursor> ParseFeedCursor(absl::string_view bytes, absl::string_view generation,
                                          absl::string_view feed) {
  const std::string expected = absl::StrCat("1|", generation, "|", feed.size(), "|", feed, "|");
  if (bytes.substr(0, expected.size()) != expected) return std::nullopt;
  bytes.remove_prefix(expected.size());
  const std::vector<absl::string_view> parts = absl::StrSplit(bytes, absl::MaxSplits('|', 5));
  FeedCursor cursor;
  int phase = 0;
  if (parts.size() != 6 || !absl::SimpleAtoi(parts[0], &phase) || !absl::SimpleAtoi(parts[1], &cursor.seq) ||
      !absl::SimpleAtoi(parts[2], &cursor.day) || !absl::SimpleAtoi(parts[3], &cursor.tier) ||
      !absl::SimpleAtoi(parts[4], &cursor.kind)) {
    return std::nullopt;
  }
  if (phase < FeedCursor::kSnapshot || phase > FeedCursor::kDelta) return std::nullopt;
  cursor.phase = static_cast<FeedCursor::Phase>(phase);
  cursor.entity = std::string(parts[5]);
  return cursor;
}

}  // namespace doorstep
