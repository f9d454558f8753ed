// A stream of hints through the whole session: what the office changed is on the phone without anybody asking.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "client_core/base/mutex.h"
#include "client_core/session/session.h"
#include "tests/unit/client_core/session/fake_server.h"

namespace doorstep {
namespace {

// Calls are answered at once; the stream says what the test makes it say.
class HintingTransport final : public Transport {
 public:
  explicit HintingTransport(FakeServer* server) : calls_(server) {}

  void Start(uint64_t id, UnaryCall call, Done done) override { calls_.Start(id, std::move(call), std::move(done)); }
  bool CanWatch() const override { return true; }
  void Watch(uint64_t id, UnaryCall call, Message message, Done done) override {
    MutexLock lock(&mutex_);
    ++opened_;
    id_ = id;
    call_ = std::move(call);
    message_ = std::move(message);
    done_ = std::move(done);
    changed_.NotifyAll();
  }
  void Cancel(uint64_t id) override {
    MutexLock lock(&mutex_);
    if (id == id_) id_ = 0;
    changed_.NotifyAll();
  }

  // Each waits until that is so; the test's time limit ends a wait in vain.
  void WaitForStream(int opened) {
    MutexLock lock(&mutex_);
    while (opened_ < opened || id_ == 0) changed_.Wait(&mutex_);
  }
  void WaitForNoStream() {
    MutexLock lock(&mutex_);
    while (id_ != 0) changed_.Wait(&mutex_);
  }
  void Say(const v1::WatchResponse& message) {
    MutexLock lock(&mutex_);
    message_(message.SerializeAsString());
  }
  void SayBytes(const std::string& bytes) {
    MutexLock lock(&mutex_);
    message_(bytes);
  }
  void End(const absl::Status& status) {
    MutexLock lock(&mutex_);
    id_ = 0;
    done_(status, "");
  }
  UnaryCall call() {
    MutexLock lock(&mutex_);
    return call_;
  }

 private:
  FakeTransport calls_;
  Mutex mutex_;
  CondVar changed_;
  int opened_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t id_ ABSL_GUARDED_BY(mutex_) = 0;
  UnaryCall call_ ABSL_GUARDED_BY(mutex_);
  Message message_ ABSL_GUARDED_BY(mutex_);
  Done done_ ABSL_GUARDED_BY(mutex_);
};

class HintsTest : public testing::Test {
 protected:
  HintsTest() {
    std::string path = testing::TempDir() + "/hints-XXXXXX";
    directory_ = mkdtemp(path.data());
    SessionParts parts;
    parts.store.directory = directory_;
    parts.clock = std::make_unique<SystemClock>();
    parts.random = std::make_unique<SeededRandom>(1);
    auto transport = std::make_unique<HintingTransport>(&server_);
    transport_ = transport.get();
    parts.transport = std::move(transport);
    session_ = *Session::Open(std::move(parts));
    v1::EnrolmentRequest request;
    request.set_invitation_code("invitation");
    EXPECT_TRUE(session_->Enrol(request).ok());
    v1::SyncBudget budget;
    EXPECT_TRUE(session_->SyncOnce(budget).ok());
  }
  ~HintsTest() override {
    session_.reset();
    std::filesystem::remove_all(directory_);
  }

  // Started, its stream open and at rest.
  void Begin() {
    EXPECT_TRUE(session_->SyncStart().ok());
    transport_->WaitForStream(1);
    WaitForMode("idle");
  }
  void WaitForMode(const std::string& mode) {
    while (session_->Status()->engine_state() != mode) std::this_thread::yield();
  }
  // A visit that the office has just changed.
  void PutVisit(const std::string& id) {
    v1::Visit visit;
    visit.set_id(id);
    visit.set_state(v1::VISIT_STATE_DISPATCHED);
    visit.add_assignments()->set_technician_id("ana");
    server_.Put("technician:ana", v1::ENTITY_KIND_VISIT, id, visit.SerializeAsString());
  }
  // Sooner than the next poll, which is a minute away.
  bool SeesVisit(const std::string& id) {
    for (int i = 0; i < 20; ++i) {
      const absl::StatusOr<v1::EventsPollResponse> polled = session_->EventsPoll(10, 1000);
      for (const v1::PhoneEvent& event : polled->events()) {
        if (event.kind() == v1::PhoneEvent::KIND_VISIT_CHANGED && event.visit_id() == id) return true;
      }
    }
    return false;
  }
  static v1::WatchResponse Moved(const std::string& feed, int64_t seq) {
    v1::WatchResponse message;
    message.add_feeds()->set_feed(feed);
    message.mutable_feeds(0)->set_seq(seq);
    return message;
  }

