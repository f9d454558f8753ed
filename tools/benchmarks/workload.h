// The work that every figure is measured with: a shift is 10 visits of 20 entries and one feedback each, 210 entries of
// about 231 bytes, with notes of 40 to 200 characters, a third of them Chinese. The same seed gives the same bytes.
#ifndef DOORSTEP_TOOLS_BENCHMARKS_WORKLOAD_H_
#define DOORSTEP_TOOLS_BENCHMARKS_WORKLOAD_H_

#include <cstdint>
#include <string>
#include <vector>

#include "client_core/base/random.h"
#include "client_core/base/sha256.h"
#include "doorstep/v1/visit.pb.h"

namespace doorstep::benchmarks {

inline constexpr int kVisitsPerShift = 10;
inline constexpr int kEntriesPerVisit = 21;
inline constexpr int kEntriesPerShift = kVisitsPerShift * kEntriesPerVisit;

// Prose of `least` to `most` characters, a third of the texts Chinese.
std::string Prose(size_t least, size_t most, Random& random);

// The serialized entries of one visit, in the order in which they are recorded, `start_us` being its arrival.
std::vector<std::string> VisitEntries(const std::string& visit_id, int64_t start_us, Random& random);

// A phone's journal as frames ready to push: what the phone core would send, made without its files.
class FrameMaker {
 public:
  FrameMaker(std::string device, std::string technician, uint64_t epoch, const std::string& salt);
  // Packs `entries` into frames of at most `frame_entries`. `now_us` is the server's time for the clock sample.
  std::vector<std::string> Frames(const std::vector<std::string>& entries, size_t frame_entries, int64_t now_us);

 private:
  const std::string device_;
  const std::string technician_;
  const uint64_t epoch_;
  uint64_t next_seq_ = 1;
  Hash hash_;
};

}  // namespace doorstep::benchmarks

#endif  // DOORSTEP_TOOLS_BENCHMARKS_WORKLOAD_H_
