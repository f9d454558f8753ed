// Who waits for hints, and what they have not been told yet.
//
// Invariants: what waits for a stream is one head a feed, however much moves and however slowly its phone reads; nobody
// is told of a feed that they did not open the stream with; a device has one stream, the newest; every stream that was
// taken is ended by the hub, once.
//
// Thread-safe. Streams are called by Turn alone, which one thread runs, and never under the lock: a stream may go once
// it has been ended, and nobody but that thread has it in hand until then.
#ifndef DOORSTEP_SERVER_SERVICES_WATCH_HUB_H_
#define DOORSTEP_SERVER_SERVICES_WATCH_HUB_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "client_core/base/limits.h"
#include "client_core/base/mutex.h"
#include "doorstep/v1/sync.pb.h"
#include "server/apply/writer.h"
#include "server/services/device_feeds.h"
#include "server/storage/feed_table.h"

namespace doorstep {

// Where the hints for one phone go.
class HintStream {
 public:
  // Begins to send, and returns at once. WatchHub::Sent is called when the message has been taken; until then there is
  // no other one.
  virtual void Send(v1::WatchResponse message) = 0;
  // The last call. `cut`: it has not taken the message before for so long that it would not hear why either.
  virtual void End(const absl::Status& why, bool cut) = 0;

 protected:
  ~HintStream() = default;
};

// What a phone that watches costs gRPC, generously.
inline constexpr size_t kWatchingPhoneBytes = 48 * 1024;

struct WatchBounds {
  // As many as gRPC's memory has room for.
  size_t streams_max = std::min(limits::kWatchStreamsMax, limits::kGrpcMemoryBytesMax / kWatchingPhoneBytes);
  int64_t keep_alive_us = int64_t{limits::kWatchKeepAliveMs} * 1000;
  // A message that is not taken for so long has nobody to read it.
  int64_t stuck_us = int64_t{limits::kWatchStuckMs} * 1000;
};

class WatchHub {
 public:
  explicit WatchHub(WatchBounds bounds = {}) : bounds_(bounds) {}
  ~WatchHub() { Stop(); }
  WatchHub(const WatchHub&) = delete;
  WatchHub& operator=(const WatchHub&) = delete;

  // Runs Turn on a thread of the hub's own from now on.
  void Start();
  // Ends all streams (UNAVAILABLE) and takes no more. Repeating is safe.
  void Stop();

  // From now on `stream` is told what moves, after a first message with all heads, for which it waits for Begin. It
  // ends the stream that the device had. RESOURCE_EXHAUSTED: there are too many; UNAVAILABLE: the hub has stopped. The
  // stream is not taken then.
  absl::StatusOr<uint64_t> Open(absl::string_view device, const std::vector<DeviceFeedName>& feeds, HintStream* stream);
  // The heads of the feeds, in their order, as they stood at some moment after Open.
  void Begin(uint64_t id, const std::vector<int64_t>& heads);
  // The message has been taken.
  void Sent(uint64_t id);
  // Ends a stream, for instance because its phone has gone. Unknown ids are ignored, because it may have ended already.
  void End(uint64_t id, const absl::Status& why);
  // The device lost what it had the stream with.
  void EndDevice(absl::string_view device, const absl::Status& why);

  // After a commit: the heads of feeds that may have moved by it. Costs an atomic read when nobody watches, and else a
  // look-up for each head; the sending is left to Turn.
  void Moved(absl::Span<const FeedHead> heads);
  // After a commit: Moved, and the streams of devices that may read other feeds now are ended, to be opened anew.
  void Take(const Committed& committed);

  // Whether the device has a stream.
  bool IsWatching(absl::string_view device) const;
  // Streams that have not been ended.
  size_t open() const;

  // Sends and ends what is due. The thread's work; for who has none and does it by hand. `now_us`: a monotonic clock.
  void Turn(int64_t now_us);

 private:
  struct Feed {
    DeviceFeedName feed;
    int64_t head = -1;  // The newest known; -1: none.
    bool moved = false;
  };
  struct Stream {
    uint64_t id = 0;
    std::string device;
    HintStream* stream = nullptr;
    std::vector<Feed> feeds;
    bool begun = false;
    bool first = true;   // Nothing has been sent.
    bool moved = false;  // Any of its feeds.
    bool sending = false;
    bool queued = false;  // In ready_.
    int64_t sent_us = 0;  // When the last message began to be sent.
    std::optional<absl::Status> ending;
  };
  struct Job {
    HintStream* stream;
    std::optional<absl::Status> end;
    bool cut = false;
    v1::WatchResponse message;
  };

  void Loop();
  void Queue(Stream& stream) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndSoon(Stream& stream, const absl::Status& why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Finds who is stuck, and who has been told nothing for long.
  void Sweep(int64_t now_us) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  v1::WatchResponse TakeMessage(Stream& stream) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Remove(Stream& stream) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const WatchBounds bounds_;
  std::atomic<size_t> open_{0};

  mutable Mutex mutex_;
  CondVar work_;
  std::map<uint64_t, std::unique_ptr<Stream>> streams_ ABSL_GUARDED_BY(mutex_);  // The oldest first.
  absl::flat_hash_map<std::string, Stream*> by_device_ ABSL_GUARDED_BY(mutex_);
  // Stored name -> the streams that have it, and its place in them.
  absl::flat_hash_map<std::string, std::vector<std::pair<Stream*, size_t>>> by_feed_ ABSL_GUARDED_BY(mutex_);
  std::vector<uint64_t> ready_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_id_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t swept_us_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_SERVICES_WATCH_HUB_H_
