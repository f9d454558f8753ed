// Carries out what the engine decides: makes requests from the files, starts calls, and takes answers into the files
// before the engine hears of them. Decides nothing about when.
// Invariant: an answer is durable on this phone before the engine's next step builds on it.
// Everything runs on the core's queue, but what answers to calls bring: that is posted to it.
#ifndef DOORSTEP_CLIENT_CORE_SESSION_SYNC_DRIVER_H_
#define DOORSTEP_CLIENT_CORE_SESSION_SYNC_DRIVER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client_core/base/clock.h"
#include "client_core/base/log.h"
#include "client_core/base/metric.h"
#include "client_core/base/random.h"
#include "client_core/session/event_log.h"
#include "client_core/session/frame_signer.h"
#include "client_core/session/task_queue.h"
#include "client_core/store/local_store.h"
#include "client_core/sync/engine.h"
#include "client_core/transport/transport.h"
#include "doorstep/v1/client.pb.h"
#include "doorstep/v1/sync.pb.h"

namespace doorstep {

inline constexpr absl::string_view kCoreVersion = "doorstep-core/0.1.0";

class SyncDriver {
 public:
  using ReportDone = std::function<void(absl::StatusOr<v1::SyncReport>)>;

  // Of sync_once.
  static constexpr uint32_t kBudgetMsDefault = 30000;
  static constexpr uint32_t kBudgetMsMax = 600000;

  // All borrowed: they outlive this object. `transport` may be null: then nothing must start the engine.
  struct Parts {
    LocalStore* store = nullptr;
    Transport* transport = nullptr;
    FrameSigner* signer = nullptr;
    Clock* clock = nullptr;
    Random* random = nullptr;
    TaskQueue* queue = nullptr;
    EventLog* events = nullptr;
    LogSink log;
    MetricSink metrics = {};
  };
  explicit SyncDriver(Parts parts);

  // One step of the engine and everything that it asks for.
  void Handle(const Event& event);
  // An entry was appended, or epochs have changed.
  void JournalChanged();
  // The same, and entries have other positions.
  void JournalRepaired();
  // Enrolled, or other technicians: other feeds.
  void IdentityChanged();
  // By what the phone is woken.
  void PushTokenChanged() { Handle(HelloWanted()); }
  // One was added, or an entry that may name one.
  void AttachmentsChanged();
  // As the last notice said.
  bool metered() const { return engine_.metered; }
  // Notes what an answer says about clocks.
  void TakeExchange(int64_t server_time_us, const ClockReading& sent, const ClockReading& answered);

  // Syncs until done or the budget (1 to kBudgetMsMax ms) is spent; `done` runs on the queue. FAILED_PRECONDITION: one
  // is running already.
  void SyncOnce(const v1::SyncBudget& budget, ReportDone done);

  // Begins no more calls; `quiet` runs on the queue, once, when none is under way. Several may wait for it.
  void Quiesce(std::function<void()> quiet);
  // Gives up what is still under way, for all who wait. What came of the calls since the first of them came.
  struct Quieted {
    uint32_t answered = 0;
    std::vector<std::string> given_up;  // In plain words.
    bool syncing = false;               // Goes on by itself after Wake.
  };
  Quieted FinishQuiesce();
  // Goes on as before Quiesce. Does nothing when awake.
  void Wake();
  bool asleep() const { return engine_.asleep; }

  // `last_error`, `engine_state` and `told_at_once`.
  void FillStatus(v1::PhoneStatus* status) const;

 private:
  enum class Kind { kHello, kPush, kPull, kPiece, kAskAttachments };
  struct Flight {
    Kind kind = Kind::kHello;
    absl::string_view method;
    ClockReading sent;
    uint64_t bytes_up = 0;
    std::string feed;                       // Of a pull.
    std::string cursor;                     // Of a pull.
    uint64_t after_seq = 0;                 // Of a push: its frame goes on from here.
    v1::JournalMark covers;                 // Of a push: where the journal stands after its frame.
    std::string sha256;                     // Of a piece.
    std::optional<std::string> push_token;  // Of a Hello that tells it.
  };
  // A push that the app has yet to sign.
  struct Unsigned {
    v1::PushRequest request;
    uint32_t deadline_ms = 0;
    Flight flight;
  };
  struct Report {
    ReportDone done;  // Empty: no budget is running.
    v1::SyncReport sums;
  };

