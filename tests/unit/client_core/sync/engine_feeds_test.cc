// When feeds are read, and when they are read again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client_core/sync/engine.h"
#include "client_core/sync/tuning.h"
#include "tests/unit/client_core/sync/engine_phone.h"

namespace doorstep {
namespace {

constexpr int64_t kSecond = tuning::kSecondUs;
using Phone = EnginePhone;

TEST(EngineFeedsTest, RowsOfAnotherGenerationAreFetchedAnewThoughTheHeadIsTheSame) {
  Phone phone;
  phone.Begin(0);
  phone.Drain();
  phone.Wait();
  ASSERT_TRUE(phone.Sent<SendHello>().has_value());
  phone.Do(HelloAnswered{phone.state.hello_call.call, 0, phone.state.queue, {}, {{"technician:ana", 1, true}}});
  ASSERT_TRUE(phone.Sent<SendPull>().has_value());
  EXPECT_EQ(phone.Sent<SendPull>()->feed, "technician:ana");
}

// A technician was taken off the device and is back.
TEST(EngineFeedsTest, AFeedThatWasRefusedIsAskedForOnceAHelloNamesIt) {
  Phone phone;
  phone.Do(FeedsSeen{{"device", "technician:ana"}});
  phone.Do(SyncStarted());
  phone.AnswerPull();
  phone.FailPull(absl::StatusCode::kPermissionDenied);
  phone.Do(HelloAnswered{phone.state.hello_call.call, 0, phone.state.queue, {}, {{"device", 1}}});
  EXPECT_FALSE(phone.Sent<SendPull>().has_value());
  phone.Wait();  // Until it polls.
  phone.AnswerHello(/*head=*/7);
  ASSERT_TRUE(phone.Sent<SendPull>().has_value());
  EXPECT_EQ(phone.Sent<SendPull>()->feed, "device");
  phone.AnswerPull(7);
  ASSERT_TRUE(phone.Sent<SendPull>().has_value());
  EXPECT_EQ(phone.Sent<SendPull>()->feed, "technician:ana");
}

TEST(EngineFeedsTest, JudgementsAreFetchedAfterAPush) {
  Phone phone;
  phone.Begin(0);
  phone.Drain();
  phone.Do(QueueSeen{2, 0, 1});
  phone.AnswerPush(1, /*device_seq=*/2);
  ASSERT_TRUE(phone.Sent<SendPull>().has_value());
  EXPECT_EQ(phone.Sent<SendPull>()->feed, "device");
}

TEST(EngineFeedsTest, HintDuringAPageAsksOnceMore) {
  Phone phone;
  phone.Do(FeedsSeen{{"device"}});
  phone.Do(SyncStarted());
  phone.Do(Notice::kHint);
  phone.AnswerPull();
  EXPECT_TRUE(phone.Sent<SendPull>().has_value());
  phone.AnswerPull();
  EXPECT_FALSE(phone.Sent<SendPull>().has_value());
}

// The office may have looked at its feeds for a Hello before it read the page, and answered after it.
TEST(EngineFeedsTest, AHelloThatTellsOfAnotherHeadThanThePageOnItsWayAsksOnceMore) {
  for (const int64_t told : {4, 5, 6}) {
    Phone phone;
    phone.Do(FeedsSeen{{"device"}});
    phone.Do(SyncStarted());
    phone.AnswerPull(4);
    phone.Do(Notice::kHint);
    ASSERT_TRUE(phone.Sent<SendPull>().has_value());
    phone.AnswerHello(told);
    phone.AnswerPull(5);
    EXPECT_EQ(phone.Sent<SendPull>().has_value(), told != 5) << told;
    phone.AnswerPull(told);
    EXPECT_FALSE(phone.Sent<SendPull>().has_value()) << told;
  }
}

TEST(EngineFeedsTest, PagesFollowEachOtherUntilTheHead) {
  Phone phone;
  phone.Do(FeedsSeen{{"device"}});
  phone.Do(SyncStarted());
  for (int page = 0; page < 5; ++page) {
    phone.Do(PullAnswered{phone.state.pull_call.call, 0, false, false, false, 9});
    ASSERT_TRUE(phone.Sent<SendPull>().has_value());
  }
  phone.AnswerPull(9);
  EXPECT_FALSE(phone.Sent<SendPull>().has_value());
}

// What such a server has lost is settled here: its rows would take it off the screen.
TEST(EngineFeedsTest, ARestoredServersPagesWaitForAHello) {
  Phone phone;
  phone.Begin(0);
  phone.Drain();
  phone.Do(Notice::kHint);
  phone.Do(PullAnswered{phone.state.pull_call.call, 0, false, false, /*generation_changed=*/true, 0});
  ASSERT_TRUE(phone.Sent<SendHello>().has_value());
  phone.Do(PullAnswered{phone.state.pull_call.call, 0, false, false, true, 0});  // Of the other feed.
  EXPECT_EQ(phone.state.pull_call.call, 0u);
  phone.AnswerHello(0);  // Even when nothing is left in the feeds.
  for (int feed = 0; feed < 2; ++feed) {
    ASSERT_TRUE(phone.Sent<SendPull>().has_value());
    phone.AnswerPull(0);
  }
  EXPECT_FALSE(phone.Sent<SendPull>().has_value());
}

// Somebody put its file back by hand: what it lost is called safe here until a Hello finds out.
TEST(EngineFeedsTest, APageThatHasLessThanThereWasAsksForAHello) {
  Phone phone;
  phone.Begin(0);
  phone.Drain();
  phone.Do(Notice::kHint);
  PullAnswered page{phone.state.pull_call.call, 0, /*at_head=*/true, false, false, 3};
  page.went_back = true;
  phone.Do(page);
  EXPECT_TRUE(phone.Sent<SendHello>().has_value());
}

TEST(EngineFeedsTest, SumsThatNeverAgreeDoNotDownloadInATightLoop) {
  Phone phone;
  phone.Do(FeedsSeen{{"device"}});
  phone.Do(SyncStarted());
  phone.AnswerHello();
  int64_t before = 0;
  phone.draw = UINT64_MAX / 2;
  for (int i = 0; i < 5; ++i) {
    before = phone.now_us;
    phone.Do(PullAnswered{phone.state.pull_call.call, 0, true, true, false, 9});
    EXPECT_FALSE(phone.Sent<SendPull>().has_value());
    while (phone.state.pull_call.call == 0) {
      phone.Wait();
      if (phone.state.hello_call.call != 0) phone.AnswerHello(0);
    }
    EXPECT_GE(phone.now_us - before, kSecond);
  }
}

TEST(EngineFeedsTest, OtherTechnicianBringsAnotherFeedAndEndsTheOldOne) {
  Phone phone;
  phone.Begin(0);
  phone.AnswerPull();  // The device feed; the technician's is in flight now.
  phone.Do(FeedsSeen{{"device", "technician:bo"}});
  EXPECT_EQ(phone.Cancelled(), 1);
  ASSERT_TRUE(phone.Sent<SendPull>().has_value());
  EXPECT_EQ(phone.Sent<SendPull>()->feed, "technician:bo");
}

}  // namespace
}  // namespace doorstep
