#include "server/services/watch_hub.h"

#include <algorithm>
#include <chrono>

namespace doorstep {
namespace {

// How often it is looked for streams that are stuck or silent.
constexpr int64_t kSweepUs = int64_t{5} * 1000 * 1000;
// Who has not taken a message for so long is not waited for at the end: a status waits behind it.
constexpr int64_t kTakenUs = int64_t{1000} * 1000;

int64_t MonotonicUs() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

// ---- life ----

void WatchHub::Start() {
  thread_ = std::thread([this] { Loop(); });
}

void WatchHub::Loop() {
  while (true) {
    Turn(MonotonicUs());
    MutexLock lock(&mutex_);
    if (stopping_ && streams_.empty()) return;
    if (!ready_.empty()) continue;
    if (streams_.empty()) {
      work_.Wait(&mutex_);
    } else {
      work_.WaitFor(&mutex_, kSweepUs);
    }
  }
}

void WatchHub::Stop() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    for (auto& [id, stream] : streams_) EndSoon(*stream, absl::UnavailableError("the server is ending"));
    work_.NotifyOne();
  }
  if (thread_.joinable()) {
    thread_.join();
  } else {
    Turn(MonotonicUs());
  }
}

// ---- streams ----

absl::StatusOr<uint64_t> WatchHub::Open(absl::string_view device, const std::vector<DeviceFeedName>& feeds,
                                        HintStream* stream) {
  MutexLock lock(&mutex_);
  if (stopping_) return absl::UnavailableError("the server is ending");
  const auto before = by_device_.find(device);
  if (before != by_device_.end()) {
    EndSoon(*before->second, absl::AbortedError("another stream of this device was opened"));
  } else if (streams_.size() >= bounds_.streams_max) {
    return absl::ResourceExhaustedError("too many streams");
  }
  auto made = std::make_unique<Stream>();
  made->id = ++last_id_;
  made->device = std::string(device);
  made->stream = stream;
  made->feeds.reserve(feeds.size());
  for (const DeviceFeedName& feed : feeds) {
    by_feed_[feed.stored].emplace_back(made.get(), made->feeds.size());
    made->feeds.push_back({feed});
  }
  by_device_[made->device] = made.get();
  const uint64_t id = made->id;
  streams_.emplace(id, std::move(made));
  open_ = streams_.size();
  return id;
}

void WatchHub::Begin(uint64_t id, const std::vector<int64_t>& heads) {
  MutexLock lock(&mutex_);
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  Stream& stream = *found->second;
  for (size_t i = 0; i < stream.feeds.size() && i < heads.size(); ++i) {
    // A commit may have come between the reading and now.
    stream.feeds[i].head = std::max(stream.feeds[i].head, heads[i]);
    stream.feeds[i].moved = true;
  }
  stream.begun = true;
  Queue(stream);
}

void WatchHub::Sent(uint64_t id) {
  MutexLock lock(&mutex_);
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  found->second->sending = false;
  if (found->second->moved) Queue(*found->second);
}

void WatchHub::End(uint64_t id, const absl::Status& why) {
  MutexLock lock(&mutex_);
  const auto found = streams_.find(id);
  if (found != streams_.end()) EndSoon(*found->second, why);
}

void WatchHub::EndDevice(absl::string_view device, const absl::Status& why) {
  MutexLock lock(&mutex_);
  const auto found = by_device_.find(device);
  if (found != by_device_.end()) EndSoon(*found->second, why);
}

void WatchHub::EndSoon(Stream& stream, const absl::Status& why) {
  if (!stream.ending.has_value()) stream.ending = why;
  Queue(stream);
}

void WatchHub::Queue(Stream& stream) {
  if (stream.queued) return;
  stream.queued = true;
  ready_.push_back(stream.id);
  if (ready_.size() == 1) work_.NotifyOne();
}

