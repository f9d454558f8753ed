// An office that makes pages for the replica of a phone: one feed as the server keeps it, and what it answers with.
#ifndef DOORSTEP_TESTS_SUPPORT_OFFICE_FEED_H_
#define DOORSTEP_TESTS_SUPPORT_OFFICE_FEED_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "client_core/base/sha256.h"
#include "client_core/rules/feed_sum.h"
#include "doorstep/v1/sync.pb.h"

namespace doorstep {

// One feed as the server keeps it, and the pages it answers with.
class OfficeFeed {
 public:
  explicit OfficeFeed(std::string name) : name_(std::move(name)) {}

  template <typename Message>
  void Put(v1::EntityKind kind, const std::string& id, const Message& entity) {
    v1::Change& change = rows_[{kind, id}];
    change.set_kind(kind);
    change.set_id(id);
    change.set_version(change.version() + 1);
    change.set_seq(++seq_);
    change.set_entity(entity.SerializeAsString());
  }
  void Leave(v1::EntityKind kind, const std::string& id, const std::string& reason, const std::string& successor) {
    v1::Change& change = rows_[{kind, id}];
    change.set_kind(kind);
    change.set_id(id);
    change.set_version(change.version() + 1);
    change.set_seq(++seq_);
    change.mutable_left()->set_reason(reason);
    change.mutable_left()->set_successor(successor);
  }
  // As if it had never been in the feed.
  void Erase(v1::EntityKind kind, const std::string& id) { rows_.erase({kind, id}); }

  // Everything after `seq`, at its head.
  v1::PullResponse Delta(int64_t after) const {
    v1::PullPage page;
    for (const auto& [key, change] : rows_) {
      if (change.seq() > after) *page.add_changes() = change;
    }
    v1::PullResponse response = Wrap(page, "seq-" + std::to_string(seq_));
    response.set_at_head(true);
    *response.mutable_sum() = Sum();
    return response;
  }
  // Rows [begin, end) of a snapshot.
  v1::PullResponse SnapshotPage(size_t begin, size_t end) const {
    v1::PullPage page;
    size_t i = 0;
    for (const auto& [key, change] : rows_) {
      if (i >= begin && i < end && !change.has_left()) *page.add_changes() = change;
      ++i;
    }
    v1::PullResponse response = Wrap(page, "snapshot-" + std::to_string(end));
    response.set_snapshot_begins(begin == 0);
    if (end >= rows_.size()) {
      response.set_snapshot_ends(true);
      response.set_at_head(true);
      response.set_cursor("seq-" + std::to_string(seq_));
      *response.mutable_sum() = Sum();
    }
    return response;
  }
  const std::string& name() const { return name_; }
  int64_t seq() const { return seq_; }

 private:
  v1::PullResponse Wrap(const v1::PullPage& page, const std::string& cursor) const {
    v1::PullResponse response;
    response.set_page(page.SerializeAsString());
    response.set_codec(v1::CODEC_NONE);
    response.set_raw_bytes(static_cast<uint32_t>(response.page().size()));
    response.set_cursor(cursor);
    response.set_feed_seq(seq_);
    response.set_generation("g1");
    return response;
  }
  v1::FeedSum Sum() const {
    SodiumSha256 hasher;
    FeedSum sum;
    for (const auto& [key, change] : rows_) {
      if (change.has_left() || change.kind() == v1::ENTITY_KIND_JUDGEMENT) continue;
      Add(FeedTerm(hasher, change.kind(), change.id(), change.version()), sum);
    }
    v1::FeedSum message;
    message.set_high(sum.high);
    message.set_low(sum.low);
    return message;
  }

  const std::string name_;
  int64_t seq_ = 0;
  std::map<std::pair<v1::EntityKind, std::string>, v1::Change> rows_;
};

}  // namespace doorstep

#endif  // DOORSTEP_TESTS_SUPPORT_OFFICE_FEED_H_
