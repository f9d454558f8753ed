// What a phone does with the server's answers: each is taken into the files first, and then told to the engine.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/ids.h"
#include "client_core/base/kill_point.h"
#include "client_core/base/limits.h"
#include "client_core/base/planted_bug.h"
#include "client_core/base/status.h"
#include "client_core/base/utf8.h"
#include "client_core/session/frame_builder.h"
#include "client_core/session/phone_events.h"
#include "client_core/session/sync_driver.h"
#include "doorstep/v1/sync.pb.h"

namespace doorstep {
namespace {

// Of a token that is no longer good: most likely the server was restored from before the enrolment.
constexpr absl::string_view kUnknownHere =
    "the office does not know this phone any more; everything recorded stays here and is sent once the phone is "
    "enrolled again, in place, with a new code from the office";

constexpr int64_t kRetainEveryUs = int64_t{24} * 3600 * 1000000;

ServerGrant ToServerGrant(const v1::Grant& grant) {
  return {grant.frame_bytes_max(), grant.frame_entries_max(), int64_t{grant.wait_ms()} * 1000};
}

// A server that does not know the time has told none.
int64_t ServerTime(int64_t told_us) { return told_us > limits::kTimeMicrosMax ? 0 : told_us; }

absl::Status Unreadable(absl::string_view what) {
  return absl::InternalError(absl::StrCat("the server's answer to ", what, " cannot be read"));
}

}  // namespace

void SyncDriver::OnAnswer(uint64_t call, absl::Status status, const std::string& bytes, const ClockReading& at) {
  const auto found = flights_.find(call);
  if (found == flights_.end()) return;  // Cancelled.
  const Flight flight = std::move(found->second);
  flights_.erase(found);
  Measure(flight, status.code(), at.monotonic_us, bytes.size());
  ++answered_;
  report_.sums.set_bytes_up(report_.sums.bytes_up() + flight.bytes_up);
  report_.sums.set_bytes_down(report_.sums.bytes_down() + bytes.size());
  const uint64_t moved = flight.bytes_up + bytes.size();
  no_room_ = false;
  if (!status.ok()) {
    status = absl::Status(status.code(), Utf8(status.message()));  // It goes into messages for the app.
    Log(parts_.log, LogLevel::kInfo, absl::StrCat("call ", call, " failed: ", status.ToString()));
    OnPieceFailed(flight, status);
    if (absl::IsUnauthenticated(status) || absl::IsPermissionDenied(status)) DoubtPushToken();
    if (absl::IsUnauthenticated(status)) {
      if (const absl::Status noted = parts_.store->NoteNotKnown(); !noted.ok()) {
        // Known all the same until the next start.
        Log(parts_.log, LogLevel::kWarning, absl::StrCat("that this is not stored: ", noted.message()));
      }
      status = absl::UnauthenticatedError(kUnknownHere);
    }
    return Handle(
        CallFailed{call, moved, status.code(), std::string(status.message()), flight.covers.received_through()});
  }
  if (flight.kind == Kind::kHello) status = OnHello(call, flight, bytes, at);
  if (flight.kind == Kind::kPush) status = OnPush(call, flight, bytes, at);
  if (flight.kind == Kind::kPull) status = OnPull(call, flight, bytes, at);
  if (flight.kind == Kind::kPiece || flight.kind == Kind::kAskAttachments) {
    status = OnAttachments(call, flight, bytes, at);
  }
  if (!status.ok()) FailHere(call, moved, status, flight.covers.received_through());
}

// Rows that came before the server was restored, or are to be read anew: they say nothing of it, though its head may
// have the same number.
bool SyncDriver::CameBeforeRestore(const std::string& name, const std::string& generation) const {
  const FeedState* feed = parts_.store->replica().FindFeed(name);
  return feed != nullptr && !feed->generation.empty() && (feed->generation != generation || feed->cursor.empty());
}

absl::Status SyncDriver::OnHello(uint64_t call, const Flight& flight, const std::string& bytes,
                                 const ClockReading& at) {
  v1::HelloResponse response;
  if (!response.ParseFromString(bytes)) return Unreadable("Hello");
  response.set_server_time_us(ServerTime(response.server_time_us()));
  TakeExchange(response.server_time_us(), flight.sent, at);
  if (response.grant().wait_ms() > 0) {
    HelloAnswered busy{call, flight.bytes_up + bytes.size(), Queue(), ToServerGrant(response.grant()), {}};
    busy.busy = true;
    Handle(busy);
    return absl::OkStatus();
  }
  const bool other_generation = IsOtherGeneration(response.generation());
  if (other_generation) {
    Log(parts_.log, LogLevel::kWarning, "the server was restored from a backup: sending again what it lost");
    const std::vector<v1::JournalMark> marks(response.marks().begin(), response.marks().end());
    const uint64_t waiting = parts_.store->journal().Counts().saved_here;
    RETURN_IF_ERROR(parts_.store->AdoptGeneration(response.generation(), marks));
    // What it took before it could say who it is.
    const uint64_t left = parts_.store->journal().Counts().saved_here;
    if (left < waiting) report_.sums.set_entries_sent(report_.sums.entries_sent() + waiting - left);
  } else {
    for (const v1::JournalMark& mark : response.marks()) RETURN_IF_ERROR(TakeMark(mark));
  }
  for (const v1::Fork& fork : response.forks()) RETURN_IF_ERROR(TakeFork(fork));
  // Last: what the replica hears of the heads the engine must hear too, and it hears of no answer that failed here.
  if (!other_generation) TakeHeads(response);
  if (const auto taken = parts_.store->attachments().TakeGeneration(response.generation()); !taken.ok()) {
    FailAttachments(taken.status());
  }
  const auto& pending = parts_.store->journal().pending();
  // Marks that moved without a page, or feeds that did not have to move: no other answer may come that settles these.
  if (std::any_of(pending.begin(), pending.end(), [](const auto& epoch) { return !epoch.second.empty(); }))
    SettleSoon();
  if (retained_us_ == 0 || at.monotonic_us - retained_us_ >= kRetainEveryUs) Retain(at);
  DropForeignFeeds();
  HelloAnswered answered{call, flight.bytes_up + bytes.size(), Queue(), ToServerGrant(response.grant()), {}};
  answered.restored = other_generation;
  answered.server_started_us = response.started_time_us();
  answered.tells_more = NotePushToken(flight, response);
  for (const v1::FeedHead& head : response.feeds()) {
    answered.heads.push_back({head.feed(), head.seq(), CameBeforeRestore(head.feed(), response.generation())});
  }
  LookAtAttachments();
  Handle(answered);
  return absl::OkStatus();
}

// The office says whether it has a token, because it may have dropped the one that it was told. An office that keeps
// none is told with every Hello, which costs it nothing.
bool SyncDriver::NotePushToken(const Flight& flight, const v1::HelloResponse& response) {
  if (response.generation().empty()) return false;  // It says nothing of what it keeps.
  PushToken& push_token = parts_.store->journal().push_token();
  if (!flight.push_token.has_value()) {
    if (push_token.token().has_value() && !push_token.token()->empty() && !response.push_token_known())
      DoubtPushToken();
    return push_token.Untold(response.generation()).has_value();
  }
  if (response.push_token_known() == flight.push_token->empty()) return false;
  if (const absl::Status noted = push_token.NoteTold(*flight.push_token, response.generation()); !noted.ok()) {
    // The next Hello tells it again.
    Log(parts_.log, LogLevel::kWarning, absl::StrCat("that the push token is told is not stored: ", noted.message()));
  }
  return false;
}

// The office does not take this device for one that it would wake, and drops what it would wake it by.
void SyncDriver::DoubtPushToken() {
  if (const absl::Status doubted = parts_.store->journal().push_token().ForgetTold(); !doubted.ok()) {
    Log(parts_.log, LogLevel::kWarning, absl::StrCat("the push token stays as told: ", doubted.message()));
  }
}

absl::Status SyncDriver::OnPush(uint64_t call, const Flight& flight, const std::string& bytes, const ClockReading& at) {
  v1::PushResponse response;
  KillPoint("answer");
  if (!response.ParseFromString(bytes)) return Unreadable("Push");
  response.set_server_time_us(ServerTime(response.server_time_us()));
  TakeExchange(response.server_time_us(), flight.sent, at);
  const bool other_generation = IsOtherGeneration(response.generation());
  bool went_back = false;
  if (response.has_fork()) {
    RETURN_IF_ERROR(TakeFork(response.fork()));
  } else if (!other_generation) {
    ASSIGN_OR_RETURN(went_back, TakePushed(flight, response));
  }
  KillPoint("mark");
  LookAtAttachments();
  Handle(PushAnswered{call, flight.bytes_up + bytes.size(), Queue(), ToServerGrant(response.grant()),
                      response.device_feed_seq(), other_generation, went_back});
  return absl::OkStatus();
}

absl::Status SyncDriver::OnPull(uint64_t call, const Flight& flight, const std::string& bytes, const ClockReading& at) {
  v1::PullResponse response;
  KillPoint("page");
  if (!response.ParseFromString(bytes)) return Unreadable("Pull");
  response.set_server_time_us(ServerTime(response.server_time_us()));
  if (response.wait_ms() > 0) {
    PullAnswered busy;
    busy.call = call;
    busy.bytes = flight.bytes_up + bytes.size();
    busy.wait_us = int64_t{response.wait_ms()} * 1000;
    Handle(busy);
    return absl::OkStatus();
  }
  TakeExchange(response.server_time_us(), flight.sent, at);
  if (IsOtherGeneration(response.generation())) {
    // Its rows may lack what this phone takes for settled: first a Hello says what the server has lost.
    PullAnswered restored;
    restored.call = call;
    restored.bytes = flight.bytes_up + bytes.size();
    restored.generation_changed = true;
    Handle(restored);
    return absl::OkStatus();
  }
  absl::StatusOr<PageChanges> page = parts_.store->ApplyPage(flight.feed, flight.cursor, response);
  if (!page.ok()) return page.status();
  KillPoint("c1");
  report_.sums.set_changes_received(report_.sums.changes_received() + page->changes);
  settle_due_ = true;
  const PullAnswered answered{call,
                              flight.bytes_up + bytes.size(),
                              page->at_head && !page->stale,
                              page->sum_differed,
                              /*generation_changed=*/false,
                              response.feed_seq(),
                              /*wait_us=*/0,
                              page->went_back};
  // Step C2 and the rest in a task of their own: a tap may come in between.
  parts_.queue->Post(Urgency::kNetwork, [this, answered, page = *std::move(page)] {
    Settle();
    KillPoint("c2");
    TellPage(page);
    if (page.device_changed) {
      parts_.events->Add(TechniciansEvent());
      IdentityChanged();
    }
    Handle(answered);
  });
  return absl::OkStatus();
}

void SyncDriver::OnHint(uint64_t call, const std::string& bytes) {
  v1::WatchResponse message;
  // A message that cannot be read still says that something has moved, and that the server is there.
  if (!message.ParseFromString(bytes)) Handle(Notice::kHint);
  HintReceived hint{call, {}, int64_t{message.keep_alive_ms()} * 1000, int64_t{message.wait_ms()} * 1000};
  for (const v1::FeedHead& head : message.feeds()) hint.heads.push_back({head.feed(), head.seq()});
  Handle(hint);
}

// Marks that moved without a page: the judgements of a clone's entries came with an earlier one, and no other may come.
void SyncDriver::SettleSoon() {
  settle_due_ = true;
  parts_.queue->Post(Urgency::kNetwork, [this] {
    Settle();
    TellRepairs();  // No event need follow that would.
  });
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
  LookAtAttachments();
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

absl::StatusOr<bool> SyncDriver::TakePushed(const Flight& flight, const v1::PushResponse& response) {
  // A mark at or beyond the frame, without a fork, says that the frame's entries are there: it was compared with them.
  // The mark itself may be of a clone that went on from them, and is not ours then.
  if (response.grant().wait_ms() == 0 && response.mark().epoch() == flight.covers.epoch() &&
      response.mark().received_through() > flight.covers.received_through()) {
    RETURN_IF_ERROR(TakeMark(flight.covers));
    SettleSoon();
  }
  if (!response.has_mark()) return false;
  // The answer to this very frame: what it goes on from was there once, and is not any more. Unless a fork was taken
  // since it was sent, after which less of it is known to be there.
  const auto& epochs = parts_.store->journal().epochs();
  const auto known = epochs.find(flight.covers.epoch());
  const uint64_t received = known == epochs.end() ? 0 : std::min(flight.after_seq, known->second.received_through);
  const bool went_back = response.grant().wait_ms() == 0 && response.mark().epoch() == flight.covers.epoch() &&
                         response.mark().received_through() < received;
  RETURN_IF_ERROR(went_back ? parts_.store->StepBack(response.mark()) : TakeMark(response.mark()));
  return went_back;
}

absl::Status SyncDriver::TakeFork(const v1::Fork& fork) {
  ASSIGN_OR_RETURN(const ForkResult result, parts_.store->Fork(fork));
  CatchUpWithNames();
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
  if (ServerTime(server_time_us) <= 0) return;
  if (const absl::Status noted = parts_.store->NoteContact(server_time_us); !noted.ok()) {
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

// Whether what is here was everything when the office answered.
void SyncDriver::TakeHeads(const v1::HelloResponse& response) {
  const std::vector<v1::FeedHead> heads(response.feeds().begin(), response.feeds().end());
  const absl::Status noted = parts_.store->NoteHeads(heads, response.generation(), response.server_time_us());
  if (!noted.ok()) {
    // The proof that status shows stays older than it could be.
    Log(parts_.log, LogLevel::kWarning, absl::StrCat("the feeds' heads are not stored: ", noted.message()));
  }
}

// Once a day. Before anything goes, what is there is looked through: damage that nobody met may hide entries that were
// never sent.
void SyncDriver::Retain(const ClockReading& now) {
  if (const absl::Status sound = parts_.store->CheckJournal(); !sound.ok()) {
    Log(parts_.log, LogLevel::kWarning, absl::StrCat("the journal cannot be looked through: ", sound.message()));
    return;
  }
  CatchUpWithNames();  // Entries that were salvaged have other positions.
  const absl::StatusOr<uint64_t> deleted = parts_.store->journal().Retain(now.wall_time_us);
  if (!deleted.ok()) {
    // What could go stays until the next Hello asks again; nothing depends on it.
    Log(parts_.log, LogLevel::kWarning, absl::StrCat("old entries are not deleted: ", deleted.status().message()));
    return;
  }
  retained_us_ = now.monotonic_us;
  if (const auto gone = parts_.store->attachments().Retain(now.wall_time_us); !gone.ok()) {
    FailAttachments(gone.status());
  }
  if (*deleted > 0) Log(parts_.log, LogLevel::kInfo, absl::StrCat(*deleted, " entries were old and safe; deleted"));
}

bool SyncDriver::IsOtherGeneration(absl::string_view generation) const {
  const auto& identity = parts_.store->journal().identity();
  if (Planted("generation_ignored")) return false;
  return !generation.empty() && identity.has_value() && generation != identity->generation();
}

}  // namespace doorstep
