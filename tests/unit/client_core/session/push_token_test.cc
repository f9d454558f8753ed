// The office learns by what a phone is woken: once, and again when it may have forgotten. Nobody else learns it.
#include <string>
#include <vector>

#include "client_core/base/mutex.h"
#include "tests/unit/client_core/session/session_fixture.h"

namespace doorstep {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kHello[] = "/doorstep.v1.SyncService/Hello";

class PushTokenSessionTest : public SessionTest {
 protected:
  // What the Hellos since the last look told, in their order; "none" when the phone has none any more.
  std::vector<std::string> Told() {
    std::vector<std::string> told;
    for (; looked_ < server_.hellos.size(); ++looked_) {
      const v1::HelloRequest& hello = server_.hellos[looked_];
      if (!hello.has_push_token()) continue;
      told.push_back(hello.push_token().token().empty() ? "none" : hello.push_token().token());
    }
    return told;
  }
  void Set(const std::string& token) {
    const absl::Status set = session_->SetPushToken(token);
    ASSERT_TRUE(set.ok()) << set;
  }

  size_t looked_ = 0;
};

TEST_F(PushTokenSessionTest, IsToldOnceAndTheOfficeIsKnownToHaveIt) {
  Open();
  Set("fcm-1");
  ASSERT_TRUE(Enrol().ok());
  EXPECT_TRUE(Status().push_token_set());
  EXPECT_FALSE(Status().push_token_told());
  ASSERT_TRUE(Sync().complete());
  EXPECT_THAT(Told(), ElementsAre("fcm-1"));
  EXPECT_TRUE(Status().push_token_told());
  ASSERT_TRUE(Sync().complete());
  Open();
  Set("fcm-1");
  ASSERT_TRUE(Sync().complete());
  EXPECT_THAT(Told(), IsEmpty()) << "an idle Hello stays small";
}

TEST_F(PushTokenSessionTest, AnotherTokenAndNoneAnyMoreAreToldOfItsOwnAccord) {
  OpenEnrolled();
  Mutex mutex;
  CondVar came;
  std::vector<std::string> told;
  server_.fate = [&](const std::string& method, const std::string& request) {
    v1::HelloRequest hello;
    if (method == kHello && hello.ParseFromString(request) && hello.has_push_token()) {
      MutexLock lock(&mutex);
      told.push_back(hello.push_token().token());
      came.NotifyAll();
    }
    return FakeServer::Fate();
  };
  ASSERT_TRUE(session_->SyncStart().ok());
  for (const std::string token : {"fcm-1", "fcm-2", ""}) {
    Set(token);
    MutexLock lock(&mutex);
    while (told.empty() || told.back() != token) ASSERT_TRUE(came.WaitFor(&mutex, 60 * 1000000)) << token;
  }
  ASSERT_TRUE(Sync().complete());
  EXPECT_FALSE(Status().push_token_set());
  EXPECT_FALSE(Status().push_token_told());
  session_.reset();
  EXPECT_THAT(told, ElementsAre("fcm-1", "fcm-2", ""));
}

TEST_F(PushTokenSessionTest, ARestoredServerIsToldInTheSameSync) {
  OpenEnrolled();
  Set("fcm-1");
  AppendNotes(1);
  ASSERT_TRUE(Sync().complete());
  EXPECT_THAT(Told(), ElementsAre("fcm-1"));
  server_.Restore("g2", 1, 1);
  // Only the Hello says that it was restored, and the phone has nothing else to say another one for.
  server_.fate = [](const std::string& method, const std::string&) {
    return FakeServer::Fate{method == kHello ? absl::OkStatus() : absl::UnavailableError("lost")};
  };
  Sync(50);
  EXPECT_THAT(Told(), ElementsAre("fcm-1"));
  EXPECT_TRUE(Status().push_token_told());
  server_.fate = nullptr;
  EXPECT_TRUE(Sync().complete());
}

TEST_F(PushTokenSessionTest, WhatAnOfficeThatRefusesThePhoneHadIsToldAgain) {
  OpenEnrolled();
  Set("fcm-1");
  ASSERT_TRUE(Sync().complete());
  EXPECT_THAT(Told(), ElementsAre("fcm-1"));
  for (const absl::StatusCode code : {absl::StatusCode::kPermissionDenied, absl::StatusCode::kUnauthenticated}) {
    server_.fate = [code](const std::string& method, const std::string&) {
      return FakeServer::Fate{method == kHello ? absl::Status(code, "refused") : absl::OkStatus()};
    };
    EXPECT_FALSE(Sync().complete());
    EXPECT_FALSE(Status().push_token_told());
    server_.fate = nullptr;
    ASSERT_TRUE(Sync().complete());
    EXPECT_THAT(Told(), ElementsAre("fcm-1")) << absl::StatusCodeToString(code);
  }
}

// It may have blocked the phone for a while in which that slept, or be restored from before it was told.
TEST_F(PushTokenSessionTest, WhatTheOfficeHasNoMoreIsToldInTheSameSync) {
  OpenEnrolled();
  Set("fcm-1");
  ASSERT_TRUE(Sync().complete());
  EXPECT_THAT(Told(), ElementsAre("fcm-1"));
  server_.push_token.clear();
  ASSERT_TRUE(Sync().complete());
  EXPECT_THAT(Told(), ElementsAre("fcm-1"));
  EXPECT_TRUE(Status().push_token_told());
  ASSERT_TRUE(Sync().complete());
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(PushTokenSessionTest, AnOfficeThatKeepsNoTokensIsToldOnceAHello) {
  OpenEnrolled();
  server_.keeps_push_tokens = false;
  Set("fcm-1");
  ASSERT_TRUE(Sync().complete());
  EXPECT_FALSE(Status().push_token_told());
  const size_t hellos = server_.hellos.size();
  ASSERT_TRUE(Sync().complete());
  EXPECT_EQ(server_.hellos.size(), hellos + 1);
}

TEST_F(PushTokenSessionTest, AnAnswerThatWasLostOrPutOffIsNone) {
  OpenEnrolled();
  Set("fcm-1");
  server_.fate = [](const std::string& method, const std::string&) {
    return FakeServer::Fate{method == kHello ? absl::UnavailableError("lost") : absl::OkStatus(), /*after=*/true};
  };
  Sync(50);
  EXPECT_FALSE(Status().push_token_told());
  server_.fate = nullptr;
  int put_off = 0;
  server_.busy = [&put_off](const std::string& method) { return method == kHello && put_off++ == 0; };
  Told();
  ASSERT_TRUE(Sync().complete());
  EXPECT_GE(put_off, 2);
  EXPECT_THAT(Told(), ElementsAre("fcm-1"));
}

TEST_F(PushTokenSessionTest, NeitherLogNorStatusNorBundleHasIt) {
  std::string logged;
  {
    SessionParts parts;
    parts.store.directory = directory_;
    parts.clock = std::make_unique<TickingClock>("boot-1");
    parts.random = std::make_unique<SeededRandom>(1);
    parts.transport = std::make_unique<FakeTransport>(&server_);
    parts.log = [&logged](LogLevel, absl::string_view line) { absl::StrAppend(&logged, line, "\n"); };
    parts.store.log = parts.log;
    absl::StatusOr<std::unique_ptr<Session>> session = Session::Open(std::move(parts));
    ASSERT_TRUE(session.ok()) << session.status();
    session_ = *std::move(session);
  }
  ASSERT_TRUE(Enrol().ok());
  Set("fcm-secret");
  AppendNotes(2);
  server_.fate = [](const std::string&, const std::string&) {
    return FakeServer::Fate{absl::UnavailableError("lost")};
  };
  Sync(50);
  server_.fate = nullptr;
  ASSERT_TRUE(Sync().complete());
  EXPECT_THAT(Told(), ElementsAre("fcm-secret"));
  AppendNotes(1);
  EXPECT_THAT(Status().SerializeAsString(), Not(HasSubstr("fcm-secret")));
  const absl::StatusOr<v1::Bundle> bundle = session_->ExportBundle();
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  EXPECT_THAT(bundle->SerializeAsString(), Not(HasSubstr("fcm-secret")));
  session_.reset();
  EXPECT_THAT(logged, HasSubstr("sync is")) << "what was looked at is the log";
  EXPECT_THAT(logged, Not(HasSubstr("fcm-secret")));
}

}  // namespace
}  // namespace doorstep
