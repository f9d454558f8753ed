#include "client_core/session/sync_driver.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/kill_point.h"
#include "client_core/base/status.h"
#include "client_core/session/frame_builder.h"
#include "client_core/session/phone_events.h"
#include "doorstep/v1/sync.pb.h"

namespace doorstep {
namespace {

constexpr absl::string_view kHelloMethod = "/doorstep.v1.SyncService/Hello";
constexpr absl::string_view kPushMethod = "/doorstep.v1.SyncService/Push";
constexpr absl::string_view kPullMethod = "/doorstep.v1.SyncService/Pull";

// Of a token that is no longer good: most likely the server was restored from before the enrolment.
constexpr absl::string_view kUnknownHere =
    "the office does not know this phone any more; everything recorded stays here and is sent once the phone is "
    "enrolled again, in place, with a new code from the office";

constexpr int64_t kRetainEveryUs = int64_t{24} * 3600 * 1000000;
// A timer is never set further than this: clocks that jump must not silence the phone.
constexpr int64_t kTimerMaxUs = int64_t{3600} * 1000000;

ServerGrant ToServerGrant(const v1::Grant& grant) {
  return {grant.frame_bytes_max(), grant.frame_entries_max(), int64_t{grant.wait_ms()} * 1000};
}

absl::Status Unreadable(absl::string_view what) {
  return absl::InternalError(absl::StrCat("the server's answer to ", what, " cannot be read"));
}

}  // namespace

SyncDriver::SyncDriver(Parts parts) : parts_(std::move(parts)) {}

// ---- engine and actions ----

void SyncDriver::Handle(const Event& event) {
  uint64_t draw = 0;
  parts_.random->Fill(&draw, sizeof(draw));
  StepResult result = Step(engine_, parts_.clock->Now().monotonic_us, event, draw);
  engine_ = std::move(result.state);
  for (const Action& action : result.actions) CarryOut(action);
  TellRepairs();
  JudgeReport();
}

void SyncDriver::CarryOut(const Action& action) {
  if (const auto* hello = std::get_if<SendHello>(&action)) return Send(*hello);
  if (const auto* push = std::get_if<SendPush>(&action)) return Send(*push);
  if (const auto* pull = std::get_if<SendPull>(&action)) return Send(*pull);
  if (const auto* tell = std::get_if<Tell>(&action)) return TellMode(tell->mode);
  if (const auto* cancel = std::get_if<CancelCall>(&action)) {
    flights_.erase(cancel->call);
    return parts_.transport->Cancel(cancel->call);
  }
  if (const auto* wait = std::get_if<WaitUntil>(&action)) {
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
  }
  for (v1::JournalClaim& claim : parts_.store->journal().Claims()) *request.add_journals() = std::move(claim);
  Start(hello.call, hello.deadline_ms, kHelloMethod, request, std::move(flight));
}

void SyncDriver::Send(const SendPush& push) {
  absl::StatusOr<BuiltFrame> frame = BuildNextFrame(push, parts_.clock->Now(), *parts_.store);
  if (!frame.ok()) {
    // RESOURCE_EXHAUSTED would be the frame's size here: the engine takes fewer entries.
    return FailSoon(push.call, frame.status(), push.after_seq + push.entries_max);
  }
  Flight flight;
  flight.kind = Kind::kPush;
  flight.covers = frame->covers;
  v1::PushRequest request;
  request.set_frame(std::move(frame->bytes));
  KillPoint("engine");
  Start(push.call, push.deadline_ms, kPushMethod, request, std::move(flight));
  KillPoint("sent");
}

void SyncDriver::Send(const SendPull& pull) {
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

void SyncDriver::FailSoon(uint64_t call, absl::Status why, uint64_t frame_last_seq) {
  // Posted, so that a step never runs inside another one.
  parts_.queue->Post(Urgency::kNetwork, [this, call, why = std::move(why), frame_last_seq] {
    if (absl::IsResourceExhausted(why)) {
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
  }
  Handle(Queue());
  // ABORTED, because no frame is to blame for what went wrong on the phone.
  Handle(CallFailed{call, bytes, absl::StatusCode::kAborted, std::string(why.message()), frame_last_seq});
}

// ---- answers ----

void SyncDriver::OnAnswer(uint64_t call, absl::Status status, const std::string& bytes, const ClockReading& at) {
  const auto found = flights_.find(call);
  if (found == flights_.end()) return;  // Cancelled.
  const Flight flight = std::move(found->second);
  flights_.erase(found);
  report_.sums.set_bytes_up(report_.sums.bytes_up() + flight.bytes_up);
  report_.sums.set_bytes_down(report_.sums.bytes_down() + bytes.size());
  const uint64_t moved = flight.bytes_up + bytes.size();
  if (!status.ok()) {
    Log(parts_.log, LogLevel::kInfo, absl::StrCat("call ", call, " failed: ", status.ToString()));
    if (absl::IsUnauthenticated(status)) status = absl::UnauthenticatedError(kUnknownHere);
    return Handle(
        CallFailed{call, moved, status.code(), std::string(status.message()), flight.covers.received_through()});
  }
  if (flight.kind == Kind::kHello) status = OnHello(call, flight, bytes, at);
  if (flight.kind == Kind::kPush) status = OnPush(call, flight, bytes, at);
  if (flight.kind == Kind::kPull) status = OnPull(call, flight, bytes, at);
  if (!status.ok()) FailHere(call, moved, status, flight.covers.received_through());
}

absl::Status SyncDriver::OnHello(uint64_t call, const Flight& flight, const std::string& bytes,
                                 const ClockReading& at) {
  v1::HelloResponse response;
  if (!response.ParseFromString(bytes)) return Unreadable("Hello");
  TakeExchange(response.server_time_us(), flight.sent, at);
  if (IsOtherGeneration(response.generation())) {
    Log(parts_.log, LogLevel::kWarning, "the server was restored from a backup: sending again what it lost");
    const std::vector<v1::JournalMark> marks(response.marks().begin(), response.marks().end());
    RETURN_IF_ERROR(parts_.store->journal().AdoptGeneration(response.generation(), marks));
  } else {
    for (const v1::JournalMark& mark : response.marks()) RETURN_IF_ERROR(TakeMark(mark));
  }
  for (const v1::Fork& fork : response.forks()) RETURN_IF_ERROR(TakeFork(fork));
  if (parts_.store->journal().Counts().safe > 0) SettleSoon();
  if (retained_us_ == 0 || at.monotonic_us - retained_us_ >= kRetainEveryUs) Retain(at);
  HelloAnswered answered{call, flight.bytes_up + bytes.size(), Queue(), ToServerGrant(response.grant()), {}};
  for (const v1::FeedHead& head : response.feeds()) answered.heads.push_back({head.feed(), head.seq()});
  Handle(answered);
  return absl::OkStatus();
}

absl::Status SyncDriver::OnPush(uint64_t call, const Flight& flight, const std::string& bytes, const ClockReading& at) {
  v1::PushResponse response;
  KillPoint("answer");
  if (!response.ParseFromString(bytes)) return Unreadable("Push");
  TakeExchange(response.server_time_us(), flight.sent, at);
  const bool other_generation = IsOtherGeneration(response.generation());
  if (response.has_fork()) {
    RETURN_IF_ERROR(TakeFork(response.fork()));
  } else if (!other_generation) {
    RETURN_IF_ERROR(TakePushed(flight, response));
  }
  KillPoint("mark");
  Handle(PushAnswered{call, flight.bytes_up + bytes.size(), Queue(), ToServerGrant(response.grant()),
                      response.device_feed_seq(), other_generation});
  return absl::OkStatus();
}

absl::Status SyncDriver::OnPull(uint64_t call, const Flight& flight, const std::string& bytes, const ClockReading& at) {
  v1::PullResponse response;
  KillPoint("page");
  if (!response.ParseFromString(bytes)) return Unreadable("Pull");
  TakeExchange(response.server_time_us(), flight.sent, at);
  absl::StatusOr<PageChanges> page = parts_.store->ApplyPage(flight.feed, flight.cursor, response);
  if (!page.ok()) return page.status();
  KillPoint("c1");
  report_.sums.set_changes_received(report_.sums.changes_received() + page->changes);
  settle_due_ = true;
  const PullAnswered answered{call,
                              flight.bytes_up + bytes.size(),
                              page->at_head && !page->stale,
                              page->sum_differed,
                              IsOtherGeneration(response.generation()),
                              response.feed_seq()};
  // Step C2 and the rest in a task of their own: a tap may come in between.
  parts_.queue->Post(Urgency::kNetwork, [this, answered, page = *std::move(page)] {
    Settle();
    KillPoint("c2");
    TellPage(page);
    if (page.device_changed) IdentityChanged();
    Handle(answered);
  });
  return absl::OkStatus();
}

// Marks that moved without a page: the judgements of a clone's entries came with an earlier one, and no other may come.
void SyncDriver::SettleSoon() {
  settle_due_ = true;
  parts_.queue->Post(Urgency::kNetwork, [this] { Settle(); });
}

void SyncDriver::Settle() {
  if (!settle_due_) return;
  const absl::StatusOr<std::vector<MarkMove>> moves = parts_.store->Settle();
  if (!moves.ok()) {
    // It stays due and is repeated with the next page; until then entries show an earlier stage than they have.
    Log(parts_.log, LogLevel::kWarning, absl::StrCat("settling has to be repeated: ", moves.status().message()));
    return;
  }
  settle_due_ = false;
  if (moves->empty()) return;
  const std::string device = parts_.store->journal().identity()->device();
  for (const MarkMove& move : *moves) {
    if (move.received_after > move.received_before) {
      parts_.events->Add(SafeEvent(MakePosition(device, move.epoch, move.received_after)));
    }
    if (move.judged_after > move.judged_before) {
      parts_.events->Add(CountedEvent(MakePosition(device, move.epoch, move.judged_after)));
    }
  }
}

absl::Status SyncDriver::TakePushed(const Flight& flight, const v1::PushResponse& response) {
  // A mark at or beyond the frame, without a fork, says that the frame's entries are there: it was compared with them.
  // The mark itself may be of a clone that went on from them, and is not ours then.
  if (response.grant().wait_ms() == 0 && response.mark().epoch() == flight.covers.epoch() &&
      response.mark().received_through() > flight.covers.received_through()) {
    RETURN_IF_ERROR(TakeMark(flight.covers));
    SettleSoon();
  }
  return TakeMark(response.mark());
}

absl::Status SyncDriver::TakeFork(const v1::Fork& fork) {
  ASSIGN_OR_RETURN(const ForkResult result, parts_.store->Fork(fork));
  if (result.moved) parts_.events->Add(ForkedEvent(fork.epoch(), result.epoch, result.reappended));
  return absl::OkStatus();
}

absl::Status SyncDriver::TakeMark(const v1::JournalMark& mark) {
  const auto& epochs = parts_.store->journal().epochs();
  const auto known = epochs.find(mark.epoch());
  const uint64_t before = known == epochs.end() ? 0 : known->second.received_through;
  ASSIGN_OR_RETURN(const Acknowledgement taken, parts_.store->journal().Acknowledge(mark));
  if (taken == Acknowledgement::kNotOurs) {
    Log(parts_.log, LogLevel::kWarning,
        absl::StrCat("the server's mark ", mark.epoch(), ".", mark.received_through(), " is not of this journal"));
  }
  const uint64_t after = taken == Acknowledgement::kMoved ? epochs.at(mark.epoch()).received_through : before;
  if (after <= before) return absl::OkStatus();
  report_.sums.set_entries_sent(report_.sums.entries_sent() + after - before);
  parts_.events->Add(SafeEvent(MakePosition(parts_.store->journal().identity()->device(), mark.epoch(), after)));
  return absl::OkStatus();
}

void SyncDriver::TakeExchange(int64_t server_time_us, const ClockReading& sent, const ClockReading& answered) {
  if (server_time_us <= 0) return;
  if (const absl::Status noted = parts_.store->replica().NoteContact(server_time_us); !noted.ok()) {
    // Only a status that is asked for after the next start would be older.
    Log(parts_.log, LogLevel::kWarning, absl::StrCat("the contact is not stored: ", noted.message()));
  }
  // Over a restart of the phone, or a clock that ran backwards, the round trip means nothing.
  if (sent.boot_id != answered.boot_id || answered.monotonic_us < sent.monotonic_us) return;
  const int64_t half_us = (answered.monotonic_us - sent.monotonic_us) / 2;
  v1::ClockSample sample = SampleOf(answered);
  sample.set_server_time_us(server_time_us + half_us);
  sample.set_uncertainty_us(half_us);
  if (const absl::Status noted = parts_.store->journal().boots().Record(sample); !noted.ok()) {
    // It counts all the same; only a restart would forget it.
    Log(parts_.log, LogLevel::kWarning, absl::StrCat("the exchange of times is not stored: ", noted.message()));
  }
}

void SyncDriver::Retain(const ClockReading& now) {
  const absl::StatusOr<uint64_t> deleted = parts_.store->journal().Retain(now.wall_time_us);
  if (!deleted.ok()) {
    // What could go stays until the next Hello asks again; nothing depends on it.
    Log(parts_.log, LogLevel::kWarning, absl::StrCat("old entries are not deleted: ", deleted.status().message()));
    return;
  }
  retained_us_ = now.monotonic_us;
  if (*deleted > 0) Log(parts_.log, LogLevel::kInfo, absl::StrCat(*deleted, " entries were old and safe; deleted"));
}

bool SyncDriver::IsOtherGeneration(absl::string_view generation) const {
  const auto& identity = parts_.store->journal().identity();
  return !generation.empty() && identity.has_value() && generation != identity->generation();
}

// ---- what the engine needs to know of the files ----

void SyncDriver::JournalChanged() { Handle(Queue()); }

void SyncDriver::IdentityChanged() {
  const std::vector<std::string> feeds = Feeds();
  for (const FeedState& feed : parts_.store->replica().Feeds()) {
    if (std::find(feeds.begin(), feeds.end(), feed.name) != feeds.end()) continue;
    if (const absl::Status dropped = parts_.store->replica().DropFeed(feed.name); !dropped.ok()) {
      // Its rows stay, and are dropped when the feeds are looked at again.
      Log(parts_.log, LogLevel::kWarning, absl::StrCat("feed ", feed.name, " is not dropped: ", dropped.message()));
    }
  }
  Handle(FeedsSeen{feeds});
  Handle(Queue());
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

std::vector<std::string> SyncDriver::Feeds() {
  const auto& identity = parts_.store->journal().identity();
  if (!identity.has_value()) return {};
  std::vector<std::string> feeds = {std::string(kDeviceFeed)};
  const absl::StatusOr<std::optional<v1::DeviceState>> device = parts_.store->replica().Device();
  if (device.ok() && device->has_value() && (*device)->technician_ids_size() > 0) {
    for (const std::string& id : (*device)->technician_ids()) feeds.push_back(TechnicianFeed(id));
  } else {
    for (const v1::EnrolledTechnician& technician : identity->technicians()) {
      feeds.push_back(TechnicianFeed(technician.id()));
    }
  }
  return feeds;
}

// ---- sync_once ----

void SyncDriver::SyncOnce(const v1::SyncBudget& budget, ReportDone done) {
  if (report_.done) return done(absl::FailedPreconditionError("another sync_once is running; wait for it to return"));
  JournalChanged();  // The last appends may not have been told yet.
  report_ = Report{std::move(done), v1::SyncReport()};
  Handle(BudgetBegun{int64_t{budget.time_ms_max()} * 1000, budget.bytes_max()});
}

void SyncDriver::JudgeReport() {
  if (!report_.done) return;
  const BudgetReport verdict = JudgeBudget(engine_, parts_.clock->Now().monotonic_us);
  if (verdict.verdict == BudgetVerdict::kGoesOn) return;
  Report report = std::exchange(report_, Report());
  report.sums.set_complete(verdict.verdict == BudgetVerdict::kComplete);
  report.sums.set_stopped_because(verdict.stopped_because);
  report.sums.set_entries_left(parts_.store->journal().Counts().saved_here);
  Handle(BudgetEnded());
  report.done(std::move(report.sums));
}

// ---- telling ----

void SyncDriver::FillStatus(v1::PhoneStatus* status) const {
  status->set_last_error(LastError(engine_));
  status->set_engine_state(ModeName(engine_.mode));
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

}  // namespace doorstep
