#include "client_core/session/session.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/status.h"
#include "client_core/rules/feed_names.h"
#include "client_core/session/bundle.h"
#include "client_core/session/phone_events.h"
#include "client_core/session/recorder.h"
#include "client_core/store/readiness.h"
#include "client_core/sync/tuning.h"
#include "doorstep/v1/enrollment_service.pb.h"

namespace doorstep {
namespace {

constexpr absl::string_view kEnrollMethod = "/doorstep.v1.EnrollmentService/Enroll";
constexpr uint32_t kEnrollMsMax = 30000;
// Numbers of the engine's calls count up from 1; these never meet them.
constexpr uint64_t kEnrollCallBase = uint64_t{1} << 62;
// A budget's end is the engine's to notice; this much later nobody believes it any more.
constexpr int64_t kReportGraceUs = int64_t{30} * 1000000;
constexpr uint32_t kPollMsMax = 600000;
// No system gives an app more.
constexpr uint32_t kQuiesceMsMax = 60000;
// What runs on the queue when the deadline comes is let end: one page, one checkpoint.
constexpr int64_t kQuiesceGraceUs = int64_t{2} * 1000000;
constexpr uint32_t kEventsMax = 1000;

std::function<void()> TimerOf(const std::unique_ptr<SyncDriver>& driver, const MetricSink& metrics) {
  return [&driver, &metrics] {
    TellMetric(metrics, {"wake"});
    driver->Handle(Tick());
  };
}

absl::Status CheckBudget(absl::string_view field, const v1::SyncBudget& budget) {
  if (budget.bytes_max() == 0 || budget.bytes_max() >= tuning::kBudgetBytesMin) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": ", budget.bytes_max(), ", must be 0 or at least ", tuning::kBudgetBytesMin));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Session>> Session::Open(SessionParts parts) {
  ASSIGN_OR_RETURN(std::unique_ptr<LocalStore> store, LocalStore::Open(parts.store));
  std::unique_ptr<Session> session(new Session(std::move(parts), std::move(store)));
  RETURN_IF_ERROR(session->RunOnQueue([s = session.get()] {
    s->driver_->IdentityChanged();
    return absl::OkStatus();
  }));
  return session;
}

Session::Session(SessionParts parts, std::unique_ptr<LocalStore> store)
    : no_transport_(std::move(parts.no_transport)),
      log_(parts.log),
      metrics_(std::move(parts.metrics)),
      clock_(std::move(parts.clock)),
      random_(std::move(parts.random)),
      store_(std::move(store)),
      transport_(std::move(parts.transport)),
      signer_(std::make_unique<FrameSigner>(std::move(parts.signer), store_.get(), random_.get())),
      queue_(TimerOf(driver_, metrics_)) {
  driver_ = std::make_unique<SyncDriver>(SyncDriver::Parts{store_.get(), transport_.get(), signer_.get(), clock_.get(),
                                                           random_.get(), &queue_, &events_, log_, metrics_});
}

Session::~Session() {
  Close();
  observer_.Stop();
  queue_.Close();
  // The queue takes nothing any more, so whatever signer and transport still bring goes nowhere.
  signer_.reset();
  transport_.reset();
}

void Session::Close() {
  events_.Close();
  MutexLock lock(&mutex_);
  closing_ = true;
  if (enrolling_ != nullptr) enrolling_->Set(absl::CancelledError("the core is being closed"));
  if (syncing_ != nullptr) syncing_->Set(absl::CancelledError("the core is being closed"));
  for (const auto& quiet : quieting_) quiet->Set(absl::CancelledError("the core is being closed"));
}

absl::Status Session::RunOnQueue(std::function<absl::Status()> task) {
  const absl::StatusOr<bool> done = Ask<bool>([task = std::move(task)]() -> absl::StatusOr<bool> {
    RETURN_IF_ERROR(task());
    return true;
  });
  return done.status();
}

// ---- enrolment ----

absl::Status Session::Enrol(const v1::EnrolmentRequest& request) {
  if (transport_ == nullptr) return no_transport_;
  ASSIGN_OR_RETURN(const v1::EnrollRequest prepared, PrepareEnrolment(request));
  ASSIGN_OR_RETURN(const EnrolAnswer answer, CallEnroll(prepared));
  return CompleteEnrolment(answer);
}

absl::StatusOr<v1::EnrollRequest> Session::PrepareEnrolment(const v1::EnrolmentRequest& request) {
  return Ask<v1::EnrollRequest>([this, request] { return store_->PrepareEnrolment(request, *random_); });
}

absl::StatusOr<Session::EnrolAnswer> Session::CallEnroll(const v1::EnrollRequest& request) {
  auto waiting = std::make_shared<Answer<EnrolAnswer>>();
  uint64_t call = 0;
  {
    MutexLock lock(&mutex_);
    if (closing_) return absl::CancelledError("the core is being closed");
    if (enrolling_ != nullptr) return absl::FailedPreconditionError("another enrolment is running; wait for it");
    enrolling_ = waiting;
    call = kEnrollCallBase + ++enrol_calls_;
  }
  const ClockReading sent = clock_->Now();
  transport_->Start(call, {std::string(kEnrollMethod), "", request.SerializeAsString(), kEnrollMsMax},
                    [this, waiting, sent](const absl::Status& status, std::string bytes) {
                      if (status.ok()) {
                        waiting->Set(EnrolAnswer{std::move(bytes), sent, clock_->Now()});
                      } else {
                        waiting->Set(status);
                      }
                    });
  absl::StatusOr<EnrolAnswer> answer =
      waiting->Wait(int64_t{kEnrollMsMax} * 1000, "the server did not answer within 30 s; call again");
  if (!answer.ok()) transport_->Cancel(call);
  MutexLock lock(&mutex_);
  enrolling_ = nullptr;
  enrolled_.NotifyAll();
  return answer;
}

absl::Status Session::CompleteEnrolment(const EnrolAnswer& answer) {
  return RunOnQueue([this, answer]() -> absl::Status {
    v1::EnrollResponse response;
    if (!response.ParseFromString(answer.bytes)) {
      return absl::InternalError("the server's answer to Enroll cannot be read");
    }
    RETURN_IF_ERROR(store_->CompleteEnrolment(response));
    driver_->TakeExchange(response.server_time_us(), answer.sent, answer.answered);
    driver_->IdentityChanged();
    driver_->Handle(TokenChanged());
    return absl::OkStatus();
  });
}

// ---- who works with this phone ----

void Session::NoteTechnicians() {
  driver_->IdentityChanged();
  events_.Add(TechniciansEvent());
}

absl::StatusOr<v1::SignInResult> Session::SignIn(std::string technician_id) {
  return Ask<v1::SignInResult>([this, id = std::move(technician_id)]() -> absl::StatusOr<v1::SignInResult> {
    RETURN_IF_ERROR(store_->SignIn(id));
    NoteTechnicians();
    v1::SignInResult result;
    for (v1::PhoneTechnician& one : store_->Technicians()) *result.add_technicians() = std::move(one);
    const FeedState* feed = store_->replica().FindFeed(TechnicianFeed(id));
    result.set_fetched(feed != nullptr && feed->at_head && !feed->in_snapshot);
    return result;
  });
}

absl::StatusOr<v1::SignOutResult> Session::SignOut(std::string technician_id) {
  return Ask<v1::SignOutResult>([this, id = std::move(technician_id)]() -> absl::StatusOr<v1::SignOutResult> {
    const absl::StatusOr<uint64_t> removed = store_->SignOut(id);
    NoteTechnicians();  // Also when the rows could not be removed: their feed is not read any more.
    RETURN_IF_ERROR(removed.status());
    v1::SignOutResult result;
    result.set_visits_removed(*removed);
    for (v1::PhoneTechnician& one : store_->Technicians()) {
      if (one.id() == id) result.set_entries_saved_here(one.entries_saved_here());
      *result.add_technicians() = std::move(one);
    }
    return result;
  });
}

absl::Status Session::SetPushToken(std::string token) {
  return RunOnQueue([this, token = std::move(token)]() -> absl::Status {
    ASSIGN_OR_RETURN(const bool changed, store_->SetPushToken(token));
    if (changed) driver_->PushTokenChanged();
    return absl::OkStatus();
  });
}

// ---- recording and reading ----

absl::StatusOr<v1::AppendResponse> Session::Append(v1::AppendRequest request) {
  const int64_t began_us = SteadyMicros();
  // The tap is now, not when the queue comes to it.
  absl::StatusOr<v1::AppendResponse> recorded = Ask<v1::AppendResponse>(
      [this, request = std::move(request), now = clock_->Now()]() -> absl::StatusOr<v1::AppendResponse> {
        ASSIGN_OR_RETURN(v1::AppendResponse response, Record(request, now, *random_, *store_));
        // Sending is not what the person waits for.
        queue_.Post(Urgency::kNetwork, [this] { driver_->JournalChanged(); });
        return response;
      });
  TellMetric(metrics_, {"append", {}, recorded.status().code(), SteadyMicros() - began_us});
  return recorded;
}

absl::StatusOr<v1::EntryStatus> Session::EntryStatus(v1::JournalPosition position) {
  return Ask<v1::EntryStatus>(
      [this, position = std::move(position)] { return StatusOfEntry(store_->journal(), store_->replica(), position); });
}

absl::StatusOr<v1::QueueListResponse> Session::QueueList(v1::QueueListRequest request) {
  return Ask<v1::QueueListResponse>(
      [this, request = std::move(request)] { return ListQueue(store_->journal(), store_->replica(), request); });
}

absl::StatusOr<v1::VisitsListResponse> Session::VisitsList(v1::VisitsListRequest request) {
  return Ask<v1::VisitsListResponse>([this, request = std::move(request)]() -> absl::StatusOr<v1::VisitsListResponse> {
    ASSIGN_OR_RETURN(std::vector<v1::LocalVisit> visits, store_->view().Visits(request.technician_id()));
    v1::VisitsListResponse response;
    for (v1::LocalVisit& visit : visits) {
      RETURN_IF_ERROR(CountAttachments(&visit));
      *response.add_visits() = std::move(visit);
    }
    return response;
  });
}

absl::StatusOr<v1::LocalVisit> Session::VisitGet(std::string visit_id) {
  return Ask<v1::LocalVisit>([this, visit_id = std::move(visit_id)]() -> absl::StatusOr<v1::LocalVisit> {
    ASSIGN_OR_RETURN(v1::LocalVisit visit, store_->view().Visit(visit_id));
    RETURN_IF_ERROR(CountAttachments(&visit));
    return visit;
  });
}

absl::StatusOr<v1::AccountBrief> Session::BriefGet(std::string account_id) {
  return Ask<v1::AccountBrief>([this, account_id = std::move(account_id)] { return store_->view().Brief(account_id); });
}

// ---- sync ----

absl::Status Session::ReadyToSync() {
  if (transport_ == nullptr) return no_transport_;
  return RunOnQueue([this]() -> absl::Status {
    RETURN_IF_ERROR(store_->CanRecord());
    if (store_->journal().identity().has_value()) return absl::OkStatus();
    return absl::FailedPreconditionError("this phone is not enrolled; enrol it first");
  });
}

absl::StatusOr<v1::SyncReport> Session::SyncOnce(v1::SyncBudget budget) {
  RETURN_IF_ERROR(CheckBudget("bytes_max", budget));
  RETURN_IF_ERROR(ReadyToSync());
  auto waiting = std::make_shared<Answer<v1::SyncReport>>();
  {
    MutexLock lock(&mutex_);
    if (closing_) return absl::CancelledError("the core is being closed");
    if (syncing_ != nullptr) {
      return absl::FailedPreconditionError("another sync_once is running; wait for it to return");
    }
    syncing_ = waiting;
  }
  if (budget.time_ms_max() == 0) budget.set_time_ms_max(SyncDriver::kBudgetMsDefault);
  budget.set_time_ms_max(std::min(budget.time_ms_max(), SyncDriver::kBudgetMsMax));
  const int64_t patience_us = int64_t{budget.time_ms_max()} * 1000 + kReportGraceUs;
  queue_.Post(Urgency::kPerson, [this, budget, waiting] {
    driver_->SyncOnce(budget, [waiting](absl::StatusOr<v1::SyncReport> report) { waiting->Set(std::move(report)); });
  });
  absl::StatusOr<v1::SyncReport> report = waiting->Wait(patience_us, "the sync did not end in its time; call again");
  MutexLock lock(&mutex_);
  syncing_ = nullptr;
  return report;
}

absl::Status Session::SyncStart() {
  RETURN_IF_ERROR(ReadyToSync());
  return RunOnQueue([this] {
    driver_->Handle(SyncStarted());
    return absl::OkStatus();
  });
}

absl::Status Session::SyncStop() {
  return RunOnQueue([this] {
    driver_->Handle(SyncStopped());
    return absl::OkStatus();
  });
}

absl::Status Session::Notify(v1::PhoneNotice notice) {
  Notice what = Notice::kHint;
  switch (notice) {
    case v1::PHONE_NOTICE_NETWORK_CHANGED:
      what = Notice::kNetworkChanged;
      break;
    case v1::PHONE_NOTICE_NETWORK_LOST:
      what = Notice::kNetworkLost;
      break;
    case v1::PHONE_NOTICE_FOREGROUND:
      what = Notice::kForeground;
      break;
    case v1::PHONE_NOTICE_BACKGROUND:
      what = Notice::kBackground;
      break;
    case v1::PHONE_NOTICE_USER_PULLED:
      what = Notice::kUserPulled;
      break;
    case v1::PHONE_NOTICE_HINT:
      what = Notice::kHint;
      break;
    case v1::PHONE_NOTICE_NETWORK_METERED:
      what = Notice::kMetered;
      break;
    case v1::PHONE_NOTICE_NETWORK_UNMETERED:
      what = Notice::kUnmetered;
      break;
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("notice: ", static_cast<int>(notice), " is not a PhoneNotice that this version knows"));
  }
  return RunOnQueue([this, what] {
    driver_->Handle(what);
    return absl::OkStatus();
  });
}

