// What happens to a phone between two visits: it changes hands, is made ready for a day without a network, is put to
// sleep, and tells whoever watches it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "client_core/base/mutex.h"
#include "client_core/session/session.h"
#include "tests/unit/client_core/session/fake_server.h"

namespace doorstep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int64_t kNineUs = int64_t{1795420800} * 1000000;  // 2026-11-23, 08:00 UTC.
constexpr uint32_t kLongMs = 60000;                         // Longer than any test.

class StandingClock final : public Clock {
 public:
  ClockReading Now() override { return {kNineUs, 5000000, 3600, "boot-1"}; }
};

// Keeps calls until they are let through.
class HeldTransport final : public Transport {
 public:
  explicit HeldTransport(FakeServer* server) : server_(server) {}

  void Start(uint64_t id, UnaryCall call, Done done) override {
    MutexLock lock(&mutex_);
    ++started_;
    held_[id] = {std::move(call), std::move(done)};
    changed_.NotifyAll();
  }
  void Cancel(uint64_t id) override {
    MutexLock lock(&mutex_);
    held_.erase(id);
  }
  // Lets everything through until a page of this feed is asked for, and keeps that.
  void LetThroughUntilPullOf(const std::string& feed) {
    const auto is_it = [&feed](const UnaryCall& call) {
      v1::PullRequest request;
      return call.method.find("Pull") != std::string::npos && request.ParseFromString(call.request) &&
             request.feed() == feed;
    };
    while (true) {
      {
        MutexLock lock(&mutex_);
        while (held_.empty()) changed_.Wait(&mutex_);
        for (const auto& [id, call] : held_) {
          if (is_it(call.first)) return;
        }
      }
      LetThrough();
    }
  }
  // Waits until so many calls have been started in all.
  void WaitForStarted(int count) {
    MutexLock lock(&mutex_);
    while (started_ < count) changed_.Wait(&mutex_);
  }
  int started() {
    MutexLock lock(&mutex_);
    return started_;
  }
  size_t held() {
    MutexLock lock(&mutex_);
    return held_.size();
  }
  // Answers what is held.
  void LetThrough() {
    std::map<uint64_t, std::pair<UnaryCall, Done>> calls;
    {
      MutexLock lock(&mutex_);
      calls.swap(held_);
    }
    for (auto& [id, call] : calls) {
      absl::StatusOr<std::string> answer =
          server_->Handle(call.first.method, call.first.authorization, call.first.request);
      call.second(answer.status(), answer.ok() ? *answer : "");
    }
  }

 private:
  FakeServer* const server_;
  Mutex mutex_;
  CondVar changed_;
  int started_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, std::pair<UnaryCall, Done>> held_ ABSL_GUARDED_BY(mutex_);
};

