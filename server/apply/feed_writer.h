// Moves rows of feeds up, in memory, and writes what has moved: each row once, with the sum of its feed's head.
//
// Invariant: in the file, a head's sum is that of the rows that are neither LEFT nor judgements.
#ifndef DOORSTEP_SERVER_APPLY_FEED_WRITER_H_
#define DOORSTEP_SERVER_APPLY_FEED_WRITER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/sync.pb.h"
#include "server/apply/open_feed.h"
#include "server/apply/recent.h"
#include "server/storage/feed_table.h"

namespace doorstep {

// Writes what has changed in the feed.
absl::Status WriteFeed(SqlSession& sql, OpenFeed& feed);
// The same for all that groups left in memory.
absl::Status WriteFeeds(SqlSession& sql, Recent& recent);

// One for each group.
class FeedWriter {
 public:
  // `today`: what leaves, leaves on this day.
  FeedWriter(SqlSession* sql, Recent* recent, int32_t today) : sql_(sql), recent_(recent), today_(today) {}

  // A feed, made when it is new. Good until the writer goes.
  absl::StatusOr<OpenFeed*> Open(absl::string_view name);

  absl::StatusOr<bool> Shows(OpenFeed& feed, v1::EntityKind kind, absl::string_view entity);
  // Shows the entity at this version; nothing moves when it is shown so already. True: it had not been shown.
  absl::StatusOr<bool> Put(OpenFeed& feed, v1::EntityKind kind, absl::string_view entity, int64_t version, int64_t day);
  // Takes the entity out, saying why. True: it had been shown.
  absl::StatusOr<bool> Leave(OpenFeed& feed, v1::EntityKind kind, absl::string_view entity, absl::string_view reason,
                             absl::string_view successor);
  // Every row that is there, without those that left.
  absl::StatusOr<std::vector<FeedRow>> Present(OpenFeed& feed);
  // Forgets what left limits::kLeftRowDays ago or before: readers from before then begin anew.
  absl::Status Prune(OpenFeed& feed);
  // Technicians whose feed was not moved for today yet, the first `limit` of them.
  absl::StatusOr<std::vector<std::string>> TechniciansBehind(int64_t limit);

  // Writes all that was opened.
  absl::Status WriteAll();
  // What was opened; the writer is used up.
  std::vector<std::unique_ptr<OpenFeed>> Take();

 private:
  absl::StatusOr<OpenFeed::Row*> FindRow(OpenFeed& feed, v1::EntityKind kind, absl::string_view entity);

  SqlSession* const sql_;
  Recent* const recent_;
  const int32_t today_;
  std::map<std::string, std::unique_ptr<OpenFeed>> feeds_;
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_FEED_WRITER_H_
