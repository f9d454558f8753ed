#include "server/apply/recent.h"

#include <utility>

namespace doorstep {
namespace {

// A visit takes some ten times its bytes when it is parsed, and two generations are kept: 160 MiB at the most.
constexpr size_t kFactBytes = 80;
constexpr size_t kVisitBytesMax = size_t{8} * 1024 * 1024;
// A row takes some 300 bytes: 20 MiB at the most. A technician's feed has 150 or so; a company with more than that
// reads some of them again.
constexpr size_t kFeedRowsMax = 65536;

}  // namespace

std::unique_ptr<GroupVisit> Recent::TakeFrom(VisitMaps& visits, int64_t n) {
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
  for (VisitMaps* visits : {&young_, &old_}) {
    const auto found = visits->numbers.find(id);
    if (found != visits->numbers.end()) return TakeFrom(*visits, found->second);
  }
  return nullptr;
}

void Recent::PutVisit(std::unique_ptr<GroupVisit> visit) {
  young_.bytes += visit->visit_bytes + static_cast<size_t>(visit->input.facts_size()) * kFactBytes;
  const int64_t n = visit->row.n;
  young_.numbers[visit->id] = n;
  young_.by_number[n] = std::move(visit);
}

std::vector<GroupVisit*> Recent::Visits() {
  std::vector<GroupVisit*> visits;
  for (VisitMaps* maps : {&young_, &old_}) {
    for (const auto& [n, visit] : maps->by_number) visits.push_back(visit.get());
  }
  return visits;
}

std::unique_ptr<OpenFeed> Recent::TakeFeed(absl::string_view name) {
  const auto found = feeds_.find(name);
  if (found == feeds_.end()) return nullptr;
  std::unique_ptr<OpenFeed> feed = std::move(found->second);
  feeds_.erase(found);
  feed_rows_ -= feed->rows.size() + 1;
  return feed;
}

void Recent::PutFeed(std::unique_ptr<OpenFeed> feed) {
  feed_rows_ += feed->rows.size() + 1;
  std::string name = feed->head.name;
  feeds_[std::move(name)] = std::move(feed);
}

std::vector<OpenFeed*> Recent::Feeds() {
  std::vector<OpenFeed*> feeds;
  for (const auto& [name, feed] : feeds_) feeds.push_back(feed.get());
  return feeds;
}

bool Recent::IsFull() const { return young_.bytes >= kVisitBytesMax || feed_rows_ > kFeedRowsMax; }

void Recent::ForgetOld() {
  if (young_.bytes >= kVisitBytesMax) {
    if (forgotten_ != nullptr) forgotten_->push_back(std::make_shared<VisitMaps>(std::move(old_)));
    old_ = std::exchange(young_, VisitMaps());
  }
  if (feed_rows_ > kFeedRowsMax) {
    feeds_.clear();
    feed_rows_ = 0;
  }
}

}  // namespace doorstep