class PocketTest : public testing::Test {
 protected:
  PocketTest() {
    std::string path = testing::TempDir() + "/pocket-XXXXXX";
    directory_ = mkdtemp(path.data());
    server_.technicians = {"ana", "wei"};
    server_.server_time_us = kNineUs;
    v1::DeviceState device;
    device.set_device("d7");
    device.set_lane(v1::LANE_ACTIVE);
    device.add_technician_ids("ana");
    device.add_technician_ids("wei");
    server_.Put("device", v1::ENTITY_KIND_DEVICE, "d7", device.SerializeAsString());
  }
  ~PocketTest() override {
    session_.reset();
    std::filesystem::remove_all(directory_);
  }
  void Open(std::unique_ptr<Transport> transport = nullptr) {
    session_.reset();
    SessionParts parts;
    parts.store.directory = directory_;
    parts.clock = std::make_unique<StandingClock>();
    parts.random = std::make_unique<SeededRandom>(++opened_);
    parts.transport = transport != nullptr ? std::move(transport) : std::make_unique<FakeTransport>(&server_);
    absl::StatusOr<std::unique_ptr<Session>> session = Session::Open(std::move(parts));
    ASSERT_TRUE(session.ok()) << session.status();
    session_ = *std::move(session);
  }
  void OpenEnrolled() {
    Open();
    v1::EnrolmentRequest request;
    request.set_invitation_code("invitation");
    const absl::Status enrolled = session_->Enrol(request);
    ASSERT_TRUE(enrolled.ok()) << enrolled;
  }
  // The phone again, with a transport that keeps calls.
  HeldTransport* OpenHeld() {
    auto transport = std::make_unique<HeldTransport>(&server_);
    HeldTransport* const held = transport.get();
    Open(std::move(transport));
    return held;
  }
  void PutVisit(const std::string& technician, const std::string& id, int64_t start_us = kNineUs) {
    v1::Visit visit;
    visit.set_id(id);
    visit.set_account_id("mill");
    visit.set_site_id("mill-site");
    visit.set_state(v1::VISIT_STATE_DISPATCHED);
    visit.mutable_planned()->set_start_time_us(start_us);
    visit.mutable_planned()->set_end_time_us(start_us + int64_t{3600} * 1000000);
    visit.add_assignments()->set_technician_id(technician);
    server_.Put("technician:" + technician, v1::ENTITY_KIND_VISIT, id, visit.SerializeAsString());
  }
  void Sync() {
    v1::SyncBudget budget;
    budget.set_time_ms_max(kLongMs);
    const absl::StatusOr<v1::SyncReport> report = session_->SyncOnce(budget);
    ASSERT_TRUE(report.ok()) << report.status();
    ASSERT_TRUE(report->complete()) << report->stopped_because();
  }
  absl::StatusOr<v1::AppendResponse> Note(const std::string& visit, const std::string& author = "") {
    v1::AppendRequest request;
    request.set_author(author);
    request.mutable_entry()->set_visit_id(visit);
    request.mutable_entry()->mutable_note()->set_text("text");
    return session_->Append(request);
  }
  std::vector<std::string> Visits() {
    std::vector<std::string> ids;
    const absl::StatusOr<v1::VisitsListResponse> list = session_->VisitsList({});
    EXPECT_TRUE(list.ok());
    if (!list.ok()) return ids;
    for (const v1::LocalVisit& local : list->visits()) ids.push_back(local.visit().id());
    return ids;
  }
  std::vector<std::string> AuthorsAtServer() {
    std::vector<std::string> authors;
    for (const FakeServer::Stored& stored : server_.journals[1].entries) authors.push_back(stored.envelope.author());
    return authors;
  }
  v1::Readiness Ready(const std::string& day) {
    v1::ReadinessRequest request;
    request.set_day(day);
    const absl::StatusOr<v1::Readiness> readiness = session_->PrepareOffline(request);
    EXPECT_TRUE(readiness.ok()) << readiness.status();
    return readiness.ok() ? *readiness : v1::Readiness();
  }

  std::string directory_;
  FakeServer server_;
  std::unique_ptr<Session> session_;
  uint64_t opened_ = 0;
};

// ---- several technicians ----

TEST_F(PocketTest, TwoTechniciansShareAPhoneAndEntriesKeepTheirAuthor) {
  OpenEnrolled();
  PutVisit("ana", "of-ana");
  PutVisit("wei", "of-wei");
  EXPECT_TRUE(absl::IsPermissionDenied(session_->SignIn("wei").status())) << "the phone has not heard of it yet";
  Sync();
  EXPECT_THAT(Visits(), ElementsAre("of-ana"));
  ASSERT_TRUE(Note("of-ana").ok());
  const absl::StatusOr<v1::SignInResult> in = session_->SignIn("wei");
  ASSERT_TRUE(in.ok()) << in.status();
  EXPECT_FALSE(in->fetched());
  Sync();
  EXPECT_THAT(Visits(), ElementsAre("of-ana", "of-wei"));
  ASSERT_TRUE(Note("of-wei").ok());
  ASSERT_TRUE(session_->SignIn("ana")->fetched());
  ASSERT_TRUE(Note("of-ana").ok());
  Sync();
  EXPECT_THAT(AuthorsAtServer(), ElementsAre("ana", "wei", "ana"));
}

