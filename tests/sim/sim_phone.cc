#include "tests/sim/sim_phone.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client_core/base/ids.h"
#include "client_core/session/recorder.h"
#include "doorstep/v1/enrollment_service.pb.h"
#include "tests/support/memory_vfs.h"

namespace doorstep::sim {
namespace {

constexpr int64_t kDiesWithinOperations = 16;
constexpr uint32_t kEnrollMs = 30000;
constexpr int64_t kPageBytes = 4096;
// In a thousand: somebody wants to record something, and opens the app for it.
constexpr int64_t kWokenForATap = 300;

// A folder's files, but the lock and what only lives in memory.
void CopyFiles(const std::string& from, const std::string& to) {
  std::filesystem::remove_all(to);
  std::filesystem::create_directories(to);
  std::filesystem::permissions(to, std::filesystem::perms::owner_all);
  for (const auto& file : std::filesystem::directory_iterator(from)) {
    if (file.is_regular_file()) std::filesystem::copy_file(file.path(), to / file.path().filename());
  }
}

}  // namespace

SimPhone::SimPhone(World* world, SimServer* server, Observer* observer, std::string name, std::string technician,
                   std::string folder)
    : world_(world),
      server_(server),
      observer_(observer),
      name_(std::move(name)),
      technician_(std::move(technician)),
      folder_(std::move(folder)),
      random_(world->random().Below(UINT64_MAX)),
      disk_(testing::MemoryVfs()),
      link_(world, server, name_),
      booted_us_(world->now_us() - kSecond) {
  std::filesystem::create_directories(folder_);
  std::filesystem::permissions(folder_, std::filesystem::perms::owner_all);
}

SimPhone::~SimPhone() {
  disk_.DieAfter(0);  // The story is over: nobody reads what closing would tidy up.
  End();
}

ClockReading SimPhone::Now() {
  ClockReading reading;
  reading.wall_time_us = world_->now_us() + skew_us_;
  reading.monotonic_us = world_->now_us() - booted_us_;
  reading.boot_id = absl::StrCat(name_, "-", boots_);
  return reading;
}

// ---- life of the process ----

void SimPhone::Open() {
  if (running() || destroyed_) return;
  StoreOptions options;
  options.directory = folder_;
  options.vfs = disk_.vfs();
  absl::StatusOr<std::unique_ptr<LocalStore>> store = LocalStore::Open(options);
  if (disk_.dead()) {  // It died over its own opening.
    store = absl::CancelledError("");
    return Die();
  }
  if (!store.ok()) {
    if (absl::IsResourceExhausted(store.status())) return OpenLater(kMinute);
    return world_->Violate("stuck", absl::StrCat(name_, " does not open: ", store.status().ToString()));
  }
  store_ = *std::move(store);
  // On a full disk a file may not open, of which nothing is damaged.
  if (!store_->repairs().empty() && !full_ && !world_->Has(FaultKind::kJournalDamaged)) {
    world_->Violate("wrong", absl::StrCat(name_, ": files were damaged: ", absl::StrJoin(store_->repairs(), "; ")));
  }
  world_->Note(name_, absl::StrCat("opens, boot ", boots_));
  opened_us_ = world_->now_us();
  ++processes_;
  repairs_ = 0;
  network_lost_ = false;
  metered_ = false;
  missed_.reset();
  events_ = std::make_unique<EventLog>();
  queue_ = std::make_unique<SimQueue>(
      world_, [this] { driver_->Handle(Tick()); }, [this] { LookForDeath(); });
  transport_ = MakeTransport(&link_, [this] {
    if (driver_->asleep()) world_->Violate("wrong", absl::StrCat(name_, " calls although it is about to be suspended"));
    return !disk_.dead();
  });
  signer_ = std::make_unique<FrameSigner>(std::nullopt, store_.get(), &random_);
  driver_ = std::make_unique<SyncDriver>(SyncDriver::Parts{store_.get(), transport_.get(), signer_.get(), this,
                                                           &random_, queue_.get(), events_.get(), nullptr});
  WatchMarks();
  driver_->IdentityChanged();
  if (world_->Chance(700)) driver_->Handle(Notice::kBackground);  // As apps are most of the time.
  if (enrolled()) {
    driver_->Handle(SyncStarted());
  } else if (!invitation_code_.empty()) {
    CallEnroll();
  }
  if (looked_at_) driver_->Handle(Notice::kForeground);
  if (doubt_.has_value() && world_->Chance(700)) {
    const Doubt doubt = *std::exchange(doubt_, std::nullopt);
    if (enrolled()) Append(doubt.request, doubt.key, doubt.attached);
  }
  LookForDeath();
}

void SimPhone::OpenLater(int64_t delay_us) {
  world_->After(delay_us, [this, processes = processes_] {
    if (processes == processes_) Open();
  });
}

void SimPhone::End() {
  driver_.reset();
  transport_.reset();
  queue_.reset();
  events_.reset();
  store_.reset();
}

void SimPhone::Die() {
  world_->Note(name_, power_cut_ ? "loses power" : "is killed");
  End();
  if (std::exchange(power_cut_, false)) {
    // What is torn depends on how much was being written, which must not change what happens next.
    SeededRandom torn(world_->random().Below(UINT64_MAX));
    disk_.ReviveAfterPowerCut(torn);
    ++boots_;
    booted_us_ = world_->now_us();
  } else {
    disk_.Revive();
  }
  OpenLater(world_->Between(1, 10 * 60) * kSecond);
}

void SimPhone::LookForDeath() {
  if (!running()) return;
  if (disk_.dead()) return Die();
  WatchMarks();
}

void SimPhone::DieSoon(bool power) {
  if (!running()) return;
  power_cut_ |= power;
  disk_.DieAfter(world_->Draw(kDiesWithinOperations));
  LookForDeath();
}

void SimPhone::Reboot() {
  if (!running()) return;
  disk_.DieAfter(0);
  ++boots_;
  booted_us_ = world_->now_us();
  Die();
}

void SimPhone::Destroy() {
  world_->Note(name_, "is destroyed");
  destroyed_ = true;
  End();
}

void SimPhone::CopyTo(const std::string& folder) {
  disk_.DieAfter(0);
  Die();
  CopyFiles(folder_, folder);
  world_->Note(name_, "is copied");
}

void SimPhone::DamageJournal(Draws& draws) {
  if (!running()) return;
  End();  // An orderly end leaves nothing in the log.
  OpenLater(draws.Between(1, 10 * 60) * kSecond);
  std::fstream file(folder_ + "/journal.db", std::ios::in | std::ios::out | std::ios::binary | std::ios::ate);
  const int64_t pages = static_cast<int64_t>(file.tellg()) / kPageBytes;
  if (pages < 2) return;
  const std::string garbage(kPageBytes, '\x5a');
  file.seekp(draws.Between(1, pages - 1) * kPageBytes);
  file.write(garbage.data(), kPageBytes);
  file.close();
  disk_.ForgetFiles();
  doubt_.reset();  // What a tap is known by may stand on that page, and asking again would record it once more.
  world_->Note(name_, "has a page of its journal spoiled");
}

// What is salvaged has other positions, and marks that may be lower.
void SimPhone::ForgetShown() {
  shown_safe_.clear();
  settled_.clear();
  retained_.clear();
  off_screen_.clear();
}

void SimPhone::RestoreFrom(const std::string& folder) {
  if (running()) {
    disk_.DieAfter(0);
    Die();
  }
  CopyFiles(folder, folder_);
  disk_.ForgetFiles();
  ForgetShown();
  doubt_.reset();
  world_->Note(name_, "is put back to an older copy");
}

void SimPhone::SetFull(bool full) {
  full_ = full;
  disk_.SetFull(full);
}

void SimPhone::Mend(bool told) {
  SetFull(false);
  if (!disk_.dead()) disk_.Revive();  // It was to die, and does not.
  power_cut_ = false;
  link_.SetGone(false);
  link_.SetOneWay(false);
  Open();
  WakeUp();
  if (metered_) SetMetered(false);
  if (told || network_lost_) Notify(Notice::kNetworkChanged);
  looked_at_ = told;
  if (told) Notify(Notice::kForeground);
}

// ---- enrolment, as Session does it ----

void SimPhone::Enrol(const std::string& invitation_code) {
  invitation_code_ = invitation_code;
  if (running()) CallEnroll();
}

void SimPhone::CallEnroll() {
  v1::EnrolmentRequest invitation;
  invitation.set_invitation_code(invitation_code_);
  invitation.set_device_name(name_);
  const absl::StatusOr<v1::EnrollRequest> request = store_->PrepareEnrolment(invitation, random_);
  if (!request.ok()) return OpenLater(kSecond);  // It dies over it, or its disk is full.
  UnaryCall call;
  call.method = "/doorstep.v1.EnrollmentService/Enroll";
  call.request = request->SerializeAsString();
  call.deadline_ms = kEnrollMs;
  link_.Carry(std::move(call),
              [this, process = processes_, sent = Now()](const absl::Status& status, const std::string& answer) {
                if (process != processes_ || !running()) return;
                if (status.ok()) {
                  CompleteEnrolment(answer, sent, Now());
                } else {
                  world_->After(5 * kSecond, [this, process] {
                    if (process == processes_ && running()) CallEnroll();
                  });
                }
                LookForDeath();
              });
}

void SimPhone::CompleteEnrolment(const std::string& answer, const ClockReading& sent, const ClockReading& answered) {
  v1::EnrollResponse response;
  if (!response.ParseFromString(answer) || !store_->CompleteEnrolment(response).ok()) {
    world_->After(5 * kSecond, [this, process = processes_] {
      if (process == processes_ && running()) CallEnroll();
    });
    return;
  }
  world_->Note(name_, absl::StrCat("is enrolled as ", response.device()));
  driver_->TakeExchange(response.server_time_us(), sent, answered);
  driver_->IdentityChanged();
  driver_->Handle(TokenChanged());
  driver_->Handle(SyncStarted());
}

// ---- recording ----

bool SimPhone::PickUp() {
  if (!enrolled() || world_->now_us() <= last_tap_us_) return false;
  if (queue_->frozen() && world_->aside().Chance(kWokenForATap)) WakeUp();
  return enrolled() && !queue_->frozen();
}

v1::AppendRequest SimPhone::RequestOf(v1::LogEntry entry, const std::string& visit) {
  v1::AppendRequest request;
  request.set_author(Author());
  *request.mutable_entry() = std::move(entry);
  request.mutable_entry()->set_visit_id(visit);
  request.set_token(absl::StrCat(name_, "-", ++tokens_));
  return request;
}

void SimPhone::Tap(v1::LogEntry entry, const std::string& visit) {
  if (PickUp()) Append(RequestOf(std::move(entry), visit), std::nullopt, {});
}

std::optional<EntryKey> SimPhone::Append(const v1::AppendRequest& request, std::optional<EntryKey> doubted,
                                         std::vector<std::string> attached) {
  // Who asks again after a death must say who it was.
  if (request.author().empty() && SignedIn().empty()) return std::nullopt;
  last_tap_us_ = world_->now_us();
  const ClockReading now = Now();
  const EntryKey key(now.boot_id, now.monotonic_us);
  NotedEntry noted;
  noted.phone = name_;
  noted.author = request.author().empty() ? SignedIn().front() : request.author();
  noted.visit = request.entry().visit_id();
  noted.fact = request.entry().fact_case();
  noted.attached = attached;
  const absl::StatusOr<v1::AppendResponse> response = Record(request, now, random_, *store_);
  const bool accepted = !disk_.dead() && response.ok();
  if (disk_.dead()) {
    noted.expect = Expect::kAtMostOnce;
    doubt_ = Doubt{key, request, std::move(attached)};
  } else if (!response.ok()) {
    noted.expect = Expect::kNever;
    if (!absl::IsResourceExhausted(response.status())) {
      world_->Violate("lost", absl::StrCat(name_, " refuses an entry: ", response.status().ToString()));
    }
  } else {
    noted.position = response->position();
    if (doubted.has_value() && response->repeated()) {
      observer_->Expects(*doubted, Expect::kOnce);  // It had been recorded before the death.
      noted.expect = Expect::kNever;
    } else if (doubted.has_value()) {
      observer_->Expects(*doubted, Expect::kNever);
    }
    world_->Note(name_, absl::StrCat("records ", FormatPosition(response->position()), " on ",
                                     request.entry().visit_id(), response->repeated() ? " (repeated)" : ""));
    queue_->Post(Urgency::kNetwork, [this] { driver_->JournalChanged(); });
  }
  observer_->Tapped(key, std::move(noted));
  WakeSoon();
  LookForDeath();
  return accepted ? std::optional(key) : std::nullopt;
}

void SimPhone::Notify(Notice notice) {
  if (!running()) return;
  const bool costs = notice == Notice::kMetered || notice == Notice::kUnmetered;
  const bool of_network = notice == Notice::kNetworkLost || notice == Notice::kNetworkChanged || costs;
  if (queue_->frozen()) {
    if (of_network) missed_ = notice;
    return;
  }
  if (of_network) network_lost_ = notice == Notice::kNetworkLost;
  if (costs) metered_ = notice == Notice::kMetered;
  driver_->Handle(notice);
  WakeSoon();
  LookForDeath();
}

}  // namespace doorstep::sim
