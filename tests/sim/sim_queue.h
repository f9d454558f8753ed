// A phone's queue in simulated time: tasks run one an event, a moment after another, so that anything may happen in
// between. The system may freeze the process for a while.
#ifndef DOORSTEP_TESTS_SIM_SIM_QUEUE_H_
#define DOORSTEP_TESTS_SIM_SIM_QUEUE_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "client_core/session/task_queue.h"
#include "tests/sim/world.h"

namespace doorstep::sim {

class SimQueue final : public TaskQueue {
 public:
  // `after_task` runs after each task and may destroy this queue.
  SimQueue(World* world, std::function<void()> on_timer, std::function<void()> after_task)
      : world_(world), on_timer_(std::move(on_timer)), after_task_(std::move(after_task)) {}

  void Post(Urgency urgency, std::function<void()> task) override {
    (urgency == Urgency::kPerson ? person_ : network_).push_back(std::move(task));
    Wake();
  }

  void SetTimer(int64_t delay_us) override {
    const int setting = ++timer_setting_;
    if (delay_us < 0) return;
    FireAfter(delay_us, setting);
  }

  // Nothing of the process runs until Thaw: tasks wait, and so does the timer.
  void Freeze() { frozen_ = true; }
  void Thaw() {
    frozen_ = false;
    if (std::exchange(fired_, -1) == timer_setting_) FireAfter(1, timer_setting_);
    if (!person_.empty() || !network_.empty()) Wake();
  }
  bool frozen() const { return frozen_; }

 private:
  static constexpr int64_t kTaskMicrosMax = 3000;

  void FireAfter(int64_t delay_us, int setting) {
    world_->After(delay_us, [this, setting, alive = std::weak_ptr<int>(alive_)] {
      if (alive.expired() || setting != timer_setting_) return;
      if (frozen_) {
        fired_ = setting;
      } else {
        Run(on_timer_);
      }
    });
  }

  void Wake() {
    if (awake_) return;
    awake_ = true;
    world_->After(world_->Between(1, kTaskMicrosMax), [this, alive = std::weak_ptr<int>(alive_)] {
      if (alive.expired()) return;
      awake_ = false;
      if (frozen_) return;
      std::deque<std::function<void()>>& from = person_.empty() ? network_ : person_;
      const std::function<void()> task = std::move(from.front());
      from.pop_front();
      if (!person_.empty() || !network_.empty()) Wake();
      Run(task);
    });
  }

  void Run(const std::function<void()>& task) {
    task();
    // A copy, because it may destroy this.
    const std::function<void()> after = after_task_;
    after();
  }

  World* const world_;
  const std::function<void()> on_timer_;
  const std::function<void()> after_task_;
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::deque<std::function<void()>> person_;
  std::deque<std::function<void()>> network_;
  bool awake_ = false;
  bool frozen_ = false;
  int timer_setting_ = 0;
  int fired_ = -1;  // The setting whose instant came while the process was frozen.
};

}  // namespace doorstep::sim

#endif  // DOORSTEP_TESTS_SIM_SIM_QUEUE_H_
