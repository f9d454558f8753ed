// What a sync within bounds of time and bytes does, and what it says when it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client_core/sync/engine.h"
#include "client_core/sync/tuning.h"
#include "tests/unit/client_core/sync/engine_phone.h"

namespace doorstep {
namespace {

constexpr int64_t kSecond = tuning::kSecondUs;
using Phone = EnginePhone;

TEST(EngineBudgetTest, BudgetIsCompleteWhenAllIsReceivedAndEveryFeedAtItsHead) {
  Phone phone;
  phone.Do(FeedsSeen{{"device", "technician:ana"}});
  phone.Do(QueueSeen{2, 0, 3});
  phone.Do(BudgetBegun{30 * kSecond, 0});
  EXPECT_EQ(phone.Judge().verdict, BudgetVerdict::kGoesOn);
  phone.Drain();
  EXPECT_EQ(phone.Judge().verdict, BudgetVerdict::kComplete);
  phone.Do(BudgetEnded());
  EXPECT_EQ(phone.state.mode, SyncMode::kStopped);
  EXPECT_EQ(phone.timer_us, 0);
}

TEST(EngineBudgetTest, BudgetStopsAndSaysWhy) {
  const auto begin = [](Phone& phone, uint64_t bytes) {
    phone.Do(FeedsSeen{{"device"}});
    phone.Do(QueueSeen{2, 0, 3});
    phone.Do(BudgetBegun{10 * kSecond, bytes});
  };
  {
    Phone phone;
    begin(phone, 0);
    phone.now_us += 10 * kSecond;
    phone.Do(Tick());
    EXPECT_EQ(phone.Judge().stopped_because, "the time was up");
    phone.Do(BudgetEnded());
    EXPECT_EQ(phone.Cancelled(), 3);
  }
  {
    Phone phone;
    begin(phone, 0);
    phone.Do(Notice::kNetworkLost);
    EXPECT_EQ(phone.Judge().stopped_because, "the phone has no network");
  }
  {
    Phone phone;
    begin(phone, 0);
    phone.FailPush(absl::StatusCode::kUnauthenticated);
    phone.FailPull(absl::StatusCode::kUnauthenticated);
    phone.FailHello(absl::StatusCode::kUnauthenticated);
    EXPECT_EQ(phone.Judge().stopped_because, "the server refuses this device: push failed");
  }
  {
    // An older server does not know the call that brings photos, and takes all the rest.
    Phone phone;
    begin(phone, 0);
    phone.AnswerPull();
    phone.AnswerPush(3);
    phone.AnswerHello();
    phone.AnswerHello();  // It looks once more when all is sent.
    phone.Do(AttachmentsSeen{true, false, false});
    phone.Do(CallFailed{phone.state.attach_call.call, 0, absl::StatusCode::kUnimplemented, "no such call", 0});
    EXPECT_THAT(phone.Judge().stopped_because, testing::HasSubstr("older than this app"));
  }
  {
    Phone phone;
    begin(phone, 20000);
    EXPECT_LE(phone.Sent<SendPush>()->bytes_max, 20000u);
    EXPECT_LE(phone.Sent<SendPull>()->page_bytes, 20000u);
    phone.Do(PullAnswered{phone.state.pull_call.call, 15000, false, false, false, 9});
    phone.AnswerPush(3);
    phone.AnswerHello();
    EXPECT_EQ(phone.Judge().stopped_because, "the bytes were spent");
  }
  {
    Phone phone;
    begin(phone, 0);
    phone.AnswerPull();
    phone.AnswerHello();
    phone.AnswerPush(1, 1, {0, 0, 60 * kSecond});
    EXPECT_EQ(phone.Judge().stopped_because, "the server asked to wait");
  }
}

TEST(EngineBudgetTest, BudgetGivesUpOnADeadServerLongBeforeItsTime) {
  Phone phone;
  phone.draw = 12345;
  phone.Do(FeedsSeen{{"device", "technician:ana"}});
  phone.Do(QueueSeen{2, 0, 3});
  phone.Do(BudgetBegun{600 * kSecond, 0});
  int failures = 0;
  while (phone.Judge().verdict == BudgetVerdict::kGoesOn && failures < 100) {
    if (phone.state.push_call.call != 0) {
      phone.FailPush(absl::StatusCode::kUnavailable), ++failures;
    } else if (phone.state.pull_call.call != 0) {
      phone.FailPull(absl::StatusCode::kUnavailable), ++failures;
    } else if (phone.state.hello_call.call != 0) {
      phone.FailHello(absl::StatusCode::kUnavailable), ++failures;
    } else {
      phone.Wait();
    }
  }
  EXPECT_EQ(phone.Judge().stopped_because, "the server cannot be reached: push failed");
  EXPECT_GE(failures, static_cast<int>(tuning::kBudgetFailuresMax));
  EXPECT_LE(failures, static_cast<int>(tuning::kBudgetFailuresMax) + 3);
}

}  // namespace
}  // namespace doorstep
