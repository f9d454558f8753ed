// One open phone core: owns the files, the transport and the queue, and wires them. Every function blocks until it is
// answered, within a bound, and may be called from any thread; what they do runs one after another on the queue.
// Invariant: what Append has answered is durable, whatever happens afterwards.
#ifndef DOORSTEP_CLIENT_CORE_SESSION_SESSION_H_
#define DOORSTEP_CLIENT_CORE_SESSION_SESSION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client_core/base/clock.h"
#include "client_core/base/log.h"
#include "client_core/base/metric.h"
#include "client_core/base/mutex.h"
#include "client_core/base/random.h"
#include "client_core/session/answer.h"
#include "client_core/session/event_log.h"
#include "client_core/session/frame_signer.h"
#include "client_core/session/observer.h"
#include "client_core/session/serial_queue.h"
#include "client_core/session/sync_driver.h"
#include "client_core/store/local_store.h"
#include "client_core/transport/transport.h"
#include "doorstep/v1/account.pb.h"
#include "doorstep/v1/client.pb.h"

namespace doorstep {

struct SessionParts {
  StoreOptions store;
  std::unique_ptr<Clock> clock;
  std::unique_ptr<Random> random;
  // Null: everything works but enrolling and syncing, which answer with `no_transport`.
  std::unique_ptr<Transport> transport;
  absl::Status no_transport;
  LogSink log;
  MetricSink metrics = {};
  std::optional<HostSigner> signer = {};  // Nothing: the core signs by itself.
};

class Session {
 public:
  // Errors as LocalStore::Open.
  static absl::StatusOr<std::unique_ptr<Session>> Open(SessionParts parts);
  // Ends calls in flight and waits for callbacks; calls waiting in other threads answer CANCELLED.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // At most 30 s. Safe to repeat after any failure: a lost answer gives the same device.
  absl::Status Enrol(const v1::EnrolmentRequest& request);

  // Without a network. Errors as in the C header.
  absl::StatusOr<v1::SignInResult> SignIn(std::string technician_id);
  absl::StatusOr<v1::SignOutResult> SignOut(std::string technician_id);

  // Empty: none. Enrolled or not. Errors as in the C header.
  absl::Status SetPushToken(std::string token);

  absl::StatusOr<v1::AppendResponse> Append(v1::AppendRequest request);
  absl::StatusOr<v1::EntryStatus> EntryStatus(v1::JournalPosition position);
  absl::StatusOr<v1::QueueListResponse> QueueList(v1::QueueListRequest request);

  absl::StatusOr<v1::VisitsListResponse> VisitsList(v1::VisitsListRequest request);
  absl::StatusOr<v1::LocalVisit> VisitGet(std::string visit_id);
  absl::StatusOr<v1::AccountBrief> BriefGet(std::string account_id);

  // Reads and hashes on the caller's thread.
  absl::StatusOr<v1::AttachmentAddResponse> AttachmentAdd(v1::AttachmentAddRequest request);
  absl::StatusOr<v1::AttachmentsListResponse> AttachmentsList(v1::AttachmentsListRequest request);
  absl::StatusOr<v1::AttachmentReadResponse> AttachmentRead(v1::AttachmentReadRequest request);

  // FAILED_PRECONDITION: not enrolled, or another one is running. INVALID_ARGUMENT: a bound of bytes with which nothing
  // would be begun.
  absl::StatusOr<v1::SyncReport> SyncOnce(v1::SyncBudget budget);
  absl::Status SyncStart();
  absl::Status SyncStop();
  absl::Status Notify(v1::PhoneNotice notice);
  absl::StatusOr<v1::Readiness> PrepareOffline(v1::ReadinessRequest request);
  // The core sleeps afterwards, until anything above or below is called but EventsPoll and Observe.
  absl::StatusOr<v1::QuiesceResult> Quiesce(uint32_t deadline_ms);

  absl::StatusOr<v1::EventsPollResponse> EventsPoll(uint32_t max, uint32_t timeout_ms);
  // As Observer::Set.
  void Observe(Observer::Callback callback, uint32_t kinds) { observer_.Set(std::move(callback), kinds); }
  absl::StatusOr<v1::PhoneStatus> Status();
  absl::StatusOr<v1::Explanation> Explain(v1::ExplainRequest request);
  absl::StatusOr<v1::Bundle> ExportBundle();

  // Wakes everybody who waits, and answers CANCELLED from now on. Called before the last caller has left; the
  // destructor does the rest.
  void Close();

 private:
  struct EnrolAnswer {
    std::string bytes;
    ClockReading sent;
    ClockReading answered;
  };

  Session(SessionParts parts, std::unique_ptr<LocalStore> store);
  // Answers what somebody asked for, and then wakes what Quiesce has put to sleep. Where it meets a damaged file, it is
  // asked again of the repaired one.
  template <typename T>
  absl::StatusOr<T> Ask(std::function<absl::StatusOr<T>()> question) {
    return queue_.Ask<T>([this, question = std::move(question)]() -> absl::StatusOr<T> {
      absl::StatusOr<T> answer = question();
      if (absl::IsDataLoss(answer.status()) && store_->RepairDamaged()) {
        queue_.Post(Urgency::kNetwork, [this] { driver_->JournalRepaired(); });
        answer = question();
      }
      if (driver_->asleep()) queue_.Post(Urgency::kNetwork, [this] { driver_->Wake(); });
      return answer;
    });
  }
  absl::Status RunOnQueue(std::function<absl::Status()> task);
  void NoteTechnicians();
  v1::QuiesceResult FinishQuiesce(int64_t deadline_us);
  // Waits until then for the enrolment that is under way, if there is one. True: it was given up.
  bool GiveUpEnrolment(int64_t deadline_us);
  absl::Status ReadyToSync();
  absl::Status CountAttachments(v1::LocalVisit* visit);
  absl::Status FillAttachments(v1::PhoneStatus* status);
  absl::Status ExplainAttachments(const v1::ExplainRequest& request, v1::Explanation* answer);
  absl::StatusOr<v1::EnrollRequest> PrepareEnrolment(const v1::EnrolmentRequest& request);
  absl::StatusOr<EnrolAnswer> CallEnroll(const v1::EnrollRequest& request);
  absl::Status CompleteEnrolment(const EnrolAnswer& answer);

  const absl::Status no_transport_;
  const LogSink log_;
  const MetricSink metrics_;
  // In the order in which they outlive each other: callbacks of the transport and the signer post to the queue, and
  // tasks of the queue use all the rest.
  const std::unique_ptr<Clock> clock_;
  const std::unique_ptr<Random> random_;
  const std::unique_ptr<LocalStore> store_;
  EventLog events_;
  Observer observer_{&events_};
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<FrameSigner> signer_;
  std::unique_ptr<SyncDriver> driver_;
  SerialQueue queue_;

  Mutex mutex_;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<Answer<EnrolAnswer>> enrolling_ ABSL_GUARDED_BY(mutex_);
  CondVar enrolled_;  // Well or not.
  std::shared_ptr<Answer<v1::SyncReport>> syncing_ ABSL_GUARDED_BY(mutex_);
  std::set<std::shared_ptr<Answer<bool>>> quieting_ ABSL_GUARDED_BY(mutex_);  // Of every Quiesce that waits.
  uint64_t enrol_calls_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace doorstep

#endif  // DOORSTEP_CLIENT_CORE_SESSION_SESSION_H_