absl::StatusOr<v1::Readiness> Session::PrepareOffline(v1::ReadinessRequest request) {
  const auto look = [this, request] {
    return Ask<v1::Readiness>([this, request] { return CheckReadiness(request, clock_->Now(), *store_); });
  };
  if (!request.has_sync()) return look();
  RETURN_IF_ERROR(CheckBudget("sync.bytes_max", request.sync()));
  RETURN_IF_ERROR(look().status());  // What is wrong with the request is no reason to sync.
  const absl::StatusOr<v1::SyncReport> report = SyncOnce(request.sync());
  absl::StatusOr<v1::Readiness> readiness = look();
  if (!readiness.ok()) return readiness;
  if (report.ok()) {
    *readiness->mutable_sync() = *report;
  } else {
    readiness->set_sync_error(std::string(report.status().message()));
  }
  return readiness;
}

// ---- before the system suspends the app ----

absl::StatusOr<v1::QuiesceResult> Session::Quiesce(uint32_t deadline_ms) {
  const int64_t deadline_us = SteadyMicros() + int64_t{std::min(deadline_ms, kQuiesceMsMax)} * 1000;
  auto quiet = std::make_shared<Answer<bool>>();
  {
    MutexLock lock(&mutex_);
    if (closing_) return absl::CancelledError("the core is being closed");
    quieting_.insert(quiet);
  }
  queue_.Post(Urgency::kPerson, [this, quiet] { driver_->Quiesce([quiet] { quiet->Set(true); }); });
  // Quiet in time or not: what is still under way then is given up.
  (void)quiet->Wait(deadline_us - SteadyMicros(), "not quiet in time");
  const bool enrolling = GiveUpEnrolment(deadline_us);
  {
    MutexLock lock(&mutex_);
    quieting_.erase(quiet);
  }
  const int64_t left_us = std::max<int64_t>(deadline_us - SteadyMicros(), 0) + kQuiesceGraceUs;
  ASSIGN_OR_RETURN(
      v1::QuiesceResult result,
      queue_.Ask<v1::QuiesceResult>(
          [this, deadline_us]() -> absl::StatusOr<v1::QuiesceResult> { return FinishQuiesce(deadline_us); }, left_us));
  if (enrolling) result.add_calls_given_up("enrolling this phone");
  return result;
}