TEST_F(PocketTest, SigningOutRemovesVisitsAndLosesNoEntry) {
  OpenEnrolled();
  PutVisit("wei", "of-wei");
  Sync();
  ASSERT_TRUE(session_->SignIn("wei").ok());
  Sync();
  ASSERT_TRUE(Note("of-wei").ok());
  ASSERT_TRUE(Note("of-wei").ok());
  const absl::StatusOr<v1::SignOutResult> out = session_->SignOut("wei");
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_EQ(out->entries_saved_here(), 2u);
  EXPECT_EQ(out->visits_removed(), 1u);
  EXPECT_THAT(Visits(), IsEmpty());
  Open();  // Over a restart as well.
  EXPECT_THAT(Visits(), IsEmpty());
  const absl::StatusOr<v1::PhoneStatus> status = session_->Status();
  ASSERT_TRUE(status.ok());
  EXPECT_THAT(status->technician_ids(), ElementsAre("ana"));
  EXPECT_EQ(status->entries_saved_here(), 2u);
  Sync();
  EXPECT_THAT(Visits(), IsEmpty());
  EXPECT_THAT(AuthorsAtServer(), ElementsAre("wei", "wei"));
  EXPECT_EQ(session_->Status()->entries_counted(), 2u);
}

TEST_F(PocketTest, APageThatWasOnItsWayDoesNotBringBackWhoSignedOut) {
  OpenEnrolled();
  Sync();
  ASSERT_TRUE(session_->SignIn("wei").ok());
  HeldTransport* const transport = OpenHeld();
  PutVisit("wei", "of-wei");
  ASSERT_TRUE(session_->SyncStart().ok());
  transport->LetThroughUntilPullOf("technician:wei");
  ASSERT_TRUE(session_->SignOut("wei").ok());
  transport->LetThrough();
  // What the network brought has its turn among so many questions.
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(session_->Status().ok());
  EXPECT_THAT(Visits(), IsEmpty());
  Open();
  EXPECT_THAT(Visits(), IsEmpty());
}

TEST_F(PocketTest, WithNobodySignedInAnEntryNeedsAnAuthor) {
  OpenEnrolled();
  ASSERT_TRUE(session_->SignOut("ana").ok());
  const absl::Status refused = Note("v").status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("nobody is signed in"));
  const absl::StatusOr<v1::AppendResponse> taken = Note("v", "ana");
  ASSERT_TRUE(taken.ok()) << "facts are not refused";
  EXPECT_THAT(taken->warnings(), testing::Contains(HasSubstr("ana is not signed in")));
}

// ---- ready for a day without a network ----

TEST_F(PocketTest, SaysWhatIsMissingForTomorrowAndWhy) {
  OpenEnrolled();
  v1::Readiness readiness = Ready("today");
  EXPECT_FALSE(readiness.ready());
  EXPECT_EQ(readiness.proof_time_us(), 0);
  EXPECT_THAT(readiness.missing(), testing::Contains(HasSubstr("has not been fetched to its end")));

  PutVisit("ana", "today-1");
  PutVisit("ana", "tomorrow-1", kNineUs + int64_t{86400} * 1000000);
  server_.Put("technician:ana", v1::ENTITY_KIND_SITE, "mill-site", v1::Site().SerializeAsString());
  Sync();
  readiness = Ready("");
  EXPECT_EQ(readiness.day(), "2026-11-24");
  EXPECT_FALSE(readiness.ready());
  EXPECT_THAT(readiness.missing(), IsEmpty());
  ASSERT_EQ(readiness.visits_size(), 1);
  EXPECT_EQ(readiness.visits(0).visit().visit().id(), "tomorrow-1");
  ASSERT_EQ(readiness.visits(0).items_size(), 2);
  EXPECT_FALSE(readiness.visits(0).items(0).here());
  EXPECT_THAT(readiness.visits(0).items(0).why(), HasSubstr("brief of account mill: the office had sent everything"));
  EXPECT_TRUE(readiness.visits(0).items(1).here());

  server_.Put("technician:ana", v1::ENTITY_KIND_BRIEF, "mill", v1::AccountBrief().SerializeAsString());
  v1::ReadinessRequest request;
  request.mutable_sync();
  const absl::StatusOr<v1::Readiness> synced = session_->PrepareOffline(request);
  ASSERT_TRUE(synced.ok()) << synced.status();
  EXPECT_TRUE(synced->ready());
  EXPECT_TRUE(synced->sync().complete());
  EXPECT_GT(synced->proof_time_us(), 0);
  EXPECT_THAT(Ready("2026-11-23").visits(0).visit().visit().id(), "today-1");
  EXPECT_TRUE(Ready("2026-12-07").ready()) << "nothing is planned, and that is known";
  EXPECT_TRUE(Ready("2026-11-16").ready());
  for (const char* outside : {"2026-12-08", "2026-12-24", "2026-11-15"}) {
    readiness = Ready(outside);
    EXPECT_FALSE(readiness.ready()) << outside << ": nobody here knows what is planned";
    EXPECT_THAT(readiness.missing(), testing::Contains(HasSubstr("from 2026-11-16 to 2026-12-07"))) << outside;
  }
  request.set_day("soon");
  EXPECT_TRUE(absl::IsInvalidArgument(session_->PrepareOffline(request).status()));
}

