#include "client_core/session/observer.h"

#include <exception>
#include <utility>

namespace doorstep {
namespace {

thread_local bool is_calling = false;

}  // namespace

bool Observer::IsCalling() { return is_calling; }

void Observer::Set(Callback callback, uint32_t kinds) {
  MutexLock lock(&mutex_);
  watch_ = events_->Watch(callback ? kinds : 0);
  callback_ = std::move(callback);
  if (callback_ && !thread_.joinable()) thread_ = std::thread([this] { Run(); });
  while (running_ && !is_calling) idle_.Wait(&mutex_);
}

void Observer::Run() {
  while (true) {
    const EventLog::ToTell told = events_->NextToTell();
    if (told.kinds == 0) return;
    Callback callback;
    {
      MutexLock lock(&mutex_);
      if (told.watch != watch_) continue;  // Another observes now, and is told on its own.
      callback = callback_;
      running_ = true;
    }
    is_calling = true;
    try {
      callback(told.kinds);
    } catch (const std::exception&) {
      // The host's own trouble; it is told again after its next poll.
    }
    is_calling = false;
    callback = nullptr;
    MutexLock lock(&mutex_);
    running_ = false;
    idle_.NotifyAll();
  }
}

void Observer::Stop() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace doorstep
