// When to call the server, and with what: Step(state, event) -> (state, actions). No I/O, no clock, no randomness of
// its own, so that every behaviour of the sync can be tested as a table and simulated.
//
// Four kinds of work go on side by side and never wait for each other, but for attachments, which come after entries:
//
//   push    one frame at a time        due while entries are not received
//   pull    one page at a time         due for a feed until its head is reached, again when it is known to have moved
//   hello   marks, heads, clocks       due on first contact, after a reconnect, when the queue has just become empty,
//                                      at every poll, when there is something that only it tells, and to find out
//                                      whether the server is there at all and knows what this phone knows
//   attach  one piece at a time        due while the office lacks bytes that received entries name, and no frame is on
//                                      its way: what it may have lost first, then previews, then originals, which wait
//                                      for a network that is not metered. What failed comes after what did not, at
//                                      intervals of its own, so that one that the office never takes holds up no other
//   watch   a stream of hints          open while the phone is in the foreground and syncs by itself, where the
//                                      transport can; see watching.h
//
// Each but the stream is, on its own:
//
//            due, ready, allowed                 answer
//     RESTING ------------------> IN FLIGHT --------------------> RESTING
//        ^                            | failure, or nobody answers in time
//        |   instant reached          v
//        +----------------------- BACKING OFF (1 s to 5 min; a network change, the foreground or the user ends it)
//                                     | the server refuses this device
//                                     v
//                                  REFUSED (until the user, the foreground, a new token, start or budget asks again)
//
// What all of it comes to is the mode, which status shows:
//
//   STOPPED   nothing was asked for (neither SyncStarted nor a budget), nobody is enrolled, or the app is about to be
//             suspended. Nothing is sent.
//   OFFLINE   the phone said that it has no network. Nothing is sent until it says otherwise or somebody asks.
//   REFUSED   there is work, and the server refuses to take part in any of it.
//   SYNCING   at least one call is in flight.
//   WAITING   there is work, and an instant at which it goes on: backing off, or the server asked for patience.
//   IDLE      all recorded entries are received, and what this network may carry of attachments; every feed was at its
//             head when last seen. It says when it looked.
//
// Promises: a failing push never stops pulls, nor the other way round; no state without a way on (a timer, or an event
// that status names); at most one call of a kind in flight; a call that nobody answers is given up.
#ifndef DOORSTEP_CLIENT_CORE_SYNC_ENGINE_H_
#define DOORSTEP_CLIENT_CORE_SYNC_ENGINE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "client_core/sync/backoff.h"
#include "client_core/sync/push_pacing.h"
#include "client_core/sync/watching.h"