  void CarryOut(const Action& action);
  void Send(const SendHello& hello);
  void Send(const SendPush& push);
  void Send(const SendPull& pull);
  void Send(const OpenWatch& watch);
  // attachment_sync.cc has what begins with an attachment.
  void Send(const SendAttachment& send);
  absl::StatusOr<bool> SendQuestions(const SendAttachment& send);
  absl::StatusOr<bool> SendPiece(const SendAttachment& send);
  void Start(uint64_t call, uint32_t deadline_ms, absl::string_view method,
             const google::protobuf::MessageLite& request, Flight flight);
  void OnSigned(uint64_t call, const absl::StatusOr<std::string>& signature);
  void StartPush(uint64_t call, absl::string_view signature, Unsigned push);
  // The action could not be begun: the engine hears of it after this step.
  void FailSoon(uint64_t call, absl::Status why, uint64_t frame_last_seq);
  // The phone's own files or an unreadable answer are to blame.
  void FailHere(uint64_t call, uint64_t bytes, const absl::Status& why, uint64_t frame_last_seq);

  void Measure(const Flight& flight, absl::StatusCode code, int64_t now_us, uint64_t bytes_down) const;
  void OnAnswer(uint64_t call, absl::Status status, const std::string& bytes, const ClockReading& at);
  absl::Status OnHello(uint64_t call, const Flight& flight, const std::string& bytes, const ClockReading& at);
  absl::Status OnPush(uint64_t call, const Flight& flight, const std::string& bytes, const ClockReading& at);
  absl::Status OnPull(uint64_t call, const Flight& flight, const std::string& bytes, const ClockReading& at);
  void OnHint(uint64_t call, const std::string& bytes);
  absl::Status OnAttachments(uint64_t call, const Flight& flight, const std::string& bytes, const ClockReading& at);
  absl::Status TakeAttachments(const v1::CheckAttachmentsResponse& response, int64_t asked_us,
                               AttachmentAnswered& answered);
  void OnPieceFailed(const Flight& flight, const absl::Status& status);
  AttachmentsSeen AttachmentsNow();
  void LookAtAttachments();
  void CatchUpWithNames();
  void FailAttachments(const absl::Status& why);
  void Settle();
  void SettleSoon();
  void TakeHeads(const v1::HelloResponse& response);
  // Whether the office lacks the push token still after the answer to `flight`, which did not tell it.
  bool NotePushToken(const Flight& flight, const v1::HelloResponse& response);
  void DoubtPushToken();
  void Retain(const ClockReading& now);
  absl::Status TakeMark(const v1::JournalMark& mark);
  // The mark of an answer to `flight`'s frame, and what it says of the frame itself. True: the server went back.
  absl::StatusOr<bool> TakePushed(const Flight& flight, const v1::PushResponse& response);
  absl::Status TakeFork(const v1::Fork& fork);
  bool IsOtherGeneration(absl::string_view generation) const;
  bool CameBeforeRestore(const std::string& feed, const std::string& generation) const;

  // Feeds of who is signed out, or whom the office lets no longer.
  void DropForeignFeeds();
  QueueSeen Queue();
  void TellQuiet();
  void JudgeReport();
  void TellMode(SyncMode mode);
  void TellPage(const PageChanges& page);
  void TellRepairs();
  void TellDisk();

  const Parts parts_;
  EngineState engine_;
  std::map<uint64_t, Flight> flights_;
  std::map<uint64_t, Unsigned> unsigned_;
  Report report_;
  bool settle_due_ = true;  // The process may have died between the two steps of applying a page.
  size_t repairs_told_ = 0;
  std::string disk_told_;
  bool no_room_ = false;  // The last call that came to an end failed for want of room on this phone.
  std::vector<std::function<void()>> quiet_;  // Of all who wait for it.
  uint32_t answered_ = 0;                     // Calls since Quiesce.
  int64_t retained_us_ = 0;                   // Monotonic; 0: not since the start.
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_SESSION_SYNC_DRIVER_H_
