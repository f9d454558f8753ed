#include "client_core/sync/engine.h"

#include <algorithm>
#include <utility>

#include "client_core/base/limits.h"
#include "client_core/base/planted_bug.h"
#include "client_core/sync/outlook.h"
#include "client_core/sync/tuning.h"

namespace doorstep {
namespace {

constexpr uint64_t kNoByteBound = UINT64_MAX;
constexpr int64_t kNoSeq = -1;  // No head is equal to it.

FeedWork* FindFeed(EngineState& s, const std::string& feed) {
  for (FeedWork& f : s.feeds) {
    if (f.feed == feed) return &f;
  }
  return nullptr;
}

void SetQueue(const QueueSeen& queue, EngineState& s) {
  const bool was_due = PushDue(s);
  if (queue.epoch != s.queue.epoch) s.pacing = PushPacing();
  s.queue = queue;
  // The office may count on silence only when it knows that nothing waits here.
  if (was_due && !PushDue(s)) s.hello_due = true;
}

// Everything that was put off may be tried at once. A wait that the server asked for stays.
void ForgetBackoff(EngineState& s, bool refusals_too) {
  s.push.retry.Forget();
  s.hello.retry.Forget();
  s.watching.retry.Forget();
  s.attach.retry.Forget();
  s.attach_again.Forget();
  for (FeedWork& f : s.feeds) f.work.retry.Forget();
  if (!refusals_too) return;
  s.push.refused = false;
  s.hello.refused = false;
  s.watching.refused = false;
  s.attach.refused = false;
  for (FeedWork& f : s.feeds) f.work.refused = false;
}

bool IsOnItsWay(const FeedWork& feed, const EngineState& s) { return s.pull_call.call != 0 && s.pulling == feed.feed; }

// A page that is on its way may have been read before the change that is known now: ask once more after it.
void WantMore(FeedWork& feed, const EngineState& s) {
  feed.again = IsOnItsWay(feed, s);
  feed.due = true;
}

void LookAgain(EngineState& s) {
  s.hello_due = true;
  for (FeedWork& f : s.feeds) WantMore(f, s);
}

void CloseWatch(EngineState& s, std::vector<Action>& actions) {
  if (s.watching.call != 0) actions.push_back(CancelCall{s.watching.call});
  s.watching.call = 0;
}

void CancelAll(EngineState& s, std::vector<Action>& actions) {
  CloseWatch(s, actions);
  for (InFlight* c : {&s.push_call, &s.pull_call, &s.hello_call, &s.attach_call}) {
    if (c->call != 0) actions.push_back(CancelCall{c->call});
    *c = InFlight();
  }
}

void TakeGrant(const ServerGrant& grant, int64_t now_us, EngineState& s) {
  s.grant = grant;
  if (grant.wait_us <= 0 || Planted("wait_ignored")) return;
  s.grant_until_us = now_us + std::min(grant.wait_us, tuning::kGrantWaitMaxUs);
}

void CountBytes(uint64_t bytes, EngineState& s) {
  if (s.budget.bytes_left != kNoByteBound) s.budget.bytes_left -= std::min(s.budget.bytes_left, bytes);
}

void Succeed(Work& work, EngineState& s) {
  work = Work();
  s.budget.failures = 0;
}

// ---- failures ----

void RefuseAll(EngineState& s) {
  s.push.refused = true;
  s.hello.refused = true;
  s.watching.refused = true;
  s.attach.refused = true;
  for (FeedWork& f : s.feeds) f.work.refused = true;
}

void FailPush(const CallFailed& e, int64_t now_us, uint64_t draw, EngineState& s) {
  s.push_run.last_seq = std::max(e.frame_last_seq, s.push_run.after_seq);
  if (e.code == absl::StatusCode::kPermissionDenied) {
    s.push.refused = true;
    return;
  }
  // The server may not know the journal any more, which a Hello tells it.
  if (e.code == absl::StatusCode::kFailedPrecondition) s.hello_due = true;
  const PushFailure what = NoteFailure(s.push_run, e.code, s.next_call, s.pacing);
  if (what == PushFailure::kProbe) s.hello_due = true;
  if (what != PushFailure::kRetryNow) s.push.retry.Fail(now_us, draw);
}

void Fail(const CallFailed& e, int64_t now_us, uint64_t draw, EngineState& s) {
  if (e.call == 0) return;
  const bool push = e.call == s.push_call.call;
  const bool pull = e.call == s.pull_call.call;
  const bool hello = e.call == s.hello_call.call;
  const bool attach = e.call == s.attach_call.call;
  if (!push && !pull && !hello && !attach) return;
  CountBytes(e.bytes, s);
  ++s.budget.failures;
  if (e.code == absl::StatusCode::kUnauthenticated) RefuseAll(s);
  if (push) {
    s.push_call = InFlight();
    s.push.error = e.message;
    if (!s.push.refused) FailPush(e, now_us, draw, s);
    return;
  }
  Work* work = &s.hello;
  if (hello) {
    s.hello_call = InFlight();
    s.hello_due = true;
  } else if (attach) {
    s.attach_call = InFlight();
    work = &s.attach;
    // A link that breaks under large pieces may carry small ones. A server that is older does not know the call.
    s.attach_piece = std::max(s.attach_piece / 2, tuning::kPieceBytesMin);
    work->unsupported = e.code == absl::StatusCode::kUnimplemented;
    work->refused = work->refused || work->unsupported;
  } else {
    s.pull_call = InFlight();
    FeedWork* feed = FindFeed(s, s.pulling);
    if (feed == nullptr) return;  // The device no longer reads it.
    work = &feed->work;
  }
  work->error = e.message;
  if (e.code == absl::StatusCode::kPermissionDenied) work->refused = true;
  if (!work->refused) work->retry.Fail(now_us, draw);
}

// ---- what is sent ----

bool Ready(const Work& work, int64_t now_us) { return work.retry.Ready(now_us) || Planted("backoff_ignored"); }

void StartPush(int64_t now_us, EngineState& s, std::vector<Action>& actions) {
  if (s.push_call.call != 0 || !PushDue(s) || s.push.refused) return;
  if (!Ready(s.push, now_us) || now_us < s.grant_until_us) return;
  const uint64_t granted = s.grant.frame_entries_max == 0 ? limits::kFrameEntriesMax : s.grant.frame_entries_max;
  const FramePlan plan = PlanFrame(s.pacing, s.queue.received_through, granted);
  uint64_t bytes = limits::kFrameBytesMax;
  if (s.grant.frame_bytes_max != 0) bytes = std::min(bytes, s.grant.frame_bytes_max);
  if (s.budget.active) bytes = std::min(bytes, s.budget.bytes_left);
  s.push_run = {s.queue.received_through, s.queue.received_through, plan.opaque, s.server_started_us};
  s.push_call = {s.next_call++, now_us + tuning::kPushDeadlineMs * int64_t{1000} + tuning::kDeadlineGraceUs};
  actions.push_back(SendPush{s.push_call.call, tuning::kPushDeadlineMs, s.queue.epoch, s.queue.received_through,
                             plan.entries_max, bytes, plan.opaque});
}

void StartPull(int64_t now_us, EngineState& s, std::vector<Action>& actions) {
  if (s.pull_call.call != 0) return;
  if (Planted("failing_push_stops_pulls") && PushDue(s) && !s.push.retry.Ready(now_us)) return;
  for (FeedWork& f : s.feeds) {
    if (!f.due || f.work.refused || !Ready(f.work, now_us)) continue;
    const uint64_t page = s.budget.active ? std::min<uint64_t>(s.budget.bytes_left, limits::kPageBytesDefault)
                                          : limits::kPageBytesDefault;
    f.again = false;
    f.hinted = 0;
    f.answered.reset();
    s.pulling = f.feed;
    s.pull_call = {s.next_call++, now_us + tuning::kPullDeadlineMs * int64_t{1000} + tuning::kDeadlineGraceUs};
    actions.push_back(SendPull{s.pull_call.call, tuning::kPullDeadlineMs, f.feed, static_cast<uint32_t>(page)});
    return;
  }
}

int64_t PollInterval(const EngineState& s) {
  if (!s.foreground) return tuning::kPollBackgroundUs;
  return IsToldAtOnce(s.watching) ? tuning::kPollWatchedUs : tuning::kPollForegroundUs;
}

void StartHello(int64_t now_us, EngineState& s, std::vector<Action>& actions) {
  if (s.automatic && now_us >= s.poll_us) {
    s.hello_due = true;
    s.poll_us = now_us + PollInterval(s);  // This poll is due once, however long its answer takes.
  }
  if (s.hello_call.call != 0 || !s.hello_due || s.hello.refused || !Ready(s.hello, now_us)) return;
  // What becomes known while it is under way asks for another one.
  s.hello_due = false;
  s.hello_call = {s.next_call++, now_us + tuning::kHelloDeadlineMs * int64_t{1000} + tuning::kDeadlineGraceUs};
  actions.push_back(SendHello{s.hello_call.call, tuning::kHelloDeadlineMs});
}

void StartAttachment(int64_t now_us, EngineState& s, std::vector<Action>& actions) {
  // Entries are what must not be lost: where both can go, they go first.
  const std::optional<AttachmentTurn> turn = NextAttachment(s);
  if (s.attach_call.call != 0 || s.push_call.call != 0 || !turn.has_value() || s.attach.refused) return;
  if (now_us < AttachmentReadyAt(s)) return;
  if (s.attach_piece == 0) s.attach_piece = limits::kAttachmentChunkBytesMax;
  uint64_t bytes = s.attach_piece;
  if (s.budget.active) bytes = std::min(bytes, s.budget.bytes_left);
  s.attach_call = {s.next_call++, now_us + tuning::kPieceDeadlineMs * int64_t{1000} + tuning::kDeadlineGraceUs};
  actions.push_back(SendAttachment{s.attach_call.call, tuning::kPieceDeadlineMs, *turn, bytes});
}

// ---- heads ----

// Only a page with the same head agrees with one that is told while the page is on its way: either of the two may be
// the older word.
void TakeHead(const SeenHead& head, EngineState& s) {
  FeedWork* feed = FindFeed(s, head.feed);
  if (feed == nullptr) return;  // The device does not read it.
  // The server names the feeds that it lets this device read.
  if (!Planted("refused_for_good")) feed->work.refused = false;
  if (!head.other_generation && IsOnItsWay(*feed, s)) {
    feed->answered = head.seq;
  } else if (head.other_generation || head.seq != feed->seq) {
    WantMore(*feed, s);
  }
}

void LoseWatch(absl::StatusCode code, int64_t now_us, uint64_t draw, EngineState& s) {
  NoteLost(code, now_us, draw, s.watching);
  // From now on the phone has to ask again.
  s.poll_us = std::min(s.poll_us, now_us + PollInterval(s));
}

void TakeHint(const SeenHead& head, bool first, EngineState& s) {
  FeedWork* feed = FindFeed(s, head.feed);
  if (feed == nullptr) return;            // It will hear of another technician from the device feed.
  if (first) feed->work.refused = false;  // As in a Hello.
  // The first message tells how the feeds stand, and a restored server's stand lower.
  if (first ? head.seq == feed->seq : head.seq <= feed->seq) return;
  if (IsOnItsWay(*feed, s)) {
    feed->hinted = std::max(feed->hinted, head.seq);
  } else {
    feed->due = true;
  }
}

// Somebody looks at the phone, and it may use the network for more than what it was asked for once.
void KeepWatching(int64_t now_us, EngineState& s, std::vector<Action>& actions) {
  if (!WantsWatch(s)) return CloseWatch(s, actions);
  if (s.watching.call != 0 || !s.watching.retry.Ready(now_us)) return;
  NoteOpened(s.next_call++, now_us, s.watching);
  actions.push_back(OpenWatch{s.watching.call, tuning::kWatchDeadlineMs});
}

// ---- events ----

struct Handler {
  EngineState& s;
  const int64_t now_us;
  const uint64_t draw;
  std::vector<Action>& actions;

