#include "server/services/wake_hub.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "server/services/wake_rule.h"

namespace doorstep {
namespace {

// How often it is looked for what time alone makes due: phones that stopped watching, wakes that were too soon, streams
// that are stuck or silent. A wake of the office does not wait for it.
constexpr int64_t kLookUs = int64_t{5} * 1000 * 1000;
// Who has not taken a message for so long is not waited for at the end: a status waits behind it.
constexpr int64_t kTakenUs = int64_t{1000} * 1000;

v1::DeviceWakeWanted MessageOf(const WantedWake& wake) {
  v1::DeviceWakeWanted message;
  message.set_device(wake.device);
  message.set_push_token(wake.push_token);
  message.set_platform(wake.platform);
  message.set_reason(wake.reason);
  message.set_wanted_time_us(wake.wanted_us);
  return message;
}

}  // namespace

int64_t MonotonicMicros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// ---- life ----

void WakeHub::Start() {
  thread_ = std::thread([this] { Loop(); });
}

void WakeHub::Loop() {
  while (true) {
    Turn();
    MutexLock lock(&mutex_);
    if (stopping_ && streams_.empty()) return;
    if (due_) continue;
    if (streams_.empty()) {
      work_.Wait(&mutex_);
    } else {
      work_.WaitFor(&mutex_, kLookUs);
    }
  }
}

void WakeHub::Stop() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    for (auto& [id, stream] : streams_) {
      if (!stream.ending.has_value()) stream.ending = absl::UnavailableError("the server is ending");
    }
    due_ = true;
    work_.NotifyOne();
  }
  if (thread_.joinable()) {
    thread_.join();
  } else {
    Turn();
  }
}

// ---- phones ----

void WakeHub::Take(const Committed& committed) {
  for (const std::string& changed : committed.devices) {
    const bool can = std::any_of(committed.wakes.begin(), committed.wakes.end(),
                                 [&](const WantedWake& wake) { return wake.device == changed; });
    if (!can) Contacted(changed);
  }
  Wanted(committed.wakes);
}

void WakeHub::Wanted(absl::Span<const WantedWake> wakes) {
  if (wakes.empty()) return;
  const int64_t now_us = now_us_();
  MutexLock lock(&mutex_);
  for (const WantedWake& wake : wakes) {
    Device& device = devices_[wake.device];
    if (device.wake.has_value()) {
      // The app may have been given another one meanwhile.
      device.wake->push_token = wake.push_token;
      continue;
    }
    device.wake = wake;
    device.wanted_us = std::max(now_us, device.contacted_us + 1);  // It asked before.
    ++wanted_;
  }
  due_ = true;
  work_.NotifyOne();
}

void WakeHub::Contacted(absl::string_view device) {
  if (wanted_ == 0) return;
  const int64_t now_us = now_us_();
  MutexLock lock(&mutex_);
  const auto found = devices_.find(std::string(device));
  if (found == devices_.end() || !found->second.wake.has_value()) return;
  found->second.contacted_us = now_us;
  // At once: what is wanted next begins anew.
  Settle(found->first, found->second);
}

void WakeHub::Settle(const std::string& name, Device& device) {
  device.wake.reset();
  --wanted_;
  for (auto& [id, stream] : streams_) {
    stream.told.erase(name);
    stream.waiting.erase(name);
  }
}

void WakeHub::Judge(int64_t now_us) {
  for (auto it = devices_.begin(); it != devices_.end();) {
    auto& [name, device] = *it;
    if (!device.wake.has_value()) {
      const bool forgotten = now_us - device.woken_us >= kWakeIntervalUs;
      it = forgotten ? devices_.erase(it) : std::next(it);
      continue;
    }
    WakeFacts facts{device.wanted_us, device.contacted_us, device.woken_us};
    facts.watching = !streams_.empty() && is_watching_(name);
    for (auto& [id, stream] : streams_) {
      facts.told = stream.told.count(name) > 0;
      if (JudgeWake(facts, now_us) != WakeVerdict::kNow) continue;
      stream.told.insert(name);
      stream.waiting.insert(name);
      device.woken_us = now_us;
    }
    ++it;
  }
}

// ---- streams ----

absl::StatusOr<uint64_t> WakeHub::Open(WakeStream* stream) {
  MutexLock lock(&mutex_);
  if (stopping_) return absl::UnavailableError("the server is ending");
  if (streams_.size() >= bounds_.streams_max) return absl::ResourceExhaustedError("too many streams of wakes are open");
  const uint64_t id = ++last_id_;
  Stream& made = streams_[id];
  made.id = id;
  made.stream = stream;
  due_ = true;
  work_.NotifyOne();
  return id;
}

void WakeHub::Sent(uint64_t id) {
  MutexLock lock(&mutex_);
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  found->second.sending = false;
  if (found->second.waiting.empty() && found->second.caught_up) return;
  due_ = true;
  work_.NotifyOne();
}

void WakeHub::End(uint64_t id, const absl::Status& why) {
  MutexLock lock(&mutex_);
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  if (!found->second.ending.has_value()) found->second.ending = why;
  due_ = true;
  work_.NotifyOne();
}

void WakeHub::Sweep(int64_t now_us) {
  for (auto& [id, stream] : streams_) {
    if (stream.sending && now_us - stream.sent_us >= bounds_.stuck_us) {
      if (!stream.ending.has_value()) stream.ending = absl::ResourceExhaustedError("wakes were not read");
    } else if (!stream.sending && now_us - stream.sent_us >= bounds_.keep_alive_us - kLookUs) {
      stream.silent = true;
    }
  }
}

v1::WatchWakesResponse WakeHub::TakeMessage(Stream& stream) {
  v1::WatchWakesResponse message;
  while (!stream.waiting.empty() && static_cast<size_t>(message.wakes_size()) < bounds_.message_wakes_max) {
    *message.add_wakes() = MessageOf(*devices_.at(*stream.waiting.begin()).wake);
    stream.waiting.erase(stream.waiting.begin());
  }
  if (std::exchange(stream.first, false)) {
    message.set_keep_alive_ms(static_cast<uint32_t>(bounds_.keep_alive_us / 1000));
  }
  if (!stream.caught_up && stream.waiting.empty()) {
    stream.caught_up = true;
    message.set_caught_up(true);
  }
  return message;
}

void WakeHub::Turn() {
  std::vector<Job> jobs;
  const int64_t now_us = now_us_();
  {
    MutexLock lock(&mutex_);
    due_ = false;
    Judge(now_us);
    Sweep(now_us);
    for (auto it = streams_.begin(); it != streams_.end();) {
      Stream& stream = it->second;
      if (stream.ending.has_value()) {
        const bool cut = stream.sending && now_us - stream.sent_us >= kTakenUs;
        jobs.push_back({stream.stream, std::move(stream.ending), cut, {}});
        it = streams_.erase(it);
        continue;
      }
      ++it;
      if (stream.sending || (!stream.silent && stream.caught_up && stream.waiting.empty())) continue;
      stream.silent = false;
      stream.sending = true;
      stream.sent_us = now_us;
      jobs.push_back({stream.stream, std::nullopt, false, TakeMessage(stream)});
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
