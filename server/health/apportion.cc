#include "server/health/apportion.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace doorstep::health {
namespace {

constexpr int64_t kBillion = 1000000000;

int64_t Floor(int64_t billionths) {
  return billionths >= 0 ? billionths / kBillion : -((-billionths + kBillion - 1) / kBillion);
}

}  // namespace

void Apportion(int64_t total, absl::Span<Part> parts) {
  int64_t left = total;
  for (Part& part : parts) {
    part.share = Floor(part.billionths);
    left -= part.share;
  }
  if (left == 0 || parts.empty()) return;
  std::vector<size_t> order(parts.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return parts[a].billionths - parts[a].share * kBillion > parts[b].billionths - parts[b].share * kBillion;
  });
  for (size_t i = 0; left > 0; ++i, --left) ++parts[order[i % order.size()]].share;
}

}  // namespace doorstep::health