  void operator()(const QueueSeen& e) { SetQueue(e, s); }

  void operator()(const AttachmentsSeen& e) { s.attachments = e; }

  void operator()(const FeedsSeen& e) {
    std::vector<FeedWork> feeds;
    for (const std::string& name : e.feeds) {
      const FeedWork* known = FindFeed(s, name);
      feeds.push_back(known != nullptr ? *known : FeedWork{name, Work()});
    }
    if (s.feeds.empty()) s.hello_due = true;
    s.feeds = std::move(feeds);
    if (s.pull_call.call != 0 && FindFeed(s, s.pulling) == nullptr) {
      actions.push_back(CancelCall{s.pull_call.call});
      s.pull_call = InFlight();
    }
  }

  void operator()(const TokenChanged&) {
    CancelAll(s, actions);
    ForgetBackoff(s, true);
    LookAgain(s);
  }

  void operator()(const SyncStarted&) {
    if (s.automatic) return;
    s.automatic = true;
    ForgetBackoff(s, true);
    LookAgain(s);
    s.poll_us = now_us + PollInterval(s);
  }

  void operator()(const SyncStopped&) {
    s.automatic = false;
    if (!s.budget.active) CancelAll(s, actions);
  }

  void operator()(const BudgetBegun& e) {
    s.budget = {true, now_us + e.time_us, e.bytes_max == 0 ? kNoByteBound : e.bytes_max, 0, e.network};
    s.network_lost = false;
    ForgetBackoff(s, true);
    LookAgain(s);
  }