TEST_F(PocketTest, AHeadThatMovedOnIsNotCalledFetched) {
  OpenEnrolled();
  Sync();
  EXPECT_TRUE(session_->Status()->feeds_at_head());
  PutVisit("ana", "new");
  server_.fate = [](const std::string& method, const std::string&) {
    const bool pull = method.find("Pull") != std::string::npos;
    return FakeServer::Fate{pull ? absl::UnavailableError("no page") : absl::OkStatus(), false};
  };
  v1::SyncBudget budget;
  budget.set_time_ms_max(300);
  ASSERT_TRUE(session_->SyncOnce(budget).ok());
  server_.fate = nullptr;
  EXPECT_FALSE(session_->Status()->feeds_at_head());
  EXPECT_FALSE(Ready("today").ready());
  Open();  // Known over a restart.
  EXPECT_FALSE(session_->Status()->feeds_at_head());
  Sync();
  EXPECT_TRUE(session_->Status()->feeds_at_head());
}

// ---- put to sleep ----

TEST_F(PocketTest, QuiesceGivesUpWhatIsNotAnsweredAndBeginsNothingUntilTheNextCall) {
  OpenEnrolled();
  Sync();
  ASSERT_TRUE(Note("v").ok());
  HeldTransport* const transport = OpenHeld();
  ASSERT_TRUE(session_->SyncStart().ok());
  transport->WaitForStarted(3);  // A Hello, a frame and a page.
  const absl::StatusOr<v1::QuiesceResult> result = session_->Quiesce(0);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->entries_recorded(), 1u);
  EXPECT_EQ(result->entries_saved_here(), 1u);
  EXPECT_EQ(result->last_entry().seq(), 1u);
  EXPECT_EQ(result->calls_answered(), 0u);
  EXPECT_THAT(result->calls_given_up(), testing::UnorderedElementsAre(HasSubstr("asking the office"),
                                                                      HasSubstr("up to 1.1"), HasSubstr("fetching")));
  EXPECT_FALSE(result->checkpointed());
  EXPECT_TRUE(result->syncing());
  EXPECT_EQ(transport->held(), 0u);
  const int before = transport->started();
  ASSERT_TRUE(session_->EventsPoll(100, 0).ok());
  ASSERT_TRUE(session_->Quiesce(0).ok());
  EXPECT_EQ(transport->started(), before) << "asleep";
  ASSERT_TRUE(session_->Status().ok());
  transport->WaitForStarted(before + 3);  // All three again.
}

TEST_F(PocketTest, QuiesceWaitsForAnswersAndLeavesNothingToRecover) {
  OpenEnrolled();
  Sync();
  ASSERT_TRUE(Note("v").ok());
  HeldTransport* const transport = OpenHeld();
  ASSERT_TRUE(session_->SyncStart().ok());
  transport->WaitForStarted(3);
  std::atomic<bool> done{false};
  std::thread office([&] {
    while (!done) {
      transport->LetThrough();
      std::this_thread::yield();
    }
  });
  const absl::StatusOr<v1::QuiesceResult> result = session_->Quiesce(kLongMs);
  done = true;
  office.join();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->calls_given_up(), IsEmpty());
  EXPECT_TRUE(result->checkpointed()) << result->not_checkpointed_because();
  EXPECT_EQ(transport->held(), 0u);
  for (const char* log : {"/journal.db-wal", "/replica.db-wal"}) {
    EXPECT_EQ(std::filesystem::file_size(directory_ + log), 0u) << log;
  }
}