bool Session::GiveUpEnrolment(int64_t deadline_us) {
  MutexLock lock(&mutex_);
  while (enrolling_ != nullptr) {
    const int64_t left_us = deadline_us - SteadyMicros();
    if (left_us <= 0) {
      enrolling_->Set(absl::UnavailableError("given up, because the app is about to be suspended; call again"));
      return true;
    }
    enrolled_.WaitFor(&mutex_, left_us);
  }
  return false;
}

v1::QuiesceResult Session::FinishQuiesce(int64_t deadline_us) {
  SyncDriver::Quieted quieted = driver_->FinishQuiesce();
  v1::QuiesceResult result;
  if (const auto newest = store_->journal().Newest(); newest.has_value()) *result.mutable_last_entry() = *newest;
  const JournalCounts counts = store_->journal().Counts();
  result.set_entries_recorded(counts.recorded);
  result.set_entries_saved_here(counts.saved_here);
  result.set_calls_answered(quieted.answered);
  for (std::string& call : quieted.given_up) result.add_calls_given_up(std::move(call));
  result.set_syncing(quieted.syncing);
  absl::Status status = store_->CanRecord();
  if (status.ok() && SteadyMicros() >= deadline_us)
    status = absl::DeadlineExceededError("there was no time left for it");
  if (status.ok()) status = store_->Checkpoint();
  result.set_checkpointed(status.ok());
  result.set_not_checkpointed_because(std::string(status.message()));
  return result;
}

