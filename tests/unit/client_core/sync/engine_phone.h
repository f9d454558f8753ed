// A phone around the sync engine alone: no network, no disk, and a clock that stands until it is told.
#ifndef DOORSTEP_TESTS_UNIT_CLIENT_CORE_SYNC_ENGINE_PHONE_H_
#define DOORSTEP_TESTS_UNIT_CLIENT_CORE_SYNC_ENGINE_PHONE_H_

#include <gtest/gtest.h>

#include <optional>
#include <utility>
#include <vector>

#include "client_core/sync/engine.h"
#include "client_core/sync/tuning.h"

namespace doorstep {

// Feeds events to the engine and keeps what came out of the last step.
class EnginePhone {
 public:
  void Do(const Event& event) {
    StepResult result = Step(std::move(state), now_us, event, draw);
    state = std::move(result.state);
    actions = std::move(result.actions);
    for (const Action& action : actions) {
      if (const auto* wait = std::get_if<WaitUntil>(&action)) timer_us = wait->instant_us;
    }
  }
  // Lets time pass until the timer that the engine asked for.
  void Wait() {
    ASSERT_GT(timer_us, now_us) << "a timer in the past is a busy loop";
    now_us = timer_us;
    Do(Tick());
  }
  template <typename T>
  std::optional<T> Sent() const {
    for (const Action& action : actions) {
      if (const auto* found = std::get_if<T>(&action)) return *found;
    }
    return std::nullopt;
  }
  int Cancelled() const {
    int n = 0;
    for (const Action& action : actions) n += std::holds_alternative<CancelCall>(action);
    return n;
  }
  BudgetReport Judge() const { return JudgeBudget(state, now_us); }

  // Enrolled, `unsent` entries, started.
  void Begin(uint64_t unsent) {
    Do(FeedsSeen{{"device", "technician:ana"}});
    Do(QueueSeen{2, 0, unsent});
    Do(SyncStarted());
  }
  void AnswerHello(int64_t head = 1, ServerGrant grant = {}) {
    Do(HelloAnswered{state.hello_call.call, 0, state.queue, grant, {{"device", head}, {"technician:ana", head}}});
  }
  void AnswerPull(int64_t seq = 1) { Do(PullAnswered{state.pull_call.call, 0, true, false, false, seq}); }
  void AnswerPush(uint64_t received, int64_t device_seq = 1, ServerGrant grant = {}) {
    QueueSeen queue = state.queue;
    queue.received_through = received;
    Do(PushAnswered{state.push_call.call, 0, queue, grant, device_seq, false});
  }
  void FailPush(absl::StatusCode code) {
    Do(CallFailed{state.push_call.call, 0, code, "push failed", state.push_run.after_seq + 1});
  }
  void FailPull(absl::StatusCode code) { Do(CallFailed{state.pull_call.call, 0, code, "pull failed", 0}); }
  void FailHello(absl::StatusCode code) { Do(CallFailed{state.hello_call.call, 0, code, "hello failed", 0}); }
  // Everything in flight is answered until nothing is.
  void Drain() {
    for (int i = 0; i < 100; ++i) {
      if (state.push_call.call != 0) {
        AnswerPush(state.queue.last_seq);
      } else if (state.pull_call.call != 0) {
        AnswerPull();
      } else if (state.hello_call.call != 0) {
        AnswerHello();
      } else {
        return;
      }
    }
    FAIL() << "the engine never rests";
  }

  EngineState state;
  std::vector<Action> actions;
  int64_t now_us = 1000 * tuning::kSecondUs;
  int64_t timer_us = 0;
  uint64_t draw = 0;  // The shortest wait.
};

}  // namespace doorstep

#endif  // DOORSTEP_TESTS_UNIT_CLIENT_CORE_SYNC_ENGINE_PHONE_H_