TEST_F(PocketTest, QuiesceEndsASyncThatSomebodyWaitsFor) {
  OpenEnrolled();
  HeldTransport* const transport = OpenHeld();
  absl::StatusOr<v1::SyncReport> report;
  std::thread sync([&] {
    v1::SyncBudget budget;
    budget.set_time_ms_max(kLongMs);
    report = session_->SyncOnce(budget);
  });
  transport->WaitForStarted(2);
  ASSERT_TRUE(session_->Quiesce(0).ok());
  sync.join();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_FALSE(report->complete());
  EXPECT_THAT(report->stopped_because(), HasSubstr("suspended"));
}

TEST_F(PocketTest, QuiesceGivesUpAnEnrolment) {
  OpenEnrolled();
  HeldTransport* const transport = OpenHeld();
  absl::Status enrolled;
  std::thread enrolment([&] {
    v1::EnrolmentRequest request;
    request.set_invitation_code("ABCD");
    enrolled = session_->Enrol(request);
  });
  transport->WaitForStarted(1);
  const absl::StatusOr<v1::QuiesceResult> result = session_->Quiesce(0);
  enrolment.join();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->calls_given_up(), ElementsAre("enrolling this phone"));
  EXPECT_TRUE(absl::IsUnavailable(enrolled)) << enrolled;
  EXPECT_EQ(transport->held(), 0u);
}

// ---- observed ----

// Counts what it is told, and lets a test wait for it.
class Watcher {
 public:
  void Tell(uint32_t kinds) {
    MutexLock lock(&mutex_);
    told_.push_back(kinds);
    changed_.NotifyAll();
  }
  void WaitFor(size_t calls) {
    MutexLock lock(&mutex_);
    while (told_.size() < calls) changed_.Wait(&mutex_);
  }
  std::vector<uint32_t> told() {
    MutexLock lock(&mutex_);
    return told_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::vector<uint32_t> told_ ABSL_GUARDED_BY(mutex_);
};

constexpr uint32_t Bit(v1::PhoneEvent::Kind kind) { return uint32_t{1} << kind; }

TEST_F(PocketTest, AnObserverIsToldOnceUntilSomebodyPolled) {
  OpenEnrolled();
  ASSERT_TRUE(session_->EventsPoll(1000, 0).ok());
  Watcher watcher;
  session_->Observe([&watcher](uint32_t kinds) { watcher.Tell(kinds); }, Bit(v1::PhoneEvent::KIND_TECHNICIANS_CHANGED));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(session_->SignIn("ana").ok());
  watcher.WaitFor(1);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(session_->SignIn("ana").ok());
  ASSERT_TRUE(session_->EventsPoll(1000, 0).ok());
  ASSERT_TRUE(session_->SignIn("ana").ok());
  watcher.WaitFor(2);
  session_->Observe(nullptr, 0);
  EXPECT_THAT(watcher.told(), testing::Each(Bit(v1::PhoneEvent::KIND_TECHNICIANS_CHANGED)));
  EXPECT_EQ(watcher.told().size(), 2u);
}

TEST_F(PocketTest, AnObserverMayCallTheCoreAndReplaceItself) {
  OpenEnrolled();
  Watcher first;
  Watcher second;
  std::string device;
  session_->Observe(
      [&](uint32_t kinds) {
        device = session_->Status()->device();
        (void)session_->EventsPoll(1000, 0);
        session_->Observe([&second](uint32_t told) { second.Tell(told); }, UINT32_MAX);
        first.Tell(kinds);
      },
      UINT32_MAX);
  ASSERT_TRUE(session_->SignIn("ana").ok());
  first.WaitFor(1);
  ASSERT_TRUE(session_->SignIn("ana").ok());
  second.WaitFor(1);
  session_->Observe(nullptr, 0);
  EXPECT_EQ(first.told().size(), 1u);
  EXPECT_EQ(device, "d7");
}

TEST_F(PocketTest, WhatWaitsAlreadyIsToldAtOnceAndClosingWaitsForTheObserver) {
  OpenEnrolled();
  ASSERT_TRUE(session_->SignIn("ana").ok());
  Watcher watcher;
  session_->Observe(
      [&watcher, session = session_.get()](uint32_t kinds) {
        watcher.Tell(kinds);
        // Until the core is being closed under it.
        while (!absl::IsCancelled(session->EventsPoll(1, kLongMs).status())) {
        }
      },
      UINT32_MAX);
  watcher.WaitFor(1);
  session_->Close();
}

}  // namespace
}  // namespace doorstep
