// What the driver promises whatever has become of the phone's files.
#include "client_core/session/sync_driver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client_core/base/clock.h"
#include "client_core/base/mutex.h"
#include "client_core/session/recorder.h"
#include "client_core/session/serial_queue.h"
#include "doorstep/v1/sync.pb.h"

namespace doorstep {
namespace {

// A server whose feeds are empty: every page is the whole snapshot.
class EmptyOffice final : public Transport {
 public:
  void Start(uint64_t, UnaryCall call, Done done) override {
    ++calls;
    if (silent) return;
    if (call.method != "/doorstep.v1.SyncService/Pull") {
      v1::HelloResponse hello;
      hello.set_generation("g1");
      return done(absl::OkStatus(), hello.SerializeAsString());
    }
    v1::PullRequest request;
    ASSERT_TRUE(request.ParseFromString(call.request));
    pulls.push_back(request.feed() + " from \"" + request.cursor() + "\"");
    v1::PullResponse page;
    page.set_codec(v1::CODEC_NONE);
    page.set_snapshot_begins(true);
    page.set_snapshot_ends(true);
    page.set_at_head(true);
    page.set_cursor("head");
    page.set_feed_seq(5);
    page.set_generation("g1");
    done(absl::OkStatus(), page.SerializeAsString());
  }
  void Cancel(uint64_t) override {}

  int calls = 0;
  bool silent = false;
  std::vector<std::string> pulls;
};

// Answers when it is told to.
class HeldOffice final : public Transport {
 public:
  void Start(uint64_t, UnaryCall call, Done done) override { calls[call.method] = std::move(done); }
  void Cancel(uint64_t) override { ++cancelled; }
  void Answer(const std::string& method, const google::protobuf::MessageLite& response) {
    calls.at("/doorstep.v1.SyncService/" + method)(absl::OkStatus(), response.SerializeAsString());
  }

  std::map<std::string, Done> calls;  // The last one of each method.
  int cancelled = 0;
};

class SyncDriverTest : public testing::Test {
 protected:
  SyncDriverTest() : queue_([] {}) {
    std::string path = testing::TempDir() + "/driver-XXXXXX";
    directory_ = mkdtemp(path.data());
    StoreOptions options;
    options.directory = directory_;
    store_ = LocalStore::Open(options).value();
    v1::EnrolmentRequest invitation;
    invitation.set_invitation_code("invitation");
    EXPECT_TRUE(store_->journal().PrepareEnrolment(invitation, random_).ok());
    v1::EnrollResponse enrolled;
    enrolled.set_device("d7");
    enrolled.set_token("token");
    enrolled.set_generation("g1");
    enrolled.add_technicians()->set_id("ana");
    enrolled.mutable_epoch()->set_epoch(1);
    enrolled.mutable_epoch()->set_salt(std::string(16, 's'));
    EXPECT_TRUE(store_->CompleteEnrolment(enrolled).ok());
    signer_ = std::make_unique<FrameSigner>(std::nullopt, store_.get(), &random_);
    driver_ = DriverOver(&office_);
  }
  std::unique_ptr<SyncDriver> DriverOver(Transport* transport) {
    return std::make_unique<SyncDriver>(
        SyncDriver::Parts{store_.get(), transport, signer_.get(), &clock_, &random_, &queue_, &events_, {}});
  }
  void Append(const std::string& text) {
    v1::AppendRequest request;
    request.set_author("ana");
    request.mutable_entry()->mutable_note()->set_text(text);
    ASSERT_TRUE(Record(request, clock_.Now(), random_, *store_).ok());
  }
  ~SyncDriverTest() override {
    queue_.Close();
    driver_.reset();
    store_.reset();
    std::filesystem::remove_all(directory_);
  }
  // After the answers that have come: what is asked for would overtake them.
  void OnQueue(const std::function<void()>& task) {
    Mutex mutex;
    CondVar changed;
    bool done = false;
    queue_.Post(Urgency::kNetwork, [&] {
      task();
      MutexLock lock(&mutex);
      done = true;
      changed.NotifyAll();
    });
    MutexLock lock(&mutex);
    while (!done) changed.Wait(&mutex);
  }
  // Lets answers through until so many pages were asked for, or nothing comes any more.
  void WaitForPulls(size_t count) {
    bool reached = false;
    for (int turn = 0; turn < 1000 && !reached; ++turn) {
      OnQueue([this, count, &reached] { reached = office_.pulls.size() >= count; });
    }
  }
  // Everything of the journal's file is gone, and nothing can be written beside it.
  void LoseTheJournal() {
    std::ofstream(directory_ + "/journal.db-wal", std::ios::trunc).flush();
    std::ofstream(directory_ + "/journal.db", std::ios::trunc) << std::string(16384, 'x');
    std::filesystem::create_directory(directory_ + "/journal.db.salvaged");
    ASSERT_FALSE(store_->RepairJournal(absl::DataLossError("found by a check")).ok());
    ASSERT_FALSE(store_->journal().identity().has_value());
  }