  std::string directory_;
  FakeServer server_;
  HintingTransport* transport_ = nullptr;
  std::unique_ptr<Session> session_;
};

TEST_F(HintsTest, AHintBringsWhatTheOfficeChanged) {
  Begin();
  EXPECT_FALSE(session_->Status()->told_at_once()) << "nothing has been said yet";
  transport_->Say(v1::WatchResponse());
  PutVisit("V-1");
  transport_->Say(Moved("technician:ana", 1000));
  EXPECT_TRUE(SeesVisit("V-1"));
  EXPECT_TRUE(session_->Status()->told_at_once());
}

TEST_F(HintsTest, TheStreamIsOpenedWithThePhonesOwnTokenAndADeadline) {
  Begin();
  EXPECT_EQ(transport_->call().method, "/doorstep.v1.SyncService/Watch");
  EXPECT_EQ(transport_->call().authorization, "Bearer token-1");
  EXPECT_GT(transport_->call().deadline_ms, 0u);
}

TEST_F(HintsTest, AHintThatCannotBeReadIsAHintAllTheSame) {
  Begin();
  PutVisit("V-1");
  transport_->SayBytes("\xff\xff\xff");
  EXPECT_TRUE(SeesVisit("V-1"));
}

TEST_F(HintsTest, ALostStreamIsOpenedAgainAndItsFirstMessageBringsWhatMovedMeanwhile) {
  Begin();
  transport_->Say(v1::WatchResponse());
  transport_->End(absl::UnavailableError("the server is ending"));
  while (session_->Status()->told_at_once()) std::this_thread::yield();
  PutVisit("V-1");
  transport_->WaitForStream(2);
  transport_->Say(Moved("technician:ana", 1000));
  EXPECT_TRUE(SeesVisit("V-1"));
}

TEST_F(HintsTest, TheStreamIsClosedInTheBackgroundAndWhenTheSyncStops) {
  Begin();
  EXPECT_TRUE(session_->Notify(v1::PHONE_NOTICE_BACKGROUND).ok());
  transport_->WaitForNoStream();
  EXPECT_TRUE(session_->Notify(v1::PHONE_NOTICE_FOREGROUND).ok());
  transport_->WaitForStream(2);
  EXPECT_TRUE(session_->SyncStop().ok());
  transport_->WaitForNoStream();
}

TEST_F(HintsTest, AnOfficeThatIsBusyIsAskedAgainAndLosesNothing) {
  v1::AppendRequest note;
  note.mutable_entry()->set_visit_id("V-1");
  note.mutable_entry()->mutable_note()->set_text("the bell is broken");
  ASSERT_TRUE(session_->Append(note).ok());
  PutVisit("V-1");
  // Every kind of call is put off three times.
  std::map<std::string, int> put_off;
  server_.busy = [&put_off](const std::string& method) { return ++put_off[method] <= 3; };
  v1::SyncBudget budget;
  const absl::StatusOr<v1::SyncReport> report = session_->SyncOnce(budget);
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->complete()) << report->stopped_because();
  EXPECT_GT(put_off["/doorstep.v1.SyncService/Hello"], 3);
  EXPECT_GT(put_off["/doorstep.v1.SyncService/Push"], 3);
  EXPECT_GT(put_off["/doorstep.v1.SyncService/Pull"], 3);
  EXPECT_EQ(server_.Entries().size(), 1u);
  EXPECT_TRUE(session_->VisitGet("V-1").ok());
  EXPECT_EQ(session_->Status()->last_error(), "");
}

}  // namespace
}  // namespace doorstep