  void operator()(const BudgetEnded&) {
    s.budget = Budget();
    if (!s.automatic) CancelAll(s, actions);
  }

  void operator()(const Quiesced& e) {
    s.asleep = true;
    if (!e.give_up) return;
    if (s.hello_call.call != 0) s.hello_due = true;
    CancelAll(s, actions);
  }

  void operator()(const Woken&) {
    if (!s.asleep) return;
    s.asleep = false;
    s.hello_due = true;  // The heads it brings say what has moved meanwhile.
  }

  void operator()(const HelloWanted&) { s.hello_due = true; }

  void operator()(const Tick&) {
    // A transport that forgot a call must not stop the work.
    const InFlight calls[] = {s.push_call, s.pull_call, s.hello_call, s.attach_call};
    for (const InFlight& c : calls) {
      if (c.call == 0 || now_us < c.expires_us) continue;
      actions.push_back(CancelCall{c.call});
      Fail({c.call, 0, absl::StatusCode::kDeadlineExceeded, "the transport gave no answer in time", 0}, now_us, draw,
           s);
    }
    if (s.watching.call != 0 && now_us >= s.watching.expires_us) {
      actions.push_back(CancelCall{s.watching.call});
      LoseWatch(absl::StatusCode::kDeadlineExceeded, now_us, draw, s);
    }
  }