namespace doorstep {

// ---- events ----

// How far the oldest journal with unsent entries is received; the current one when all is received. Sent when it grew,
// and with every answer that may have moved the mark.
struct QueueSeen {
  uint64_t epoch = 0;
  uint64_t received_through = 0;
  uint64_t last_seq = 0;
};
// The feeds this device reads, the device feed first. Empty: nobody is enrolled.
struct FeedsSeen {
  std::vector<std::string> feeds;
};
// Enrolled again: what was refused, or is in flight, carried the token before.
struct TokenChanged {};
struct SyncStarted {};
struct SyncStopped {};
// What of the attachments there is to do, whatever the network. Sent when it changed.
struct AttachmentsSeen {
  bool ask = false;
  bool previews = false;
  bool originals = false;
  // Of the one that is next of each: 0, or when it failed last, as a number that is higher for what failed later.
  int64_t ask_failed = 0;
  int64_t previews_failed = 0;
  int64_t originals_failed = 0;
};
enum class NetworkCost { kUntold, kUnmetered, kMetered };
struct BudgetBegun {
  int64_t time_us = 0;
  uint64_t bytes_max = 0;  // Both directions. 0: no bound.
  NetworkCost network = NetworkCost::kUntold;
};
struct BudgetEnded {};
// The system is about to suspend the app: no call is begun until Woken. Those under way may end, unless `give_up`.
struct Quiesced {
  bool give_up = false;
};
struct Woken {};
// This phone has something to tell that only a Hello tells.
struct HelloWanted {};
struct Tick {};
enum class Notice {
  kNetworkChanged,
  kNetworkLost,
  kForeground,
  kBackground,
  kUserPulled,
  kHint,
  kMetered,  // As kNetworkChanged, and what the new network costs.
  kUnmetered,
};

struct ServerGrant {
  uint64_t frame_bytes_max = 0;    // 0: no wish.
  uint64_t frame_entries_max = 0;  // 0: no wish.
  int64_t wait_us = 0;
};
struct SeenHead {
  std::string feed;
  int64_t seq = 0;
  bool other_generation = false;  // What is here came before the server was restored, wherever it stands.
};
struct HelloAnswered {
  uint64_t call = 0;
  uint64_t bytes = 0;  // Of request and answer, as in every event below.
  QueueSeen queue;     // After the marks were taken.
  ServerGrant grant;
  std::vector<SeenHead> heads;
  bool busy = false;  // The server did not look, and asks to be asked again after `grant.wait_us`.
  // It tells of another generation: what is under way may have asked the server that was before.
  bool restored = false;
  int64_t server_started_us = 0;  // As the answer says.
  // It says of itself that it lacks what this Hello did not tell.
  bool tells_more = false;
};
struct PushAnswered {
  uint64_t call = 0;
  uint64_t bytes = 0;
  QueueSeen queue;  // After the mark was taken, or the journal forked.
  ServerGrant grant;
  int64_t device_feed_seq = 0;
  // The server was restored: its mark was not taken, a Hello must tell all of them first.
  bool generation_changed = false;
  // The server has lost what it said it had: what is under way may have asked it before, and would bring that back.
  bool went_back = false;
};
struct PullAnswered {
  uint64_t call = 0;
  uint64_t bytes = 0;
  bool at_head = false;
  // The replica's sum was not the feed's: the cursor was forgotten, a new snapshot is needed.
  bool restarted = false;
  // The server was restored: the page was not taken, a Hello must tell its marks first.
  bool generation_changed = false;
  int64_t feed_seq = 0;
  int64_t wait_us = 0;  // Above 0: the server did not look, and asks to be asked again after so long.
  // The page was taken, and has less than what was here: a Hello finds out what the server has lost.
  bool went_back = false;
};
// A message of the stream that was opened as `call`.
struct HintReceived {
  uint64_t call = 0;
  std::vector<SeenHead> heads;
  int64_t keep_alive_us = 0;  // 0: it did not say.
  int64_t wait_us = 0;        // 0: it did not say.
};
struct WatchEnded {
  uint64_t call = 0;
  absl::StatusCode code = absl::StatusCode::kOk;
};
struct AttachmentAnswered {
  uint64_t call = 0;
  uint64_t bytes = 0;
  AttachmentsSeen left;        // After the answer was taken.
  bool progressed = false;     // The office has more than before.
  int64_t wait_us = 0;         // It wants no attachment before that has passed.
  bool entry_unknown = false;  // It lacks an entry that it had acknowledged: a Hello finds out.
  std::string message;         // In plain words: why it did not take it; empty: it did.
  bool blamed = false;         // Of those that were sent or asked about, some are in `left` as failed now.
};
// By the transport, or because the answer could not be used. Also when an action could not be begun.
struct CallFailed {
  uint64_t call = 0;
  uint64_t bytes = 0;
  absl::StatusCode code = absl::StatusCode::kUnknown;
  std::string message;          // Plain words.
  uint64_t frame_last_seq = 0;  // Of a push: the last entry of its frame. 0: no frame was made.
};

using Event = std::variant<QueueSeen, FeedsSeen, TokenChanged, SyncStarted, SyncStopped, AttachmentsSeen, BudgetBegun,
                           BudgetEnded, Quiesced, Woken, HelloWanted, Tick, Notice, HelloAnswered, PushAnswered,
                           PullAnswered, AttachmentAnswered, HintReceived, WatchEnded, CallFailed>;

// ---- actions, to be carried out in their order ----

struct SendHello {
  uint64_t call = 0;
  uint32_t deadline_ms = 0;
};
struct SendPush {
  uint64_t call = 0;
  uint32_t deadline_ms = 0;
  uint64_t epoch = 0;
  uint64_t after_seq = 0;
  uint64_t entries_max = 0;
  uint64_t bytes_max = 0;
  bool opaque = false;
};
struct SendPull {
  uint64_t call = 0;
  uint32_t deadline_ms = 0;
  std::string feed;
  uint32_t page_bytes = 0;
};
// Answers are HintReceived and WatchEnded.
struct OpenWatch {
  uint64_t call = 0;
  uint32_t deadline_ms = 0;
};
enum class AttachmentTurn { kAsk, kPreview, kOriginal };
struct SendAttachment {
  uint64_t call = 0;
  uint32_t deadline_ms = 0;
  AttachmentTurn turn = AttachmentTurn::kAsk;
  uint64_t bytes_max = 0;  // Of the piece.
};
struct CancelCall {
  uint64_t call = 0;
};
// Send a Tick at this instant. Replaces the one before; 0: none needed.
struct WaitUntil {
  int64_t instant_us = 0;
};
enum class SyncMode { kStopped, kOffline, kRefused, kSyncing, kWaiting, kIdle };
// The mode has changed.
struct Tell {
  SyncMode mode = SyncMode::kStopped;
};

using Action = std::variant<SendHello, SendPush, SendPull, SendAttachment, OpenWatch, CancelCall, WaitUntil, Tell>;

// ---- state ----

// One kind of work, or one feed.
struct Work {
  Retry retry;
  bool refused = false;
  bool unsupported = false;  // Why it was refused: the server is older and does not know the call.
  std::string error;         // Of the last try, in plain words; empty after a success.
};
// A call in flight. `call` 0: none.
struct InFlight {
  uint64_t call = 0;
  int64_t expires_us = 0;
};
struct FeedWork {
  std::string feed;
  Work work;
  bool due = true;
  int64_t seq = 0;  // As far as it was pulled.
  // What was heard while a page was on its way, which may have been read before it or after it.
  bool again = false;                    // It moved.
  int64_t hinted = 0;                    // A hint told of this head; 0: none did.
  std::optional<int64_t> answered = {};  // A Hello told of this head.
};
struct Budget {
  bool active = false;
  int64_t ends_us = 0;
  uint64_t bytes_left = 0;
  uint32_t failures = 0;  // In a row, of any call.
  NetworkCost network = NetworkCost::kUntold;
};

struct EngineState {
  bool automatic = false;
  bool network_lost = false;
  bool foreground = true;
  bool asleep = false;
  Budget budget;

