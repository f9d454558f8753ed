// A page of a feed as the phone pulls it: a snapshot ordered by tier, or what changed after the cursor.
//
// The cursor is opaque to the phone: generation, whether a snapshot is under way, the head and the day at which it
// began, and the place reached. A cursor of another generation or feed, or one below what was pruned, begins a new
// snapshot.
#ifndef DOORSTEP_SERVER_STORAGE_FEED_PAGES_H_
#define DOORSTEP_SERVER_STORAGE_FEED_PAGES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client_core/rules/feed_names.h"
#include "doorstep/v1/sync.pb.h"
#include "server/storage/sql_session.h"

namespace doorstep {

struct PullQuestion {
  std::string feed;         // "device:d7" or "technician:ana"; who may read it is the caller's to check.
  std::string cursor;       // From the last page; empty: from the beginning.
  uint32_t page_bytes = 0;  // Of the uncompressed page; 0: kPageBytesDefault.
  std::string generation;
  int64_t now_us = 0;
  // Takes a line about each row that was left out because it cannot be read.
  std::vector<std::string>* unreadable = nullptr;
};

// Everything of the answer but nothing of the call's own; reads in one view, so call it inside Storage::Read. A feed
// that nobody has written yet is empty, not an error. A row that cannot be read holds up nothing behind it: the reader
// is told that it left, and why, and reads anew when the row can be read again. INVALID_ARGUMENT: `page_bytes` or the
// cursor's size is out of bounds.
absl::StatusOr<v1::PullResponse> BuildPage(SqlSession& sql, const PullQuestion& question);

// Seq of the feed's head; 0: nothing was ever written.
absl::StatusOr<int64_t> FeedSeq(SqlSession& sql, absl::string_view feed);

// "device:d7", which the device itself calls "device".
std::string DeviceFeed(absl::string_view device);

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_STORAGE_FEED_PAGES_H_
