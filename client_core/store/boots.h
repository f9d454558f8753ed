// The boots of this phone in the order they were seen, each with its last exchange with the server: what lets the
// server correct the times of entries recorded offline. Kept in the journal's file.
// Invariant: at most limits::kFrameClockSamplesMax - 1 exchanges are kept, those of the newest boots.
// Not thread-safe.
#ifndef DOORSTEP_CLIENT_CORE_STORE_BOOTS_H_
#define DOORSTEP_CLIENT_CORE_STORE_BOOTS_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client_core/sqlite/database.h"
#include "doorstep/v1/sync.pb.h"

namespace doorstep {

class Boots {
 public:
  explicit Boots(sqlite::Database* db) : db_(db) {}
  absl::Status Load();

  // The number of a boot, made durable when it is new. Numbers grow in the order of first sight.
  absl::StatusOr<uint64_t> Number(absl::string_view boot_id);

  // Notes an exchange with the server (`server_time_us` is set). It counts at once; it is written to the file when
  // it is the first of its boot or 15 minutes after the one written, because any exchange of a boot serves as well.
  absl::Status Record(const v1::ClockSample& exchange);

  // The last exchange of this boot; `server_time_us` is 0 when there was none.
  v1::ClockSample Exchange(absl::string_view boot_id) const;
  // `now` (a reading of the clocks) with the server's time for it, as the last exchange of its boot tells it; without
  // an exchange as it is.
  v1::ClockSample Tied(v1::ClockSample now) const;
  // The exchanges that tell the time of entries of these boots: their own, and for a boot without one the nearest
  // before and after it. Oldest first.
  std::vector<v1::ClockSample> Around(const std::set<uint64_t>& boots) const;
  // Server time of the newest exchange; 0: never.
  int64_t LastContactUs() const;

 private:
  struct Boot {
    v1::ClockSample exchange;
    int64_t written_monotonic_us = 0;  // 0: no exchange is in the file.
  };
  sqlite::Database* const db_;
  std::map<std::string, uint64_t, std::less<>> numbers_;
  std::map<uint64_t, Boot> boots_;
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_STORE_BOOTS_H_