void WatchHub::Remove(Stream& stream) {
  for (const Feed& feed : stream.feeds) {
    const auto found = by_feed_.find(feed.feed.stored);
    std::erase_if(found->second, [&](const auto& watching) { return watching.first == &stream; });
    if (found->second.empty()) by_feed_.erase(found);
  }
  // A newer stream of the device may stand there.
  const auto device = by_device_.find(stream.device);
  if (device != by_device_.end() && device->second == &stream) by_device_.erase(device);
  streams_.erase(stream.id);
  open_ = streams_.size();
}

// ---- hints ----

void WatchHub::Moved(absl::Span<const FeedHead> heads) {
  // A stream that is being opened reads the heads after it has been counted here, so it sees this commit there.
  if (open_ == 0) return;
  MutexLock lock(&mutex_);
  for (const FeedHead& head : heads) {
    const auto found = by_feed_.find(head.name);
    if (found == by_feed_.end()) continue;
    for (const auto& [stream, place] : found->second) {
      Feed& feed = stream->feeds[place];
      if (head.seq <= feed.head) continue;
      feed.head = head.seq;
      feed.moved = true;
      stream->moved = true;
      if (stream->begun && !stream->sending) Queue(*stream);
    }
  }
}

void WatchHub::Take(const Committed& committed) {
  if (open_ == 0) return;
  for (const std::string& device : committed.devices) {
    EndDevice(device, absl::AbortedError("what this device may read has changed"));
  }
  Moved(committed.heads);
}

bool WatchHub::IsWatching(absl::string_view device) const {
  if (open_ == 0) return false;
  MutexLock lock(&mutex_);
  return by_device_.contains(device);
}

size_t WatchHub::open() const {
  MutexLock lock(&mutex_);
  return streams_.size();
}

void WatchHub::Sweep(int64_t now_us) {
  if (now_us - swept_us_ < kSweepUs) return;
  swept_us_ = now_us;
  for (auto& [id, stream] : streams_) {
    if (stream->sending && now_us - stream->sent_us >= bounds_.stuck_us) {
      EndSoon(*stream, absl::ResourceExhaustedError("hints were not read"));
    } else if (stream->begun && !stream->sending && now_us - stream->sent_us >= bounds_.keep_alive_us - kSweepUs) {
      Queue(*stream);  // Nothing has moved: the message is empty.
    }
  }
}

v1::WatchResponse WatchHub::TakeMessage(Stream& stream) {
  v1::WatchResponse message;
  for (Feed& feed : stream.feeds) {
    if (!std::exchange(feed.moved, false)) continue;
    v1::FeedHead* head = message.add_feeds();
    head->set_feed(feed.feed.name);
    head->set_seq(std::max<int64_t>(feed.head, 0));
  }
  stream.moved = false;
  if (std::exchange(stream.first, false)) {
    message.set_keep_alive_ms(static_cast<uint32_t>(bounds_.keep_alive_us / 1000));
  }
  return message;
}

void WatchHub::Turn(int64_t now_us) {
  std::vector<Job> jobs;
  {
    MutexLock lock(&mutex_);
    Sweep(now_us);
    for (const uint64_t id : std::exchange(ready_, {})) {
      Stream& stream = *streams_.at(id);
      stream.queued = false;
      if (stream.ending.has_value()) {
        const bool cut = stream.sending && now_us - stream.sent_us >= kTakenUs;
        jobs.push_back({stream.stream, std::move(stream.ending), cut, {}});
        Remove(stream);
      } else if (stream.begun && !stream.sending) {
        stream.sending = true;
        stream.sent_us = now_us;
        jobs.push_back({stream.stream, std::nullopt, false, TakeMessage(stream)});
      }
    }
  }
  for (Job& job : jobs) {
    if (job.end.has_value()) {
      job.stream->End(*job.end, job.cut);
    } else {
      job.stream->Send(std::move(job.message));
    }
  }
}

}  // namespace doorstep
