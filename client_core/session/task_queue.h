// Where the core's tasks run, one after another, so that nothing behind it needs a lock. Two implementations: a thread
// (serial_queue.h) and the simulated time of tests.
#ifndef DOORSTEP_CLIENT_CORE_SESSION_TASK_QUEUE_H_
#define DOORSTEP_CLIENT_CORE_SESSION_TASK_QUEUE_H_

#include <cstdint>
#include <functional>

namespace doorstep {

// What a person waits for (a tap, a screen) goes before what the network brought.
enum class Urgency { kPerson, kNetwork };

class TaskQueue {
 public:
  virtual ~TaskQueue() = default;

  // Runs `task` on the queue, later. Dropped when the queue is closed, and abandoned when memory runs out in it: what
  // it would have begun is begun again by a timer. From any thread.
  virtual void Post(Urgency urgency, std::function<void()> task) = 0;

  // On the queue only: its timer is due after `delay_us`; replaces the setting before. Negative: never.
  virtual void SetTimer(int64_t delay_us) = 0;
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_SESSION_TASK_QUEUE_H_
