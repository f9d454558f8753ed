#include "server/apply/recent.h"

#include <utility>

namespace doorstep {
namespace {

// A visit takes some ten times its bytes when it is parsed, and two generations are kept: 160 MiB at the most.
constexpr size_t kVisitBytesMax = size_t{8} * 1024 * 1024;
// A head takes 200 bytes; a company with more technicians and phones than that reads some of them again.
constexpr size_t kFeedsMax = 32768;

}  // namespace

std::unique_ptr<GroupVisit> Recent::TakeFrom(Visits& visits, int64_t n) {
  const auto found = visits.by_number.find(n);
  if (found == visits.by_number.end()) return nullptr;
  std::unique_ptr<GroupVisit> visit = std::move(found->second);
  visits.by_number.erase(found);
  visits.numbers.erase(visit->id);
  return visit;
}

std::unique_ptr<GroupVisit> Recent::TakeVisit(int64_t n) {
  std::unique_ptr<GroupVisit> visit = TakeFrom(young_, n);
  return visit != nullptr ? std::move(visit) : TakeFrom(old_, n);
}

std::unique_ptr<GroupVisit> Recent::TakeVisit(absl::string_view id) {
  for (Visits* visits : {&young_, &old_}) {
    const auto found = visits->numbers.find(id);
    if (found != visits->numbers.end()) return TakeFrom(*visits, found->second);
  }
  return nullptr;
}

void Recent::PutVisit(std::unique_ptr<GroupVisit> visit) {
  young_.bytes += visit->row.bytes.size() + visit->fold_size;
  const int64_t n = visit->row.n;
  young_.numbers[visit->id] = n;
  young_.by_number[n] = std::move(visit);
  if (young_.bytes < kVisitBytesMax) return;
  if (forgotten_ != nullptr) forgotten_->push_back(std::make_shared<Visits>(std::move(old_)));
  old_ = std::move(young_);
  young_ = Visits();
}

std::optional<FeedHead> Recent::TakeFeed(absl::string_view name) {
  const auto found = feeds_.find(name);
  if (found == feeds_.end()) return std::nullopt;
  FeedHead head = std::move(found->second);
  feeds_.erase(found);
  return head;
}

void Recent::PutFeed(FeedHead head) {
  if (feeds_.size() >= kFeedsMax) feeds_.clear();
  std::string name = head.name;
  feeds_[std::move(name)] = std::move(head);
}

}  // namespace doorstep
