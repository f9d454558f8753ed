// For which phones something urgent waits, and which push gateways have been told.
//
// Invariants: a phone is told of once in each stream until it has asked, and of a new wake not sooner than the rule
// says (wake_rule.h); what waits for a stream are at most all phones that can be woken, however slowly its gateway
// reads; every stream that was taken is ended by the hub, once.
//
// What is wanted outlives this object in the file (push_table.h); who was told does not, so a server that was started
// anew tells it again.
//
// Thread-safe. Streams are called by Turn alone, which one thread runs, and never under the lock.
#ifndef DOORSTEP_SERVER_SERVICES_WAKE_HUB_H_
#define DOORSTEP_SERVER_SERVICES_WAKE_HUB_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "client_core/base/limits.h"
#include "client_core/base/mutex.h"
#include "doorstep/v1/push_gateway_service.pb.h"
#include "server/apply/writer.h"
#include "server/storage/push_table.h"

namespace doorstep {

// Where the wakes for one gateway go.
class WakeStream {
 public:
  // Begins to send, and returns at once. WakeHub::Sent is called when the message has been taken; until then there is
  // no other one.
  virtual void Send(v1::WatchWakesResponse message) = 0;
  // The last call. `cut`: it has not taken the message before for so long that it would not hear why either.
  virtual void End(const absl::Status& why, bool cut) = 0;

 protected:
  ~WakeStream() = default;
};

struct WakeBounds {
  size_t streams_max = limits::kWakeStreamsMax;
  size_t message_wakes_max = limits::kMessageWakesMax;
  int64_t keep_alive_us = int64_t{limits::kWatchKeepAliveMs} * 1000;
  int64_t stuck_us = int64_t{limits::kWatchStuckMs} * 1000;
};

// Of the machine, above 0.
int64_t MonotonicMicros();

class WakeHub {
 public:
  // Whether a device has a stream of hints open. Called under the lock.
  using IsWatching = std::function<bool(absl::string_view device)>;

  explicit WakeHub(IsWatching is_watching, WakeBounds bounds = {}, std::function<int64_t()> now_us = MonotonicMicros)
      : is_watching_(std::move(is_watching)), bounds_(bounds), now_us_(std::move(now_us)) {}
  ~WakeHub() { Stop(); }
  WakeHub(const WakeHub&) = delete;
  WakeHub& operator=(const WakeHub&) = delete;

  // Runs Turn on a thread of the hub's own from now on.
  void Start();
  // Ends all streams (UNAVAILABLE) and takes no more. Repeating is safe.
  void Stop();

  // After a commit: Wanted, and what waited for devices whose state has changed waits no more if they cannot be woken
  // now.
  void Take(const Committed& committed);
  // After a commit, or from the file: something waits for these devices from now on. Where something waited already,
  // that stands.
  void Wanted(absl::Span<const WantedWake> wakes);
  // The device asks what there is, and will be told: what has come to wait until now waits no more. Costs an atomic
  // read when nothing waits for anybody.
  void Contacted(absl::string_view device);

  // From now on `stream` is told, all that is wanted first. RESOURCE_EXHAUSTED: there are too many; UNAVAILABLE: the
  // hub has stopped. The stream is not taken then.
  absl::StatusOr<uint64_t> Open(WakeStream* stream);
  // The message has been taken.
  void Sent(uint64_t id);
  // Ends a stream, for instance because its gateway has gone. Unknown ids are ignored.
  void End(uint64_t id, const absl::Status& why);

  // Sends and ends what is due. The thread's work; for who has none and does it by hand.
  void Turn();

 private:
  struct Device {
    std::optional<WantedWake> wake;  // Absent: nothing waits; only `woken_us` is remembered.
    int64_t wanted_us = 0;
    int64_t contacted_us = 0;
    int64_t woken_us = 0;
  };
  struct Stream {
    uint64_t id = 0;
    WakeStream* stream = nullptr;
    std::set<std::string> told;     // Of those for which something waits.
    std::set<std::string> waiting;  // Of those, the ones in no message yet.
    bool first = true;
    bool caught_up = false;
    bool silent = false;  // It has been told nothing for so long that it is to hear that the server is there.
    bool sending = false;
    int64_t sent_us = 0;  // When the last message began to be sent.
    std::optional<absl::Status> ending;
  };
  struct Job {
    WakeStream* stream;
    std::optional<absl::Status> end;
    bool cut = false;
    v1::WatchWakesResponse message;
  };

  void Loop();
  // What the rule says of every device, for every stream.
  void Judge(int64_t now_us) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Settle(const std::string& name, Device& device) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Finds who is stuck, and who has been told nothing for long.
  void Sweep(int64_t now_us) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  v1::WatchWakesResponse TakeMessage(Stream& stream) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const IsWatching is_watching_;
  const WakeBounds bounds_;
  const std::function<int64_t()> now_us_;
  std::atomic<size_t> wanted_{0};

  Mutex mutex_;
  CondVar work_;
  bool due_ ABSL_GUARDED_BY(mutex_) = false;  // Turn has something to do.
  std::map<std::string, Device> devices_ ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, Stream> streams_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_id_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace doorstep

#endif  // DOORSTEP_SERVER_SERVICES_WAKE_HUB_H_