  std::string directory_;
  SystemClock clock_;
  SeededRandom random_{7};
  EmptyOffice office_;
  EventLog events_;
  SerialQueue queue_;
  std::unique_ptr<LocalStore> store_;
  std::unique_ptr<FrameSigner> signer_;
  std::unique_ptr<SyncDriver> driver_;
};

TEST_F(SyncDriverTest, AsksTheServerForEveryFeedAgainWhenTheReplicaWasRebuilt) {
  OnQueue([this] {
    driver_->IdentityChanged();
    driver_->Handle(SyncStarted());
  });
  WaitForPulls(3);  // No third one comes: both feeds are read to their heads.
  OnQueue([this] {
    ASSERT_THAT(office_.pulls, testing::ElementsAre("device from \"\"", "technician:ana from \"\""));
    ASSERT_TRUE(store_->RepairReplica(absl::DataLossError("found by a check")).ok());
    driver_->Handle(Tick());
  });
  WaitForPulls(4);
  OnQueue([this] {
    ASSERT_EQ(office_.pulls.size(), 4u);
    EXPECT_EQ(office_.pulls[2], "device from \"\"");
    EXPECT_EQ(office_.pulls[3], "technician:ana from \"\"");
  });
}

// Of it a Hello tells first, and then comes what the server that was before had answered: a clone was found there, with
// which this phone had something in common that the server of now does not have.
TEST_F(SyncDriverTest, AnswersOfAServerThatHasBeenRestoredSinceAreNotHeard) {
  HeldOffice office;
  Transport::Done late;
  OnQueue([this, &office, &late] {
    Append("the office had this in the file that was replaced");
    v1::JournalMark mark;
    mark.set_epoch(1);
    mark.set_received_through(1);
    mark.set_hash(std::string(AsBytes(store_->journal().ReadForFrame(1, 0, 1, UINT64_MAX)->head_hash)));
    ASSERT_EQ(*store_->journal().Acknowledge(mark), Acknowledgement::kMoved);
    Append("and takes this one for a clone's");
    driver_ = DriverOver(&office);
    driver_->IdentityChanged();
    driver_->Handle(SyncStarted());
    ASSERT_EQ(office.calls.size(), 3u);  // Push, Pull and Hello.
    late = office.calls.at("/doorstep.v1.SyncService/Push");

    v1::HelloResponse hello;
    hello.set_generation("g2");
    hello.add_marks()->set_epoch(1);
    office.Answer("Hello", hello);
  });
  OnQueue([this, &office, &late] {
    EXPECT_EQ(office.cancelled, 2);
    ASSERT_EQ(store_->journal().UnsentEpoch(), 1u);
    v1::PushResponse push;
    push.set_generation("g1");
    push.mutable_fork()->set_epoch(1);
    push.mutable_fork()->set_last_common_seq(1);
    push.mutable_fork()->set_new_epoch(2);
    push.mutable_fork()->set_new_epoch_salt(std::string(16, 't'));
    late(absl::OkStatus(), push.SerializeAsString());
  });
  OnQueue([this] {
    EXPECT_EQ(store_->journal().epochs().size(), 1u);
    EXPECT_EQ(store_->journal().epochs().at(1).received_through, 0u) << "the server of now does not have it";
    driver_.reset();
  });
}

TEST_F(SyncDriverTest, SendsNothingAndLivesOnWhenTheJournalIsLostAndCannotBeSalvaged) {
  OnQueue([this] {
    driver_->IdentityChanged();
    LoseTheJournal();
    driver_->Handle(SyncStarted());
  });
  OnQueue([this] { EXPECT_EQ(office_.calls, 0); });
}

TEST_F(SyncDriverTest, ATapIsToldWhatToDoWhenTheJournalIsLostAndCannotBeSalvaged) {
  OnQueue([this] {
    LoseTheJournal();
    v1::AppendRequest request;
    request.mutable_entry()->mutable_note()->set_text("the valve seat is worn");
    const absl::Status refused = Record(request, clock_.Now(), random_, *store_).status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << refused;
    EXPECT_THAT(std::string(refused.message()), testing::HasSubstr("close the app and open it again"));
  });
}

TEST_F(SyncDriverTest, EverybodyWhoWaitsForQuietIsTold) {
  int told = 0;
  OnQueue([this, &told] {
    driver_->IdentityChanged();
    driver_->Handle(SyncStarted());  // Its answers wait behind this task.
    for (int i = 0; i < 2; ++i) driver_->Quiesce([&told] { ++told; });
  });
  WaitForPulls(100);  // Nothing comes any more.
  OnQueue([&told] { EXPECT_EQ(told, 2); });
}

TEST_F(SyncDriverTest, WhoEndsTheQuietEndsItForEverybody) {
  int told = 0;
  office_.silent = true;
  OnQueue([this, &told] {
    driver_->IdentityChanged();
    driver_->Handle(SyncStarted());
    for (int i = 0; i < 2; ++i) driver_->Quiesce([&told] { ++told; });
    EXPECT_EQ(driver_->FinishQuiesce().given_up.size(), 2u);  // A Hello and a page.
  });
  WaitForPulls(1);  // None comes.
  OnQueue([&told] { EXPECT_EQ(told, 2); });
}

}  // namespace
}  // namespace doorstep