  void operator()(const Notice& e) {
    switch (e) {
      case Notice::kNetworkLost:
        s.network_lost = true;
        return CancelAll(s, actions);
      case Notice::kMetered:
      case Notice::kUnmetered:
        s.metered = e == Notice::kMetered;
        [[fallthrough]];
      case Notice::kNetworkChanged:
        // Calls on the old network would hang until their deadline; repeating them is safe.
        s.network_lost = false;
        CancelAll(s, actions);
        ForgetBackoff(s, false);
        return LookAgain(s);
      case Notice::kForeground:
        s.foreground = true;
        s.network_lost = false;
        ForgetBackoff(s, true);
        s.hello_due = true;  // The heads it brings say what has moved.
        return;
      case Notice::kBackground:
        s.foreground = false;
        s.poll_us = now_us + PollInterval(s);
        return;
      case Notice::kUserPulled:
        s.network_lost = false;
        ForgetBackoff(s, true);
        return LookAgain(s);
      case Notice::kHint:
        for (FeedWork& f : s.feeds) WantMore(f, s);
        return;
    }
  }

  void operator()(const HelloAnswered& e) {
    if (e.call == 0 || e.call != s.hello_call.call) return;
    s.hello_call = InFlight();
    CountBytes(e.bytes, s);
    Succeed(s.hello, s);
    if (e.busy) {
      TakeGrant(e.grant, now_us, s);
      s.hello.retry.Ask(e.grant.wait_us, now_us);
      s.hello_due = true;
      return;
    }
    if (e.restored) {
      CancelAll(s, actions);
      ForgetBackoff(s, /*refusals_too=*/true);  // Another server refused.
    }
    if (e.tells_more) s.hello_due = true;
    // Marks that moved are news: the next frame is another one than that which was put off.
    if (e.queue.epoch != s.queue.epoch || e.queue.received_through != s.queue.received_through) s.push.retry = Retry();
    SetQueue(e.queue, s);
    TakeGrant(e.grant, now_us, s);
    NoteHello(e.call, s.queue.received_through, e.server_started_us, s.pacing);
    s.server_started_us = e.server_started_us;
    s.poll_us = now_us + PollInterval(s);
    for (const SeenHead& head : e.heads) TakeHead(head, s);
  }

