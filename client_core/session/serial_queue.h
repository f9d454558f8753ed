// The core's one queue as a thread of its own.
// Invariant: every task is run or dropped exactly once; a caller of Ask always gets an answer, within a bound.
#ifndef DOORSTEP_CLIENT_CORE_SESSION_SERIAL_QUEUE_H_
#define DOORSTEP_CLIENT_CORE_SESSION_SERIAL_QUEUE_H_

#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "client_core/base/mutex.h"
#include "client_core/session/answer.h"
#include "client_core/session/task_queue.h"

namespace doorstep {

class SerialQueue final : public TaskQueue {
 public:
  static constexpr int64_t kAskMicrosMax = int64_t{60} * 1000000;

  // `on_timer` runs on the queue when the timer is due.
  explicit SerialQueue(std::function<void()> on_timer);
  ~SerialQueue() override { Close(); }

  void Post(Urgency urgency, std::function<void()> task) override;
  // What is due is `on_timer`.
  void SetTimer(int64_t delay_us) override;

  // Runs `question` on the queue as soon as what runs now is over and waits for its answer. CANCELLED: the queue is
  // closing. DEADLINE_EXCEEDED: the queue was busy for longer than `micros_max`; the question may still be answered
  // later, for nobody, so it must own what it uses. Must not be called on the queue.
  template <typename T>
  absl::StatusOr<T> Ask(std::function<absl::StatusOr<T>()> question, int64_t micros_max = kAskMicrosMax) {
    auto answer = std::make_shared<Answer<T>>();
    Push(Urgency::kPerson, {[answer, question = std::move(question)] { answer->Set(Fenced<T>(question)); },
                            [answer] { answer->Set(absl::CancelledError("the core is being closed")); }});
    return answer->Wait(micros_max, "the core has been busy for too long; call again later");
  }

  // Runs what is running to its end, drops the rest, ends the thread. Repeating does nothing. Not on the queue.
  void Close();

 private:
  struct Task {
    std::function<void()> run;
    std::function<void()> drop;  // May be empty.
  };

  // Memory may run out in any task, and must not end the host: that is the one exception there is.
  template <typename T>
  static absl::StatusOr<T> Fenced(const std::function<absl::StatusOr<T>()>& question) {
    try {
      return question();
    } catch (const std::exception& e) {
      return absl::ResourceExhaustedError(e.what());
    }
  }

  void Push(Urgency urgency, Task task);
  void Run();
  std::optional<std::function<void()>> Next() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::function<void()> on_timer_;
  Mutex mutex_;
  CondVar wake_;
  std::deque<Task> person_ ABSL_GUARDED_BY(mutex_);
  std::deque<Task> network_ ABSL_GUARDED_BY(mutex_);
  int in_a_row_ ABSL_GUARDED_BY(mutex_) = 0;  // Tasks of persons since the last one of the network.
  int64_t timer_us_ ABSL_GUARDED_BY(mutex_) = -1;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_SESSION_SERIAL_QUEUE_H_
