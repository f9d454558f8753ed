#include "client_core/sync/outlook.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client_core/sync/tuning.h"

namespace doorstep {
namespace {

bool Allowed(const EngineState& s) {
  return (s.automatic || s.budget.active) && !s.network_lost && !s.asleep && !s.feeds.empty();
}
bool BytesLeft(const EngineState& s) { return !s.budget.active || s.budget.bytes_left >= tuning::kBudgetBytesMin; }

bool OriginalsMayGo(const EngineState& s) {
  if (s.budget.active && s.budget.network != NetworkCost::kUntold) return s.budget.network == NetworkCost::kUnmetered;
  return !s.metered;
}

struct Attachment {
  bool due = false;
  int64_t failed = 0;
  AttachmentTurn turn = AttachmentTurn::kAsk;
};
Attachment PickAttachment(const EngineState& s) {
  const AttachmentsSeen& seen = s.attachments;
  Attachment next;
  for (const Attachment& one :
       {Attachment{seen.ask, seen.ask_failed, AttachmentTurn::kAsk},
        Attachment{seen.previews, seen.previews_failed, AttachmentTurn::kPreview},
        Attachment{seen.originals && OriginalsMayGo(s), seen.originals_failed, AttachmentTurn::kOriginal}}) {
    if (one.due && (!next.due || one.failed < next.failed)) next = one;
  }
  return next;
}
bool AttachmentDue(const EngineState& s) { return PickAttachment(s).due; }

bool EntriesOrFeedsRefused(const EngineState& s) {
  bool refused = (PushDue(s) && s.push.refused) || s.hello.refused;
  for (const FeedWork& f : s.feeds) refused = refused || (f.due && f.work.refused);
  return refused;
}

bool AnyRefused(const EngineState& s) { return EntriesOrFeedsRefused(s) || (AttachmentDue(s) && s.attach.refused); }

// Whether the server takes part in all but what it does not know.
bool IsOlder(const EngineState& s) {
  return !EntriesOrFeedsRefused(s) && AttachmentDue(s) && s.attach.refused && s.attach.unsupported;
}

}  // namespace

bool InFlightNow(const EngineState& s) {
  return s.push_call.call != 0 || s.pull_call.call != 0 || s.hello_call.call != 0 || s.attach_call.call != 0;
}

std::optional<AttachmentTurn> NextAttachment(const EngineState& s) {
  const Attachment next = PickAttachment(s);
  return next.due ? std::optional(next.turn) : std::nullopt;
}

int64_t AttachmentReadyAt(const EngineState& s) {
  const int64_t ready = std::max(s.attach.retry.ReadyAt(), s.attach_until_us);
  return PickAttachment(s).failed > 0 ? std::max(ready, s.attach_again.ReadyAt()) : ready;
}

bool PushDue(const EngineState& s) { return s.queue.received_through < s.queue.last_seq; }

bool WantsWatch(const EngineState& s) {
  return s.watching.possible && s.automatic && s.foreground && !s.network_lost && !s.asleep && !s.feeds.empty() &&
         !s.watching.refused;
}

bool MaySend(const EngineState& s, int64_t now_us) {
  return Allowed(s) && BytesLeft(s) && (!s.budget.active || now_us < s.budget.ends_us);
}

int64_t NextReady(const EngineState& s) {
  int64_t next = 0;
  const auto consider = [&next](bool due, const Work& work, int64_t not_before) {
    const int64_t ready = std::max<int64_t>({work.retry.ReadyAt(), not_before, 1});
    if (due && !work.refused && (next == 0 || ready < next)) next = ready;
  };
  consider(s.push_call.call == 0 && PushDue(s), s.push, s.grant_until_us);
  consider(s.hello_call.call == 0 && s.hello_due, s.hello, 0);
  consider(s.attach_call.call == 0 && s.push_call.call == 0 && AttachmentDue(s), s.attach, AttachmentReadyAt(s));
  for (const FeedWork& f : s.feeds) consider(s.pull_call.call == 0 && f.due, f.work, 0);
  return next;
}

SyncMode ModeOf(const EngineState& s) {
  if (s.feeds.empty() || (!s.automatic && !s.budget.active)) return SyncMode::kStopped;
  if (s.network_lost) return SyncMode::kOffline;
  if (InFlightNow(s)) return SyncMode::kSyncing;
  if (s.asleep) return SyncMode::kStopped;
  if (NextReady(s) != 0) return SyncMode::kWaiting;
  return AnyRefused(s) ? SyncMode::kRefused : SyncMode::kIdle;
}

int64_t NextInstant(const EngineState& s, int64_t now_us) {
  int64_t next = 0;
  const auto consider = [&next](int64_t instant) {
    if (instant > 0 && (next == 0 || instant < next)) next = instant;
  };
  if (s.budget.active) consider(s.budget.ends_us);
  for (const InFlight* c : {&s.push_call, &s.pull_call, &s.hello_call, &s.attach_call}) {
    if (c->call != 0) consider(c->expires_us);
  }
  if (WantsWatch(s)) consider(s.watching.call != 0 ? s.watching.expires_us : s.watching.retry.ReadyAt());
  if (!MaySend(s, now_us)) return next;
  consider(NextReady(s));
  if (s.automatic && s.hello_call.call == 0 && !s.hello.refused && !s.hello_due) consider(s.poll_us);
  return next;
}

BudgetReport JudgeBudget(const EngineState& state, int64_t now_us) {
  const auto stopped = [&state](absl::string_view why) {
    const std::string error = LastError(state);
    return BudgetReport{BudgetVerdict::kStopped, absl::StrCat(why, error.empty() ? "" : ": ", error)};
  };
  if (!state.budget.active) return stopped("the sync was stopped");
  const bool in_flight = InFlightNow(state);
  const int64_t ready_us = NextReady(state);
  if (!in_flight && ready_us == 0 && !AnyRefused(state)) return {BudgetVerdict::kComplete, ""};
  if (state.network_lost) return stopped("the phone has no network");
  if (now_us >= state.budget.ends_us) return stopped("the time was up");
  if (in_flight) return {};
  if (state.asleep) return stopped("the app is being suspended");
  if (ready_us == 0) {
    return stopped(IsOlder(state) ? "the server is older than this app and takes no photos or documents yet"
                                  : "the server refuses this device");
  }
  if (!BytesLeft(state)) return stopped("the bytes were spent");
  if (state.budget.failures >= tuning::kBudgetFailuresMax) return stopped("the server cannot be reached");
  if (ready_us >= state.budget.ends_us) {
    return stopped(state.grant_until_us >= state.budget.ends_us ? "the server asked to wait"
                                                                : "the next try would come too late");
  }
  return {};
}

std::string LastError(const EngineState& state) {
  if (!state.push.error.empty()) return state.push.error;
  for (const FeedWork& f : state.feeds) {
    if (!f.work.error.empty()) return f.work.error;
  }
  return state.hello.error.empty() ? state.attach.error : state.hello.error;
}

const char* ModeName(SyncMode mode) {
  switch (mode) {
    case SyncMode::kStopped:
      return "stopped";
    case SyncMode::kOffline:
      return "offline";
    case SyncMode::kRefused:
      return "refused";
    case SyncMode::kSyncing:
      return "syncing";
    case SyncMode::kWaiting:
      return "waiting";
    case SyncMode::kIdle:
      return "idle";
  }
  return "unknown";
}

}  // namespace doorstep