  void operator()(const PushAnswered& e) {
    if (e.call == 0 || e.call != s.push_call.call) return;
    const QueueSeen before = s.queue;
    s.push_call = InFlight();
    CountBytes(e.bytes, s);
    SetQueue(e.queue, s);
    TakeGrant(e.grant, now_us, s);
    if (e.queue.epoch != before.epoch || e.queue.received_through > s.push_run.after_seq) {
      Succeed(s.push, s);
      NoteProgress(e.queue.received_through, s.pacing);
    } else if (e.grant.wait_us <= 0) {
      // An OK answer that took nothing must not be repeated in a tight loop. The server may have gone back behind what
      // this phone knows, which a Hello tells it.
      s.push.retry.Fail(now_us, draw);
      s.hello_due = true;
    }
    if (e.generation_changed) s.hello_due = true;
    if (e.went_back) {
      CancelAll(s, actions);
      ForgetBackoff(s, /*refusals_too=*/true);
      LookAgain(s);
    }
    FeedWork* device = s.feeds.empty() ? nullptr : &s.feeds.front();
    if (device != nullptr && e.device_feed_seq > device->seq) WantMore(*device, s);
  }

  void operator()(const PullAnswered& e) {
    if (e.call == 0 || e.call != s.pull_call.call) return;
    s.pull_call = InFlight();
    CountBytes(e.bytes, s);
    if (e.generation_changed || e.went_back) s.hello_due = true;
    FeedWork* feed = FindFeed(s, s.pulling);
    if (feed == nullptr) return;
    const Retry before = feed->work.retry;
    Succeed(feed->work, s);
    if (e.wait_us > 0) return feed->work.retry.Ask(e.wait_us, now_us);
    if (e.generation_changed) {
      // Whatever head the Hello tells of this feed has it read again.
      feed->due = false;
      feed->seq = kNoSeq;
      return;
    }
    feed->due = !e.at_head || e.restarted || feed->again || feed->hinted > e.feed_seq ||
                feed->answered.value_or(e.feed_seq) != e.feed_seq;
    feed->seq = e.at_head && !e.restarted ? e.feed_seq : 0;
    if (e.restarted) {
      feed->work.retry = before;
      feed->work.retry.Fail(now_us, draw);  // Sums that never agree must not download in a tight loop.
    }
  }

  void operator()(const HintReceived& e) {
    if (e.call == 0 || e.call != s.watching.call) return;
    const bool first = NoteMessage(e.keep_alive_us, e.wait_us, now_us, s.watching);
    for (const SeenHead& head : e.heads) TakeHint(head, first, s);
  }

  void operator()(const WatchEnded& e) {
    if (e.call == 0 || e.call != s.watching.call) return;
    LoseWatch(e.code, now_us, draw, s);
  }

  void operator()(const AttachmentAnswered& e) {
    if (e.call == 0 || e.call != s.attach_call.call) return;
    s.attach_call = InFlight();
    CountBytes(e.bytes, s);
    s.attachments = e.left;
    if (e.entry_unknown) s.hello_due = true;
    s.attach_until_us = e.wait_us > 0 ? now_us + std::min(e.wait_us, tuning::kGrantWaitMaxUs) : 0;
    s.attach_piece = std::min<uint64_t>(s.attach_piece * 2, limits::kAttachmentChunkBytesMax);
    // What is not taken must not be sent in a tight loop, whatever the server says of its patience. Where single ones
    // are to blame, the others go on at once.
    if (e.progressed) {
      Succeed(s.attach, s);
      s.attach_again = Retry();
    } else if (e.blamed) {
      s.attach_again.Fail(now_us, draw);
    } else {
      s.attach.retry.Fail(now_us, draw);
    }
    s.attach.error = e.message;
  }

  void operator()(const CallFailed& e) { Fail(e, now_us, draw, s); }
};

}  // namespace

StepResult Step(EngineState state, int64_t now_us, const Event& event, uint64_t draw) {
  StepResult result;
  std::visit(Handler{state, now_us, draw, result.actions}, event);
  if (MaySend(state, now_us)) {
    StartPush(now_us, state, result.actions);
    StartPull(now_us, state, result.actions);
    StartHello(now_us, state, result.actions);
    StartAttachment(now_us, state, result.actions);
  }
  KeepWatching(now_us, state, result.actions);
  const SyncMode mode = ModeOf(state);
  if (mode != state.mode) result.actions.push_back(Tell{mode});
  state.mode = mode;
  result.actions.push_back(WaitUntil{NextInstant(state, now_us)});
  result.state = std::move(state);
  return result;
}

}  // namespace doorstep
