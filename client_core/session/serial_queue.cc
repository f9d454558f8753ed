#include "client_core/session/serial_queue.h"

namespace doorstep {
namespace {

// A host that records without a pause must not keep answers from being read for ever.
constexpr int kPersonsInARowMax = 16;

}  // namespace

SerialQueue::SerialQueue(std::function<void()> on_timer) : on_timer_(std::move(on_timer)), thread_([this] { Run(); }) {}

void SerialQueue::Post(Urgency urgency, std::function<void()> task) { Push(urgency, {std::move(task), nullptr}); }

void SerialQueue::Push(Urgency urgency, Task task) {
  {
    MutexLock lock(&mutex_);
    if (!closing_) {
      (urgency == Urgency::kPerson ? person_ : network_).push_back(std::move(task));
      wake_.NotifyOne();
      return;
    }
  }
  if (task.drop) task.drop();
}

void SerialQueue::SetTimer(int64_t delay_us) {
  MutexLock lock(&mutex_);
  timer_us_ = delay_us < 0 ? -1 : SteadyMicros() + delay_us;
}

std::optional<std::function<void()>> SerialQueue::Next() {
  if (timer_us_ >= 0 && SteadyMicros() >= timer_us_) {
    timer_us_ = -1;
    return on_timer_;
  }
  const bool turn = in_a_row_ >= kPersonsInARowMax && !network_.empty();
  std::deque<Task>& from = person_.empty() || turn ? network_ : person_;
  if (from.empty()) return std::nullopt;
  in_a_row_ = &from == &person_ ? in_a_row_ + 1 : 0;
  std::function<void()> run = std::move(from.front().run);
  from.pop_front();
  return run;
}

void SerialQueue::Run() {
  while (true) {
    std::function<void()> task;
    {
      MutexLock lock(&mutex_);
      std::optional<std::function<void()>> next;
      while (!closing_ && !(next = Next()).has_value()) {
        if (timer_us_ < 0) {
          wake_.Wait(&mutex_);
        } else {
          wake_.WaitFor(&mutex_, timer_us_ - SteadyMicros());
        }
      }
      if (closing_) return;
      task = *std::move(next);
    }
    try {
      task();
    } catch (const std::exception&) {
      // Out of memory. The thread must live on: taps need it.
    }
  }
}

void SerialQueue::Close() {
  {
    MutexLock lock(&mutex_);
    closing_ = true;
    wake_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
  std::deque<Task> left;
  {
    MutexLock lock(&mutex_);
    left.swap(person_);
    for (Task& task : network_) left.push_back(std::move(task));
    network_.clear();
  }
  for (Task& task : left) {
    if (task.drop) task.drop();
  }
}

}  // namespace doorstep