  QueueSeen queue;
  Work push;
  InFlight push_call;
  FrameRun push_run;
  PushPacing pacing;
  int64_t server_started_us = 0;  // Of the process that answered the last Hello.
  ServerGrant grant;
  int64_t grant_until_us = 0;  // The server asked for no frame before this instant.

  std::vector<FeedWork> feeds;
  InFlight pull_call;
  std::string pulling;

  Work hello;
  InFlight hello_call;
  bool hello_due = false;
  int64_t poll_us = 0;  // When the next poll is due.

  Watching watching;
  AttachmentsSeen attachments;
  Work attach;
  Retry attach_again;  // Of those that failed before. The others do not wait for it.
  InFlight attach_call;
  uint64_t attach_piece = 0;    // Bytes of the next piece; 0: the largest.
  int64_t attach_until_us = 0;  // The server wants no attachment before this instant.
  bool metered = false;         // As the last notice said.

  uint64_t next_call = 1;
  SyncMode mode = SyncMode::kStopped;
};

struct StepResult {
  EngineState state;
  std::vector<Action> actions;
};

// `now_us`: the monotonic clock. `draw`: 64 random bits, for jitter. Answers to calls that are no longer in flight are
// ignored, so late and repeated ones are harmless.
StepResult Step(EngineState state, int64_t now_us, const Event& event, uint64_t draw);

// Where a budget stands after a step.
enum class BudgetVerdict { kGoesOn, kComplete, kStopped };
struct BudgetReport {
  BudgetVerdict verdict = BudgetVerdict::kGoesOn;
  std::string stopped_because;  // Plain words, for kStopped.
};
BudgetReport JudgeBudget(const EngineState& state, int64_t now_us);

// What the last tries failed with, in plain words, uploads first; empty when all work.
std::string LastError(const EngineState& state);

// "idle", "waiting" and so on, as status shows it.
const char* ModeName(SyncMode mode);

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_SYNC_ENGINE_H_
