// Where a reader of a feed is. Opaque to phones: they keep the bytes and hand them back.
#ifndef DOORSTEP_SERVER_STORAGE_FEED_CURSOR_H_
#define DOORSTEP_SERVER_STORAGE_FEED_CURSOR_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "client_core/rules/feed_sum.h"

namespace doorstep {

struct FeedCursor {
  enum Phase { kSnapshot = 1, kAfterSnapshot = 2, kDelta = 3 };
  Phase phase = kSnapshot;
  // Deltas go on after it; during a snapshot the head at which it began.
  int64_t seq = 0;
  // The day on which the snapshot began: the tiers are those of this day.
  int32_t day = 0;
  // The last row of the snapshot that was handed out. Kind 0: none yet.
  int tier = 0;
  int kind = 0;
  std::string entity;
  // Over the rows that this reader was not given because they could not be read here.
  FeedSum left_out;
};

std::string FormatFeedCursor(const FeedCursor& cursor, absl::string_view generation, absl::string_view feed);

// Nothing when the bytes are empty or damaged, or when they belong to another generation or feed: the reader begins
// anew.
std::optional<FeedCursor> ParseFeedCursor(absl::string_view bytes, absl::string_view generation,
                                          absl::string_view feed);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_FEED_CURSOR_H_