// ---- knowing ----

absl::StatusOr<v1::EventsPollResponse> Session::EventsPoll(uint32_t max, uint32_t timeout_ms) {
  return events_.Poll(std::clamp<uint32_t>(max, 1, kEventsMax), std::min(timeout_ms, kPollMsMax));
}

absl::StatusOr<v1::PhoneStatus> Session::Status() {
  return Ask<v1::PhoneStatus>([this]() -> absl::StatusOr<v1::PhoneStatus> {
    v1::PhoneStatus status;
    RETURN_IF_ERROR(store_->FillStatus(clock_->Now(), &status));
    RETURN_IF_ERROR(FillAttachments(&status));
    driver_->FillStatus(&status);
    return status;
  });
}

absl::StatusOr<v1::Bundle> Session::ExportBundle() {
  return Ask<v1::Bundle>([this]() -> absl::StatusOr<v1::Bundle> {
    RETURN_IF_ERROR(store_->CanRecord());  // What is in the damaged file is not known.
    ASSIGN_OR_RETURN(v1::Bundle bundle, MakeBundle(clock_->Now(), *store_));
    bundle.set_core_version(std::string(kCoreVersion));
    RETURN_IF_ERROR(store_->FillStatus(clock_->Now(), bundle.mutable_status()));
    if (const absl::Status filled = FillAttachments(bundle.mutable_status()); !filled.ok()) {
      Log(log_, LogLevel::kWarning, absl::StrCat("attachments: ", filled.ToString()));  // The entries go all the same.
    }
    driver_->FillStatus(bundle.mutable_status());
    return bundle;
  });
}

absl::StatusOr<v1::Explanation> Session::Explain(v1::ExplainRequest request) {
  return Ask<v1::Explanation>([this, request = std::move(request)]() -> absl::StatusOr<v1::Explanation> {
    ASSIGN_OR_RETURN(v1::Explanation answer, doorstep::Explain(store_->journal(), store_->replica(), request));
    RETURN_IF_ERROR(ExplainAttachments(request, &answer));
    return answer;
  });
}

}  // namespace doorstep
