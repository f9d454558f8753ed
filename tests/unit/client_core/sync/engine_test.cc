#include "client_core/sync/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "client_core/sync/tuning.h"
#include "tests/unit/client_core/sync/engine_phone.h"

namespace doorstep {
namespace {

constexpr int64_t kSecond = tuning::kSecondUs;

using Phone = EnginePhone;

TEST(EngineTest, StartSendsHelloPushAndPullSideBySide) {
  Phone phone;
  phone.Begin(5);
  EXPECT_TRUE(phone.Sent<SendHello>().has_value());
  ASSERT_TRUE(phone.Sent<SendPush>().has_value());
  EXPECT_EQ(phone.Sent<SendPush>()->epoch, 2u);
  EXPECT_EQ(phone.Sent<SendPush>()->after_seq, 0u);
  ASSERT_TRUE(phone.Sent<SendPull>().has_value());
  EXPECT_EQ(phone.Sent<SendPull>()->feed, "device");
  EXPECT_EQ(phone.state.mode, SyncMode::kSyncing);
}

TEST(EngineTest, NothingIsSentUnlessAskedForAndEnrolled) {
  Phone phone;
  phone.Do(SyncStarted());
  EXPECT_EQ(phone.state.mode, SyncMode::kStopped);
  phone.Do(SyncStopped());
  phone.Do(FeedsSeen{{"device"}});
  phone.Do(QueueSeen{2, 0, 9});
  for (const Notice notice : {Notice::kNetworkChanged, Notice::kForeground, Notice::kUserPulled, Notice::kHint}) {
    phone.Do(notice);
    EXPECT_EQ(phone.state.mode, SyncMode::kStopped);
    EXPECT_EQ(phone.timer_us, 0);
  }
  phone.Do(SyncStarted());
  EXPECT_TRUE(phone.Sent<SendPush>().has_value());
}

TEST(EngineTest, AsleepItLetsCallsEndAndBeginsNone) {
  Phone phone;
  phone.Begin(5);
  phone.Do(Quiesced());
  EXPECT_EQ(phone.Cancelled(), 0);
  phone.AnswerPush(3);
  EXPECT_FALSE(phone.Sent<SendPush>().has_value());
  phone.AnswerPull();
  phone.AnswerHello(7);
  for (const Notice notice : {Notice::kNetworkChanged, Notice::kForeground, Notice::kUserPulled, Notice::kHint}) {
    phone.Do(notice);
    EXPECT_EQ(phone.state.mode, SyncMode::kStopped);
    EXPECT_EQ(phone.timer_us, 0) << "no timer wakes a phone that sleeps";
  }
  phone.Do(Woken());
  EXPECT_TRUE(phone.Sent<SendPush>().has_value());
  EXPECT_TRUE(phone.Sent<SendPull>().has_value());
  EXPECT_TRUE(phone.Sent<SendHello>().has_value());
  phone.Do(Woken());
  EXPECT_FALSE(phone.Sent<SendHello>().has_value()) << "it was awake";
}

TEST(EngineTest, WhatIsGivenUpBeforeSleepIsDoneAfterIt) {
  Phone phone;
  phone.Begin(5);
  phone.Do(Quiesced{true});
  EXPECT_EQ(phone.Cancelled(), 3);
  EXPECT_EQ(phone.timer_us, 0);
  phone.Do(Woken());
  ASSERT_TRUE(phone.Sent<SendPush>().has_value());
  EXPECT_EQ(phone.Sent<SendPush>()->after_seq, 0u);
  EXPECT_TRUE(phone.Sent<SendPull>().has_value());
  EXPECT_TRUE(phone.Sent<SendHello>().has_value());
}

TEST(EngineTest, SleepEndsABudgetOnceItsCallsHaveEnded) {
  Phone phone;
  phone.Do(FeedsSeen{{"device"}});
  phone.Do(QueueSeen{2, 0, 5});
  phone.Do(BudgetBegun{30 * kSecond, 0});
  phone.Do(Quiesced());
  EXPECT_EQ(phone.Judge().verdict, BudgetVerdict::kGoesOn) << "answers may still come";
  phone.Do(Quiesced{true});
  EXPECT_EQ(phone.Judge().verdict, BudgetVerdict::kStopped);
  EXPECT_THAT(phone.Judge().stopped_because, testing::HasSubstr("suspended"));
}

TEST(EngineTest, FailingPushNeverStopsPulls) {
  for (const absl::StatusCode code :
       {absl::StatusCode::kInternal, absl::StatusCode::kUnavailable, absl::StatusCode::kInvalidArgument,
        absl::StatusCode::kPermissionDenied, absl::StatusCode::kResourceExhausted, absl::StatusCode::kAborted}) {
    Phone phone;
    phone.Begin(3);
    int pulls = 0;
    for (int round = 0; round < 20; ++round) {
      if (phone.state.push_call.call != 0) phone.FailPush(code);
      phone.Do(Notice::kHint);
      while (phone.state.pull_call.call != 0) {
        ++pulls;
        phone.AnswerPull();
      }
      if (phone.state.hello_call.call != 0) phone.AnswerHello();
      phone.now_us += 400 * kSecond;
      phone.Do(Tick());
    }
    EXPECT_GE(pulls, 40) << static_cast<int>(code);
  }
}

TEST(EngineTest, FailingPullStopsNeitherPushesNorOtherFeeds) {
  Phone phone;
  phone.Begin(3);
  phone.FailPull(absl::StatusCode::kInternal);
  ASSERT_TRUE(phone.Sent<SendPull>().has_value());
  EXPECT_EQ(phone.Sent<SendPull>()->feed, "technician:ana");
  phone.AnswerPull();
  EXPECT_EQ(phone.state.pull_call.call, 0u);  // The failed feed backs off.
  phone.AnswerPush(2);
  EXPECT_EQ(phone.Sent<SendPush>()->after_seq, 2u);
}

TEST(EngineTest, QueueThatHasJustBecomeEmptyIsToldWithHello) {
  Phone phone;
  phone.Begin(3);
  phone.AnswerHello();
  phone.AnswerPush(2);
  EXPECT_FALSE(phone.Sent<SendHello>().has_value());
  phone.AnswerPush(3);
  EXPECT_TRUE(phone.Sent<SendHello>().has_value());
  phone.Drain();
  EXPECT_EQ(phone.state.mode, SyncMode::kIdle);
  phone.Do(QueueSeen{2, 3, 3});
  EXPECT_FALSE(phone.Sent<SendHello>().has_value());  // It was empty before.
}

TEST(EngineTest, WhatOnlyAHelloTellsIsToldAtOnceAndOnce) {
  Phone phone;
  phone.Begin(0);
  phone.AnswerHello();
  while (phone.state.pull_call.call != 0) phone.AnswerPull();
  phone.Do(HelloWanted());
  ASSERT_TRUE(phone.Sent<SendHello>().has_value());
  phone.Do(HelloWanted());
  EXPECT_FALSE(phone.Sent<SendHello>().has_value()) << "one is under way";
  phone.AnswerHello();
  EXPECT_TRUE(phone.Sent<SendHello>().has_value()) << "and did not tell what came up meanwhile";
  HelloAnswered lacking;
  lacking.call = phone.state.hello_call.call;
  lacking.tells_more = true;
  phone.Do(lacking);
  EXPECT_TRUE(phone.Sent<SendHello>().has_value()) << "the server lacks what it was not told";
  phone.AnswerHello();
  EXPECT_FALSE(phone.Sent<SendHello>().has_value());
}

TEST(EngineTest, PushNeverWaitsForHello) {
  Phone phone;
  phone.Begin(0);
  phone.FailHello(absl::StatusCode::kInternal);
  phone.Do(QueueSeen{2, 0, 1});
  EXPECT_TRUE(phone.Sent<SendPush>().has_value());
}

TEST(EngineTest, EntriesRecordedDuringAPushGoTogetherInTheNextFrame) {
  Phone phone;
  phone.Begin(1);
  phone.Do(QueueSeen{2, 0, 5});
  EXPECT_FALSE(phone.Sent<SendPush>().has_value());
  phone.AnswerPush(1);
  ASSERT_TRUE(phone.Sent<SendPush>().has_value());
  EXPECT_EQ(phone.Sent<SendPush>()->after_seq, 1u);
  EXPECT_GE(phone.Sent<SendPush>()->entries_max, 4u);
}

TEST(EngineTest, GrantsAreObeyed) {
  Phone phone;
  phone.Begin(500);
  phone.AnswerPush(100, 1, {50000, 32, 7 * kSecond});
  EXPECT_FALSE(phone.Sent<SendPush>().has_value());
  // Nobody can talk the phone out of a wait that the server asked for.
  phone.Do(Notice::kUserPulled);
  EXPECT_FALSE(phone.Sent<SendPush>().has_value());
  phone.now_us += 7 * kSecond;
  phone.Do(Tick());
  ASSERT_TRUE(phone.Sent<SendPush>().has_value());
  EXPECT_EQ(phone.Sent<SendPush>()->entries_max, 32u);
  EXPECT_EQ(phone.Sent<SendPush>()->bytes_max, 50000u);
}

TEST(EngineTest, WaitThatTheServerAsksForHasABound) {
  Phone phone;
  phone.Begin(5);
  phone.AnswerPush(1, 1, {0, 0, INT64_MAX / 2});
  EXPECT_LE(phone.state.grant_until_us, phone.now_us + tuning::kGrantWaitMaxUs);
}

TEST(EngineTest, AnswerThatTookNothingIsNotRepeatedInATightLoop) {
  Phone phone;
  phone.Begin(5);
  phone.AnswerPush(0);
  EXPECT_FALSE(phone.Sent<SendPush>().has_value());
  EXPECT_GE(phone.state.push.retry.ready_us, phone.now_us + kSecond);
}

TEST(EngineTest, ForkGoesOnInTheNewEpochAtOnce) {
  Phone phone;
  phone.Begin(5);
  phone.Do(PushAnswered{phone.state.push_call.call, 0, QueueSeen{3, 0, 4}, {}, 1, false});
  ASSERT_TRUE(phone.Sent<SendPush>().has_value());
  EXPECT_EQ(phone.Sent<SendPush>()->epoch, 3u);
  EXPECT_EQ(phone.Sent<SendPush>()->after_seq, 0u);
}

TEST(EngineTest, RestoredServerIsAskedForItsMarks) {
  Phone phone;
  phone.Begin(5);
  phone.AnswerHello();
  phone.Do(PushAnswered{phone.state.push_call.call, 0, QueueSeen{2, 0, 5}, {}, 1, true});
  ASSERT_TRUE(phone.Sent<SendHello>().has_value());
}

// Somebody put its file back by hand. A Hello that it answered before would call safe what it does not have any more.
TEST(EngineTest, AnswersOfBeforeTheServerWentBackAreNotHeard) {
  Phone phone;
  phone.Begin(5);
  const uint64_t hello = phone.state.hello_call.call;
  const uint64_t pull = phone.state.pull_call.call;
  ASSERT_TRUE(hello != 0 && pull != 0);
  PushAnswered behind{phone.state.push_call.call, 0, QueueSeen{2, 0, 5}, {}, 1, false};
  behind.went_back = true;
  phone.Do(behind);
  EXPECT_EQ(phone.Cancelled(), 2);
  EXPECT_TRUE(phone.Sent<SendHello>().has_value());
  EXPECT_TRUE(phone.Sent<SendPull>().has_value());
  phone.Do(HelloAnswered{hello, 0, QueueSeen{2, 5, 5}, {}, {}});
  EXPECT_LT(phone.state.queue.received_through, phone.state.queue.last_seq);
}

TEST(EngineTest, WhatAServerRefusedIsAskedAgainOnceItWentBack) {
  Phone phone;
  phone.Begin(5);
  phone.FailPull(absl::StatusCode::kPermissionDenied);
  phone.FailPull(absl::StatusCode::kPermissionDenied);
  ASSERT_FALSE(phone.Sent<SendPull>().has_value());
  PushAnswered behind{phone.state.push_call.call, 0, QueueSeen{2, 0, 5}, {}, 1, false};
  behind.went_back = true;
  phone.Do(behind);
  EXPECT_TRUE(phone.Sent<SendPull>().has_value());
}

TEST(EngineTest, WhatARestoredServerLostIsSentAgain) {
  Phone phone;
  phone.Begin(5);
  phone.Drain();
  ASSERT_EQ(phone.state.mode, SyncMode::kIdle);
  phone.Do(Notice::kForeground);
  phone.Do(HelloAnswered{phone.state.hello_call.call, 0, QueueSeen{2, 2, 5}, {}, {}});
  ASSERT_TRUE(phone.Sent<SendPush>().has_value());
  EXPECT_EQ(phone.Sent<SendPush>()->after_seq, 2u);
}

TEST(EngineTest, TooLargeFrameIsHalvedWithoutWaiting) {
  Phone phone;
  phone.Begin(64);
  phone.Do(CallFailed{phone.state.push_call.call, 0, absl::StatusCode::kResourceExhausted, "too large", 64});
  ASSERT_TRUE(phone.Sent<SendPush>().has_value());
  EXPECT_EQ(phone.Sent<SendPush>()->entries_max, 32u);
}

TEST(EngineTest, EntryThatKillsItsFrameEndsUpOpaqueAndTheRestMovesOn) {
  Phone phone;
  phone.Begin(8);
  bool opaque = false;
  for (int i = 0; i < 60 && phone.state.queue.received_through < 8; ++i) {
    if (phone.state.push_call.call == 0) {
      phone.now_us = std::max(phone.now_us, phone.state.push.retry.ready_us);
      phone.Do(Tick());
    }
    if (phone.state.hello_call.call != 0) phone.AnswerHello();
    if (phone.state.pull_call.call != 0) phone.AnswerPull();
    if (phone.state.push_call.call == 0) continue;
    const uint64_t after = phone.state.push_run.after_seq;
    const uint64_t limit = phone.state.pacing.culprit_through > after ? 1 : 8;
    const uint64_t last = std::min<uint64_t>(8, after + limit);
    if (after < 5 && last >= 5 && !phone.state.push_run.opaque) {
      phone.Do(CallFailed{phone.state.push_call.call, 0, absl::StatusCode::kInternal, "boom", last});
    } else {
      opaque = opaque || phone.state.push_run.opaque;
      phone.AnswerPush(last);
    }
  }
  EXPECT_TRUE(opaque);
  EXPECT_EQ(phone.state.queue.received_through, 8u);
}

TEST(EngineTest, BackoffEndsWithNetworkForegroundOrUser) {
  for (const Notice notice : {Notice::kNetworkChanged, Notice::kForeground, Notice::kUserPulled}) {
    Phone phone;
    phone.Begin(3);
    for (int i = 0; i < 5; ++i) {
      phone.FailPush(absl::StatusCode::kUnavailable);
      phone.FailPull(absl::StatusCode::kUnavailable);
      phone.FailPull(absl::StatusCode::kUnavailable);
      phone.FailHello(absl::StatusCode::kUnavailable);
      EXPECT_EQ(phone.state.mode, SyncMode::kWaiting);
      if (i < 4) phone.Wait();
    }
    phone.Do(notice);
    EXPECT_TRUE(phone.Sent<SendPush>().has_value());
    EXPECT_TRUE(phone.Sent<SendHello>().has_value());
  }
}

TEST(EngineTest, LostNetworkCancelsAndSilencesUntilItIsBack) {
  Phone phone;
  phone.Begin(3);
  phone.Do(Notice::kNetworkLost);
  EXPECT_EQ(phone.Cancelled(), 3);
  EXPECT_EQ(phone.state.mode, SyncMode::kOffline);
  EXPECT_EQ(phone.timer_us, 0);
  phone.Do(QueueSeen{2, 0, 4});
  EXPECT_FALSE(phone.Sent<SendPush>().has_value());
  phone.Do(Notice::kNetworkChanged);
  EXPECT_TRUE(phone.Sent<SendPush>().has_value());
  EXPECT_TRUE(phone.Sent<SendHello>().has_value());
  EXPECT_TRUE(phone.Sent<SendPull>().has_value());
}

TEST(EngineTest, ChangedNetworkRepeatsCallsOfTheOldOne) {
  Phone phone;
  phone.Begin(3);
  const uint64_t old_call = phone.state.push_call.call;
  phone.Do(Notice::kNetworkChanged);
  EXPECT_EQ(phone.Cancelled(), 3);
  ASSERT_TRUE(phone.Sent<SendPush>().has_value());
  EXPECT_NE(phone.Sent<SendPush>()->call, old_call);
  // The late answer of the old call changes nothing.
  phone.Do(CallFailed{old_call, 0, absl::StatusCode::kUnauthenticated, "late", 0});
  EXPECT_FALSE(phone.state.push.refused);
  EXPECT_NE(phone.state.push_call.call, 0u);
}

TEST(EngineTest, RefusedDeviceStopsAndSaysSoUntilSomebodyAsks) {
  Phone phone;
  phone.Begin(3);
  phone.FailPush(absl::StatusCode::kUnauthenticated);
  phone.FailPull(absl::StatusCode::kUnauthenticated);
  phone.FailHello(absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(phone.state.mode, SyncMode::kRefused);
  EXPECT_EQ(phone.timer_us, 0);
  EXPECT_EQ(LastError(phone.state), "push failed");
  phone.Do(QueueSeen{2, 0, 9});
  EXPECT_FALSE(phone.Sent<SendPush>().has_value());
  phone.Do(Notice::kUserPulled);
  EXPECT_TRUE(phone.Sent<SendPush>().has_value());
}

TEST(EngineTest, NewTokenIsTriedAtOnceAndAnswersToTheOldOneCountForNothing) {
  Phone phone;
  phone.Begin(3);
  const uint64_t old_pull = phone.state.pull_call.call;
  phone.FailPush(absl::StatusCode::kUnauthenticated);
  phone.Do(TokenChanged());
  EXPECT_EQ(phone.Cancelled(), 2);
  EXPECT_TRUE(phone.Sent<SendPush>().has_value());
  phone.Do(CallFailed{old_pull, 0, absl::StatusCode::kUnauthenticated, "late", 0});
  EXPECT_FALSE(phone.state.push.refused);
}

TEST(EngineTest, DeviceThatMayOnlyDrainGoesOnUploading) {
  Phone phone;
  const auto name_no_feed = [&phone] {
    phone.Do(HelloAnswered{phone.state.hello_call.call, 0, phone.state.queue, {}, {}});
  };
  phone.Begin(3);
  phone.FailPull(absl::StatusCode::kPermissionDenied);
  phone.FailPull(absl::StatusCode::kPermissionDenied);
  name_no_feed();
  phone.AnswerPush(2);
  EXPECT_TRUE(phone.Sent<SendPush>().has_value());
  phone.AnswerPush(3);
  name_no_feed();
  EXPECT_EQ(phone.state.mode, SyncMode::kRefused);
}

TEST(EngineTest, WhatAServerRefusedToTakeIsOfferedToTheRestoredOne) {
  for (const bool restored : {false, true}) {
    Phone phone;
    phone.Begin(3);
    phone.FailPush(absl::StatusCode::kPermissionDenied);
    HelloAnswered hello{phone.state.hello_call.call, 0, phone.state.queue, {}, {}};
    hello.restored = restored;
    phone.Do(hello);
    EXPECT_EQ(phone.Sent<SendPush>().has_value(), restored);
  }
}

TEST(EngineTest, ForgottenCallIsGivenUp) {
  Phone phone;
  phone.Begin(3);
  phone.AnswerHello();
  phone.AnswerPull();
  phone.AnswerPull();
  const uint64_t call = phone.state.push_call.call;
  for (int i = 0; i < 20 && phone.state.push_call.call == call; ++i) {
    phone.Wait();
    phone.AnswerHello();
  }
  EXPECT_NE(phone.state.push_call.call, call);
  EXPECT_LE(phone.now_us, 1000 * kSecond + tuning::kPushDeadlineMs * 1000 + tuning::kDeadlineGraceUs);
}

TEST(EngineTest, IdlePhoneSaysHelloRarelyAndPullsOnlyWhatMoved) {
  Phone phone;
  phone.Begin(0);
  phone.Drain();
  phone.Do(Notice::kBackground);
  int hellos = 0;
  const int64_t hour_ends = phone.now_us + 3600 * kSecond;
  while (phone.timer_us != 0 && phone.timer_us < hour_ends) {
    phone.Wait();
    ASSERT_TRUE(phone.Sent<SendHello>().has_value());
    EXPECT_FALSE(phone.Sent<SendPull>().has_value());
    ++hellos;
    phone.AnswerHello();
    EXPECT_FALSE(phone.Sent<SendPull>().has_value());
  }
  EXPECT_LE(hellos, 4);
  EXPECT_GE(hellos, 3);
  phone.Wait();
  phone.Do(HelloAnswered{phone.state.hello_call.call, 0, phone.state.queue, {}, {{"technician:ana", 2}}});
  ASSERT_TRUE(phone.Sent<SendPull>().has_value());
  EXPECT_EQ(phone.Sent<SendPull>()->feed, "technician:ana");
}

// ---- every state with every event ----

// The engine must never set a timer in the past, send while stopped or offline, or have two calls of a kind in flight,
// whatever happens in whatever order.
TEST(EngineTest, HoldsItsPromisesInAnyOrderOfEvents) {
  uint64_t seed = 1;
  const auto random = [&seed](uint64_t bound) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (seed >> 33) % bound;
  };
  const absl::StatusCode codes[] = {absl::StatusCode::kUnavailable,       absl::StatusCode::kInternal,
                                    absl::StatusCode::kUnauthenticated,   absl::StatusCode::kPermissionDenied,
                                    absl::StatusCode::kResourceExhausted, absl::StatusCode::kAborted,
                                    absl::StatusCode::kDeadlineExceeded,  absl::StatusCode::kInvalidArgument};
  for (int run = 0; run < 200; ++run) {
    Phone phone;
    phone.Do(FeedsSeen{{"device", "technician:ana"}});
    uint64_t last = random(50);
    phone.Do(QueueSeen{2, 0, last});
    for (int i = 0; i < 300; ++i) {
      phone.draw = random(UINT32_MAX);
      const absl::StatusCode code = codes[random(8)];
      switch (random(16)) {
        case 0:
          phone.Do(SyncStarted());
          break;
        case 1:
          if (random(8) == 0) phone.Do(SyncStopped());
          break;
        case 2:
          phone.Do(BudgetBegun{static_cast<int64_t>(random(60)) * kSecond, random(3) * 20000});
          break;
        case 3:
          phone.Do(BudgetEnded());
          break;
        case 4:
          phone.Do(static_cast<Notice>(random(6)));
          break;
        case 5:
          phone.FailPush(code);
          break;
        case 6:
          phone.FailPull(code);
          break;
        case 7:
          phone.FailHello(code);
          break;
        case 8:
          phone.AnswerHello(static_cast<int64_t>(random(5)));
          break;
        case 9:
          phone.AnswerPull(static_cast<int64_t>(random(5)));
          break;
        case 10:
          phone.AnswerPush(phone.state.queue.received_through +
                           random(phone.state.queue.last_seq - phone.state.queue.received_through + 1));
          break;
        case 11:
          phone.Do(QueueSeen{2, phone.state.queue.received_through, ++last});
          break;
        case 12:
          phone.AnswerPush(0, 3, {random(100000), random(100), static_cast<int64_t>(random(9)) * kSecond});
          break;
        default:
          phone.now_us += static_cast<int64_t>(random(30)) * kSecond;
          phone.Do(Tick());
      }
      last = std::max(last, phone.state.queue.last_seq);
      const bool asked = phone.state.automatic || phone.state.budget.active;
      const bool sent = phone.Sent<SendHello>() || phone.Sent<SendPush>() || phone.Sent<SendPull>();
      ASSERT_FALSE(sent && (!asked || phone.state.network_lost));
      ASSERT_TRUE(phone.timer_us == 0 || phone.state.budget.active || phone.timer_us > phone.now_us);
      const SyncMode mode = phone.state.mode;
      ASSERT_TRUE((mode != SyncMode::kWaiting && mode != SyncMode::kSyncing) || phone.timer_us != 0);
    }
    // Heal: with a good server everything drains.
    phone.Do(BudgetEnded());
    phone.Do(SyncStarted());
    phone.Do(Notice::kUserPulled);
    for (int i = 0; i < 200 && phone.state.mode != SyncMode::kIdle; ++i) {
      phone.Drain();
      if (phone.state.mode == SyncMode::kWaiting) phone.Wait();
    }
    ASSERT_EQ(phone.state.mode, SyncMode::kIdle);
    ASSERT_EQ(phone.state.queue.received_through, phone.state.queue.last_seq);
  }
}

TEST(EngineTest, AsksWhatTheServerKnowsWhenItTakesNothingOrNotThisJournal) {
  for (const bool fails : {true, false}) {
    Phone phone;
    phone.Begin(5);
    phone.AnswerHello();
    ASSERT_EQ(phone.state.hello_call.call, 0u);
    if (fails) {
      phone.FailPush(absl::StatusCode::kFailedPrecondition);
      EXPECT_EQ(phone.state.pacing.strikes, 0u) << "no frame is to blame";
    } else {
      phone.AnswerPush(0);
    }
    EXPECT_TRUE(phone.Sent<SendHello>().has_value());
    EXPECT_FALSE(phone.Sent<SendPush>().has_value()) << "not in a tight loop";
  }
}

}  // namespace
}  // namespace doorstep
