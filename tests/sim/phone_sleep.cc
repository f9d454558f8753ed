// How the system puts the app of a simulated phone to sleep: it tells the app, which ends its calls in time; then
// nothing of the process runs, until it is woken or gone.
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/sim/sim_phone.h"

namespace doorstep::sim {
namespace {

// What systems give an app to end what it does.
constexpr int64_t kQuiesceMax = 5 * kSecond;
// In a thousand: what sleeps is ended without a word.
constexpr int64_t kKilledAsleep = 150;

}  // namespace

void SimPhone::WakeSoon() {
  if (!driver_->asleep()) return;
  queue_->Post(Urgency::kNetwork, [this] { driver_->Wake(); });
}

void SimPhone::Suspend() {
  if (!enrolled() || queue_->frozen()) return;
  world_->Note(name_, "is about to be suspended");
  // At the deadline, or before when all is quiet.
  const auto end = [this, process = processes_, ended = std::make_shared<bool>(false)] {
    if (process != processes_ || !running() || std::exchange(*ended, true)) return;
    queue_->Post(Urgency::kPerson, [this] { FallAsleep(); });
  };
  queue_->Post(Urgency::kPerson, [this, end] { driver_->Quiesce(end); });
  world_->After(world_->aside().Between(0, kQuiesceMax), end);
}

void SimPhone::FallAsleep() {
  Draws& draws = world_->aside();
  const SyncDriver::Quieted quieted = driver_->FinishQuiesce();
  const absl::Status written = store_->Checkpoint();
  if (disk_.dead()) return;
  if (!written.ok() && !absl::IsResourceExhausted(written)) {
    world_->Violate("wrong", absl::StrCat(name_, " cannot bring its logs into its files: ", written.ToString()));
  }
  world_->Note(name_, absl::StrCat("is suspended, ", quieted.given_up.size(), " calls given up"));
  queue_->Freeze();
  int64_t sleep_us = draws.Chance(700) ? draws.Between(1, 10 * 60) * kSecond : draws.Between(10, 120) * kMinute;
  const bool killed = draws.Chance(kKilledAsleep);
  if (world_->healing()) sleep_us = kSecond;
  world_->After(sleep_us, [this, process = processes_, killed] {
    if (process != processes_ || !running() || !queue_->frozen()) return;
    if (!killed) return WakeUp();
    disk_.DieAfter(0);
    Die();
  });
}

void SimPhone::WakeUp() {
  if (!running() || !queue_->frozen()) return;
  queue_->Thaw();
  world_->Note(name_, "is woken");
  if (missed_.has_value()) Notify(*std::exchange(missed_, std::nullopt));
  // By the person, or by a message from the office.
  Notify(world_->aside().Chance(600) ? Notice::kForeground : Notice::kHint);
}

}  // namespace doorstep::sim
