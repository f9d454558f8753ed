// A feed in memory: its head, and those of its rows that groups have looked at.
#ifndef DOORSTEP_SERVER_APPLY_OPEN_FEED_H_
#define DOORSTEP_SERVER_APPLY_OPEN_FEED_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "server/storage/feed_table.h"

namespace doorstep {

struct OpenFeed {
  struct Row {
    FeedRow now;                     // At seq 0: the feed has no such row.
    bool stored = false;             // The file has a row of this entity, perhaps at another place.
    bool changed = false;            // `now` is not what the file has.
    std::optional<int64_t> counted;  // The version that the head's sum counts; nothing: it counts none.
  };

  FeedHead head;
  int64_t stored_seq = 0;  // Of the head, as the file has it.
  int64_t stored_window_day = 0;
  bool is_whole = false;  // Every row that the file has is here.
  // By kind and entity, which is the text in the row itself. Absent: nobody has looked, unless the feed is whole.
  absl::flat_hash_map<std::pair<v1::EntityKind, absl::string_view>, std::unique_ptr<Row>> rows;
  std::vector<Row*> changed;  // Each once.
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_OPEN_FEED_H_
