// What the last groups left in the file, still in memory, so that the next ones need not read and parse it again.
//
// Invariant: what is here is what the file holds, or, in a rebuild, will hold. A group takes things out, and puts them
// back when it has committed; from a group that failed nothing comes back, so that what it had in mind is forgotten
// with it.
// One thread: the writer's, or a rebuild's.
#ifndef DOORSTEP_SERVER_APPLY_RECENT_H_
#define DOORSTEP_SERVER_APPLY_RECENT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "server/apply/group_visit.h"
#include "server/apply/open_feed.h"

namespace doorstep {

class Recent {
 public:
  using Forgotten = std::vector<std::shared_ptr<void>>;
  // Visits that are forgotten go to `forgotten`, for whoever lets another thread free them; null: they are freed at
  // once.
  explicit Recent(Forgotten* forgotten = nullptr) : forgotten_(forgotten) {}

  // Null: not here.
  std::unique_ptr<GroupVisit> TakeVisit(absl::string_view id);
  std::unique_ptr<GroupVisit> TakeVisit(int64_t n);
  void PutVisit(std::unique_ptr<GroupVisit> visit);
  std::vector<GroupVisit*> Visits();

  // Null: not here.
  std::unique_ptr<OpenFeed> TakeFeed(absl::string_view name);
  void PutFeed(std::unique_ptr<OpenFeed> feed);
  std::vector<OpenFeed*> Feeds();

  // So much is here that ForgetOld() would forget some of it: whoever has left things unwritten writes them first.
  bool IsFull() const;
  void ForgetOld();

 private:
  struct VisitMaps {
    absl::flat_hash_map<int64_t, std::unique_ptr<GroupVisit>> by_number;
    absl::flat_hash_map<std::string, int64_t> numbers;  // By id.
    size_t bytes = 0;                                   // Of all that were put, about, as the file has them.
  };
  static std::unique_ptr<GroupVisit> TakeFrom(VisitMaps& visits, int64_t n);

  // What nobody took while as much again was put is forgotten: young ones grow old, and old ones go together.
  VisitMaps young_;
  VisitMaps old_;
  Forgotten* const forgotten_;
  absl::flat_hash_map<std::string, std::unique_ptr<OpenFeed>> feeds_;
  size_t feed_rows_ = 0;  // Of all that are here; a head counts as one.
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_APPLY_RECENT_H_
