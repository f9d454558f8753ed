#include "server/day_timer.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "client_core/rules/clock_correction.h"
#include "server/apply/commands/tick.h"
#include "server/storage/feed_table.h"

namespace doorstep {
namespace {

// The clock is looked at so often, because a machine may sleep and a clock may be set.
constexpr int64_t kCheckUs = int64_t{30} * 1000 * 1000;
constexpr int32_t kNever = -1;
constexpr char kMore[] = "more";

}  // namespace

DayTimer::DayTimer(Storage* storage, Writer* writer, Clock* clock, LogSink log, std::function<void()> on_new_day)
    : writer_(writer), clock_(clock), log_(std::move(log)), on_new_day_(std::move(on_new_day)) {
  const absl::Status turned = storage->Read("the days of feeds", [&](SqlSession& sql) -> absl::Status {
    ASSIGN_OR_RETURN(const auto behind, TechnicianFeedsBehind(sql, Today(), 1));
    MutexLock lock(&mutex_);
    if (behind.empty()) ticked_day_ = Today();
    return absl::OkStatus();
  });
  if (!turned.ok()) Log(log_, LogLevel::kWarning, absl::StrCat("the turn of the day: ", turned.ToString()));
  Check();
  thread_ = std::thread([this] { Loop(); });
}

DayTimer::~DayTimer() { Stop(); }

void DayTimer::Stop() {
  {
    MutexLock lock(&mutex_);
    stopped_ = true;
    stopping_.NotifyOne();
  }
  if (thread_.joinable()) thread_.join();
}

int32_t DayTimer::Today() const { return CivilDay(clock_->Now().wall_time_us, /*utc_offset_s=*/0); }

void DayTimer::Check() {
  const int32_t today = Today();
  {
    MutexLock lock(&mutex_);
    if (stopped_ || today == ticked_day_) return;
    ticked_day_ = today;
  }
  Command command;
  command.principal = "server";
  command.run = [](Transaction& tx) -> absl::StatusOr<std::string> {
    ASSIGN_OR_RETURN(const bool more, RunTick(tx));
    return std::string(more ? kMore : "");
  };
  const auto missed = [this] {
    MutexLock lock(&mutex_);
    ticked_day_ = kNever;  // Tried again at the next look at the clock.
  };
  const bool taken =
      writer_->SubmitCommand(std::move(command), [this, missed](const absl::StatusOr<std::string>& done) {
        if (done.ok() && *done != kMore) return;
        if (!done.ok()) Log(log_, LogLevel::kError, absl::StrCat("the turn of the day: ", done.status().ToString()));
        missed();
        if (done.ok()) Check();
      });
  if (!taken) missed();
}

void DayTimer::Loop() {
  int32_t told_day = kNever;
  while (true) {
    if (const int32_t today = Today(); on_new_day_ && today > told_day) {
      told_day = today;
      on_new_day_();
    }
    {
      MutexLock lock(&mutex_);
      if (!stopped_) stopping_.WaitFor(&mutex_, kCheckUs);
      if (stopped_) return;
    }
    Check();
  }
}

}  // namespace doorstep
