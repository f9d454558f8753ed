#include "server/storage/feed_cursor.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace doorstep {

namespace {

// "1" is of a reader that has everything, as nearly all have; "2" has what was left out before the entity.
std::string Head(char version, absl::string_view generation, absl::string_view feed) {
  return absl::StrCat(absl::string_view(&version, 1), "|", generation, "|", feed.size(), "|", feed, "|");
}

}  // namespace

// Text, so that it can be read in a log. The entity comes last because it may hold any byte.
std::string FormatFeedCursor(const FeedCursor& cursor, absl::string_view generation, absl::string_view feed) {
  const bool whole = cursor.left_out == FeedSum();
  return absl::StrCat(Head(whole ? '1' : '2', generation, feed), static_cast<int>(cursor.phase), "|", cursor.seq, "|",
                      cursor.day, "|", cursor.tier, "|", cursor.kind, "|",
                      whole ? std::string() : absl::StrCat(cursor.left_out.high, "|", cursor.left_out.low, "|"),
                      cursor.entity);
}

std::optional<FeedCursor> ParseFeedCursor(absl::string_view bytes, absl::string_view generation,
                                          absl::string_view feed) {
  const bool whole = bytes.substr(0, 1) != "2";
  const std::string head = Head(whole ? '1' : '2', generation, feed);
  if (bytes.substr(0, head.size()) != head) return std::nullopt;
  bytes.remove_prefix(head.size());
  const size_t numbers = whole ? 5 : 7;
  const std::vector<absl::string_view> parts = absl::StrSplit(bytes, absl::MaxSplits('|', static_cast<int>(numbers)));
  FeedCursor cursor;
  int phase = 0;
  if (parts.size() != numbers + 1 || !absl::SimpleAtoi(parts[0], &phase) || !absl::SimpleAtoi(parts[1], &cursor.seq) ||
      !absl::SimpleAtoi(parts[2], &cursor.day) || !absl::SimpleAtoi(parts[3], &cursor.tier) ||
      !absl::SimpleAtoi(parts[4], &cursor.kind)) {
    return std::nullopt;
  }
  if (!whole &&
      (!absl::SimpleAtoi(parts[5], &cursor.left_out.high) || !absl::SimpleAtoi(parts[6], &cursor.left_out.low))) {
    return std::nullopt;
  }
  if (phase < FeedCursor::kSnapshot || phase > FeedCursor::kDelta) return std::nullopt;
  cursor.phase = static_cast<FeedCursor::Phase>(phase);
  cursor.entity = std::string(parts[numbers]);
  return cursor;
}

}  // namespace doorstep
