// Moves rows of feeds up and keeps the sums of their heads. One for each group.
// Invariant: a head's sum is that of the rows that are neither LEFT nor judgements.
#ifndef DOORSTEP_SERVER_APPLY_FEED_WRITER_H_
#define DOORSTEP_SERVER_APPLY_FEED_WRITER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "doorstep/v1/sync.pb.h"
#include "server/apply/recent.h"
#include "server/openssl_sha256.h"
#include "server/storage/feed_table.h"

namespace doorstep {

class FeedWriter {
 public:
  // `today`: what leaves, leaves on this day.
  FeedWriter(SqlSession* sql, Recent* recent, int32_t today) : sql_(sql), recent_(recent), today_(today) {}

  // The head of a feed, made when it is new. Good until the writer goes.
  absl::StatusOr<FeedHead*> Open(absl::string_view name);

  absl::StatusOr<bool> Shows(const FeedHead& head, v1::EntityKind kind, absl::string_view entity);
  // Shows the entity at this version; nothing moves when it is shown so already. True: it had not been shown.
  absl::StatusOr<bool> Put(FeedHead& head, v1::EntityKind kind, absl::string_view entity, int64_t version, int64_t day);
  // The same for who knows how it is shown by now, if it is.
  absl::StatusOr<bool> Put(FeedHead& head, v1::EntityKind kind, absl::string_view entity, int64_t version, int64_t day,
                           int64_t version_before, int64_t day_before);
  // Takes the entity out, saying why. True: it had been shown.
  absl::StatusOr<bool> Leave(FeedHead& head, v1::EntityKind kind, absl::string_view entity, absl::string_view reason,
                             absl::string_view successor);
  // Forgets what left limits::kLeftRowDays ago or before: readers from before then begin anew.
  absl::Status Prune(FeedHead& head);

  // Writes the heads that moved. Returns all that were opened; the writer is used up.
  absl::StatusOr<std::vector<FeedHead>> WriteHeads();

 private:
  struct OpenHead {
    FeedHead head;
    int64_t seq_before = 0;
    int64_t window_day_before = 0;
  };
  void Count(FeedHead& head, const FeedRow& row, bool in);

  SqlSession* const sql_;
  Recent* const recent_;
  const int32_t today_;
  OpensslSha256 hasher_;
  std::map<std::string, OpenHead> heads_;
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_FEED_WRITER_H_
