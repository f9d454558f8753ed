#include "tools/benchmarks/history.h"

#include "tools/benchmarks/figures.h"
#include "tools/benchmarks/workload.h"

namespace doorstep::benchmarks {

std::vector<std::string> AppendRequests(const std::string& visit, int count, SeededRandom& random) {
  std::vector<std::string> requests;
  while (static_cast<int>(requests.size()) < count) {
    for (const std::string& bytes : VisitEntries(visit, 1700000000000000, random)) {
      v1::AppendRequest request;
      if (!request.mutable_entry()->ParseFromString(bytes)) Fail("an entry of the workload");
      if (!request.entry().has_note() && !request.entry().has_reading_taken()) continue;
      requests.push_back(request.SerializeAsString());
    }
  }
  requests.resize(count);
  return requests;
}

void RecordHistory(PhoneCore& phone, const std::vector<std::string>& visits, SeededRandom& random) {
  constexpr int kSyncedAtOnce = 200;
  for (int made = 0; made < kHistoryEntries; made += kSyncedAtOnce) {
    const std::string& visit = visits[static_cast<size_t>(made) / kSyncedAtOnce % visits.size()];
    for (const std::string& request : AppendRequests(visit, kSyncedAtOnce, random)) phone.Append(request);
    phone.SyncOnce();
  }
}

}  // namespace doorstep::benchmarks
