#include "client_core/session/sync_driver.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/kill_point.h"
#include "client_core/base/planted_bug.h"
#include "client_core/base/status.h"
#include "client_core/rules/frame_signature.h"
#include "client_core/session/frame_builder.h"
#include "client_core/session/phone_events.h"
#include "client_core/sync/outlook.h"
#include "doorstep/v1/sync.pb.h"

namespace doorstep {
namespace {

constexpr absl::string_view kHelloMethod = "/doorstep.v1.SyncService/Hello";
constexpr absl::string_view kPushMethod = "/doorstep.v1.SyncService/Push";
constexpr absl::string_view kPullMethod = "/doorstep.v1.SyncService/Pull";
constexpr absl::string_view kWatchMethod = "/doorstep.v1.SyncService/Watch";

// A timer is never set further than this: clocks that jump must not silence the phone.
constexpr int64_t kTimerMaxUs = int64_t{3600} * 1000000;

}  // namespace

SyncDriver::SyncDriver(Parts parts) : parts_(std::move(parts)) {
  engine_.watching.possible = parts_.transport != nullptr && parts_.transport->CanWatch();
}

// ---- engine and actions ----

void SyncDriver::Handle(const Event& event) {
  uint64_t draw = 0;
  parts_.random->Fill(&draw, sizeof(draw));
  StepResult result = Step(engine_, parts_.clock->Now().monotonic_us, event, draw);
  engine_ = std::move(result.state);
  for (const Action& action : result.actions) CarryOut(action);
  TellRepairs();
  TellDisk();
  JudgeReport();
  TellQuiet();
}

void SyncDriver::CarryOut(const Action& action) {
  if (const auto* hello = std::get_if<SendHello>(&action)) return Send(*hello);
  if (const auto* push = std::get_if<SendPush>(&action)) return Send(*push);
  if (const auto* pull = std::get_if<SendPull>(&action)) return Send(*pull);
  if (const auto* watch = std::get_if<OpenWatch>(&action)) return Send(*watch);
  if (const auto* attachment = std::get_if<SendAttachment>(&action)) return Send(*attachment);
  if (const auto* tell = std::get_if<Tell>(&action)) return TellMode(tell->mode);
  if (const auto* cancel = std::get_if<CancelCall>(&action)) {
    if (unsigned_.erase(cancel->call) > 0) return;
    const auto cancelled = flights_.extract(cancel->call);
    if (!cancelled.empty()) {
      Measure(cancelled.mapped(), absl::StatusCode::kCancelled, parts_.clock->Now().monotonic_us, 0);
    }
    return parts_.transport->Cancel(cancel->call);
  }
  if (const auto* wait = std::get_if<WaitUntil>(&action)) {
    if (Planted("timer_never_set")) return;
    if (wait->instant_us == 0) return parts_.queue->SetTimer(-1);
    const int64_t delay_us = wait->instant_us - parts_.clock->Now().monotonic_us;
    parts_.queue->SetTimer(std::clamp<int64_t>(delay_us, 0, kTimerMaxUs));
  }
}

void SyncDriver::Send(const SendHello& hello) {
  const JournalCounts counts = parts_.store->journal().Counts();
  Flight flight;
  flight.kind = Kind::kHello;
  v1::HelloRequest request;
  // What is recorded while this call travels is not told by it, so it must say at which of the server's moments it
  // began.
  *request.mutable_clock() = parts_.store->journal().boots().Tied(SampleOf(parts_.clock->Now()));
  request.set_queue_empty(counts.saved_here == 0);
  request.set_queued_entries(counts.saved_here);
  request.set_core_version(std::string(kCoreVersion));
  if (const auto& identity = parts_.store->journal().identity(); identity.has_value()) {
    request.set_generation(identity->generation());
    flight.push_token = parts_.store->journal().push_token().Untold(identity->generation());
  }
  if (flight.push_token.has_value()) request.mutable_push_token()->set_token(*flight.push_token);
  for (v1::JournalClaim& claim : parts_.store->journal().Claims()) *request.add_journals() = std::move(claim);
  if (absl::StatusOr<v1::SigningKey> key = parts_.signer->Key(); key.ok()) {
    *request.mutable_signing_key() = *std::move(key);
  } else {
    Log(parts_.log, LogLevel::kWarning, absl::StrCat("this phone signs nothing now: ", key.status().message()));
  }
  Start(hello.call, hello.deadline_ms, kHelloMethod, request, std::move(flight));
}

void SyncDriver::Send(const SendPush& push) {
  absl::StatusOr<BuiltFrame> frame = BuildNextFrame(push, parts_.clock->Now(), *parts_.store);
  if (!frame.ok()) {
    // RESOURCE_EXHAUSTED would be the frame's size here: the engine takes fewer entries.
    return FailSoon(push.call, frame.status(), push.after_seq + push.entries_max);
  }
  Unsigned made;
  made.deadline_ms = push.deadline_ms;
  made.flight.kind = Kind::kPush;
  made.flight.after_seq = push.after_seq;
  made.flight.covers = frame->covers;
  made.request.set_frame(std::move(frame->bytes));
  made.request.set_newest_epoch(parts_.store->journal().epochs().rbegin()->first);
  if (parts_.signer->is_hosts()) {
    unsigned_[push.call] = std::move(made);
    parts_.signer->SignLater(
        std::move(frame->signed_text), [this, call = push.call](absl::StatusOr<std::string> signature) {
          parts_.queue->Post(Urgency::kNetwork,
                             [this, call, signature = std::move(signature)] { OnSigned(call, signature); });
        });
    return;
  }
  const absl::StatusOr<std::string> signature = parts_.signer->SignNow(frame->signed_text);
  // A full disk has no room for a key, and what was recorded has to get away all the same.
  if (!signature.ok() && !absl::IsResourceExhausted(signature.status())) {
    return FailSoon(push.call, signature.status(), made.flight.covers.received_through());
  }
  StartPush(push.call, signature.ok() ? *signature : "", std::move(made));
}

void SyncDriver::OnSigned(uint64_t call, const absl::StatusOr<std::string>& signature) {
  auto made = unsigned_.extract(call);
  if (made.empty()) return;  // Given up meanwhile.
  if (signature.ok()) return StartPush(call, *signature, std::move(made.mapped()));
  FailHere(call, 0, signature.status(), made.mapped().flight.covers.received_through());
}

void SyncDriver::StartPush(uint64_t call, absl::string_view signature, Unsigned push) {
  if (!signature.empty()) AttachSignature(signature, *push.request.mutable_frame());
  KillPoint("engine");
  Start(call, push.deadline_ms, kPushMethod, push.request, std::move(push.flight));
  KillPoint("sent");
}

void SyncDriver::Send(const SendPull& pull) {
  // Asked before the page travels: on a full disk it would be thrown away.
  if (const absl::Status room = parts_.store->CanFetch(); !room.ok()) return FailSoon(pull.call, room, 0);
  Flight flight;
  flight.kind = Kind::kPull;
  flight.feed = pull.feed;
  flight.cursor = parts_.store->replica().Cursor(pull.feed);
  v1::PullRequest request;
  request.set_feed(pull.feed);
  request.set_cursor(flight.cursor);
  request.set_page_bytes(pull.page_bytes);
  Start(pull.call, pull.deadline_ms, kPullMethod, request, std::move(flight));
}

void SyncDriver::Send(const OpenWatch& watch) {
  const uint64_t call = watch.call;
  const auto ended = [this, call](const absl::Status& status) {
    try {
      parts_.queue->Post(Urgency::kNetwork, [this, call, status] {
        Log(parts_.log, LogLevel::kInfo, absl::StrCat("the stream of hints has ended: ", status.ToString()));
        Handle(WatchEnded{call, status.code()});
      });
    } catch (const std::exception&) {
      // Out of memory on the transport's thread: the engine notices the silence.
    }
  };
  const auto& identity = parts_.store->journal().identity();
  if (!identity.has_value()) return ended(absl::AbortedError("this phone does not know who it is"));
  UnaryCall stream;
  stream.method = std::string(kWatchMethod);
  stream.authorization = absl::StrCat("Bearer ", identity->token());
  stream.request = v1::WatchRequest().SerializeAsString();
  stream.deadline_ms = watch.deadline_ms;
  parts_.transport->Watch(
      call, std::move(stream),
      [this, call](std::string bytes) {
        try {
          parts_.queue->Post(Urgency::kNetwork, [this, call, bytes = std::move(bytes)] { OnHint(call, bytes); });
        } catch (const std::exception&) {
          // The hint is lost, which loses nothing but time.
        }
      },
      [ended](const absl::Status& status, const std::string&) { ended(status); });
}

void SyncDriver::Start(uint64_t call, uint32_t deadline_ms, absl::string_view method,
                       const google::protobuf::MessageLite& request, Flight flight) {
  const auto& identity = parts_.store->journal().identity();
  if (!identity.has_value()) {
    // A damaged journal that could not be salvaged yet: an empty one stands in for it until the next open.
    return FailSoon(call, absl::FailedPreconditionError("this phone does not know who it is"),
                    flight.covers.received_through());
  }
  UnaryCall unary;
  unary.method = std::string(method);
  unary.authorization = absl::StrCat("Bearer ", identity->token());
  unary.request = request.SerializeAsString();
  unary.deadline_ms = deadline_ms;
  flight.method = method;
  flight.sent = parts_.clock->Now();
  flight.bytes_up = unary.request.size();
  flights_[call] = std::move(flight);
  parts_.transport->Start(call, std::move(unary), [this, call](absl::Status status, std::string bytes) {
    try {
      // The clock is read here: waiting in the queue is no part of the round trip.
      parts_.queue->Post(Urgency::kNetwork, [this, call, status = std::move(status), bytes = std::move(bytes),
                                             at = parts_.clock->Now()] { OnAnswer(call, status, bytes, at); });
    } catch (const std::exception&) {
      // Out of memory on the transport's thread: the answer is lost, and the engine gives the call up in time.
    }
  });
}

void SyncDriver::Measure(const Flight& flight, absl::StatusCode code, int64_t now_us, uint64_t bytes_down) const {
  TellMetric(parts_.metrics,
             {"call", flight.method, code, now_us - flight.sent.monotonic_us, flight.bytes_up, bytes_down});
}

void SyncDriver::FailSoon(uint64_t call, absl::Status why, uint64_t frame_last_seq) {
  // Posted, so that a step never runs inside another one.
  parts_.queue->Post(Urgency::kNetwork, [this, call, why = std::move(why), frame_last_seq] {
    if (absl::IsResourceExhausted(why)) {
      no_room_ = !parts_.store->disk_full().empty();
      Handle(CallFailed{call, 0, why.code(), std::string(why.message()), frame_last_seq});
    } else {
      FailHere(call, 0, why, frame_last_seq);
    }
  });
}

void SyncDriver::FailHere(uint64_t call, uint64_t bytes, const absl::Status& why, uint64_t frame_last_seq) {
  Log(parts_.log, LogLevel::kWarning, absl::StrCat("call ", call, " failed on this phone: ", why.ToString()));
  if (absl::IsDataLoss(why)) {
    if (const absl::Status repaired = parts_.store->RepairJournal(why); !repaired.ok()) {
      Log(parts_.log, LogLevel::kError, absl::StrCat("the journal cannot be repaired: ", repaired.message()));
    }
    CatchUpWithNames();  // Entries have other positions now.
  }
  no_room_ = absl::IsResourceExhausted(why);
  if (no_room_) parts_.store->NoteDiskFull();
  Handle(Queue());
  // ABORTED, because no frame is to blame for what went wrong on the phone.
  Handle(CallFailed{call, bytes, absl::StatusCode::kAborted,
                    no_room_ ? parts_.store->disk_full() : std::string(why.message()), frame_last_seq});
}

// ---- what the engine needs to know of the files ----

void SyncDriver::JournalChanged() {
  Handle(Queue());
  LookAtAttachments();
}

void SyncDriver::JournalRepaired() {
  CatchUpWithNames();
  JournalChanged();
}

void SyncDriver::DropForeignFeeds() {
  const std::vector<std::string> feeds = parts_.store->Feeds();
  for (const FeedState& feed : parts_.store->replica().Feeds()) {
    if (std::find(feeds.begin(), feeds.end(), feed.name) != feeds.end()) continue;
    if (const absl::Status dropped = parts_.store->replica().DropFeed(feed.name); !dropped.ok()) {
      // What is left of it is dropped with the next contact, or when the feeds are looked at again.
      Log(parts_.log, LogLevel::kWarning, absl::StrCat("feed ", feed.name, " is not dropped: ", dropped.message()));
    }
  }
}

void SyncDriver::IdentityChanged() {
  DropForeignFeeds();
  Handle(FeedsSeen{parts_.store->Feeds()});
  JournalChanged();
}

QueueSeen SyncDriver::Queue() {
  const Journal& journal = parts_.store->journal();
  const uint64_t unsent = journal.UnsentEpoch();
  if (unsent != 0) {
    const EpochMarks& marks = journal.epochs().at(unsent);
    return {unsent, marks.received_through, marks.last_own_seq()};
  }
  const EpochMarks* current = journal.current();
  return current == nullptr ? QueueSeen() : QueueSeen{current->epoch, current->head_seq, current->head_seq};
}

// ---- sync_once ----

void SyncDriver::SyncOnce(const v1::SyncBudget& budget, ReportDone done) {
  if (report_.done) return done(absl::FailedPreconditionError("another sync_once is running; wait for it to return"));
  Wake();
  JournalChanged();  // The last appends may not have been told yet.
  report_ = Report{std::move(done), v1::SyncReport()};
  NetworkCost network = NetworkCost::kUntold;
  if (budget.network_class() == v1::NETWORK_CLASS_UNMETERED) network = NetworkCost::kUnmetered;
  if (budget.network_class() == v1::NETWORK_CLASS_METERED) network = NetworkCost::kMetered;
  Handle(BudgetBegun{int64_t{budget.time_ms_max()} * 1000, budget.bytes_max(), network});
}

void SyncDriver::JudgeReport() {
  if (!report_.done) return;
  const BudgetReport verdict = JudgeBudget(engine_, parts_.clock->Now().monotonic_us);
  if (verdict.verdict == BudgetVerdict::kGoesOn) return;
  Report report = std::exchange(report_, Report());
  report.sums.set_complete(verdict.verdict == BudgetVerdict::kComplete);
  // The engine takes it for a server that does not answer.
  const bool no_room = verdict.verdict == BudgetVerdict::kStopped && no_room_ && !engine_.network_lost;
  report.sums.set_stopped_because(no_room ? parts_.store->disk_full() : verdict.stopped_because);
  report.sums.set_entries_left(parts_.store->journal().Counts().saved_here);
  if (const auto counts = parts_.store->attachments().Counts(); counts.ok()) {
    report.sums.set_attachments_left(counts->queued);
  }
  Handle(BudgetEnded());
  report.done(std::move(report.sums));
}

// ---- before the system suspends the app ----

void SyncDriver::Quiesce(std::function<void()> quiet) {
  if (quiet_.empty()) answered_ = 0;
  quiet_.push_back(std::move(quiet));
  Handle(Quiesced());
}

// Posted behind what the last answers have left to do.
void SyncDriver::TellQuiet() {
  if (quiet_.empty() || InFlightNow(engine_)) return;
  for (std::function<void()>& quiet : std::exchange(quiet_, {})) {
    parts_.queue->Post(Urgency::kNetwork, std::move(quiet));
  }
}

SyncDriver::Quieted SyncDriver::FinishQuiesce() {
  Quieted quieted;
  quieted.answered = answered_;
  const auto sending = [](const Flight& push) {
    return absl::StrCat("sending entries up to ", push.covers.epoch(), ".", push.covers.received_through());
  };
  for (const auto& [call, push] : unsigned_) quieted.given_up.push_back(sending(push.flight));
  for (const auto& [call, flight] : flights_) {
    switch (flight.kind) {
      case Kind::kHello:
        quieted.given_up.push_back("asking the office what it has");
        break;
      case Kind::kPush:
        quieted.given_up.push_back(sending(flight));
        break;
      case Kind::kPull:
        quieted.given_up.push_back(absl::StrCat("fetching ", flight.feed));
        break;
      case Kind::kPiece:
        quieted.given_up.push_back("sending a piece of a photo or document");
        break;
      case Kind::kAskAttachments:
        quieted.given_up.push_back("asking the office which photos it has");
        break;
    }
  }
  Handle(Quiesced{true});
  Settle();  // What the last page brought may wait for its task still.
  quieted.syncing = engine_.automatic;
  return quieted;
}

void SyncDriver::Wake() {
  if (!engine_.asleep) return;
  quiet_.clear();
  Handle(Woken());
}

// ---- telling ----

void SyncDriver::FillStatus(v1::PhoneStatus* status) const {
  status->set_last_error(LastError(engine_));
  status->set_engine_state(ModeName(engine_.mode));
  status->set_told_at_once(IsToldAtOnce(engine_.watching));
}

void SyncDriver::TellMode(SyncMode mode) {
  Log(parts_.log, LogLevel::kInfo, absl::StrCat("sync is ", ModeName(mode)));
  parts_.events->Add(ModeEvent(ModeName(mode), LastError(engine_)));
}

void SyncDriver::TellPage(const PageChanges& page) {
  for (const std::string& id : page.visits_changed) parts_.events->Add(VisitChangedEvent(id));
  for (const LeftVisit& left : page.visits_left) parts_.events->Add(VisitLeftEvent(left.id, left.reason));
  for (const v1::Judgement& judgement : page.judgements) {
    if (NeedsAttention(judgement)) parts_.events->Add(AttentionEvent(judgement));
    if (IsSettled(judgement)) parts_.events->Add(SettledEvent(judgement));
  }
}

void SyncDriver::TellRepairs() {
  const std::vector<std::string>& repairs = parts_.store->repairs();
  if (repairs_told_ == repairs.size()) return;
  for (; repairs_told_ < repairs.size(); ++repairs_told_) parts_.events->Add(RepairedEvent(repairs[repairs_told_]));
  // A rebuilt replica has lost its place in every feed, which the engine may take for read to the head.
  Handle(Notice::kHint);
}

void SyncDriver::TellDisk() {
  if (parts_.store->disk_full() == disk_told_) return;
  disk_told_ = parts_.store->disk_full();
  parts_.events->Add(DiskEvent(disk_told_));
}

}  // namespace doorstep
