// What the engine does with hints, with their absence, and with a server that asks for patience.
#include "client_core/sync/watching.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "client_core/sync/engine.h"
#include "client_core/sync/tuning.h"

namespace doorstep {
namespace {

constexpr int64_t kSecond = tuning::kSecondUs;
constexpr int64_t kKeepAlive = 120 * kSecond;

// An engine whose transport can watch, and which has nothing to do unless a test gives it something.
class Phone {
 public:
  Phone() {
    state.watching.possible = true;
    Do(FeedsSeen{{"device", "technician:ana"}});
  }
  void Do(const Event& event) {
    StepResult result = Step(std::move(state), now_us, event, draw);
    state = std::move(result.state);
    actions = std::move(result.actions);
    for (const Action& action : actions) {
      if (const auto* wait = std::get_if<WaitUntil>(&action)) timer_us = wait->instant_us;
      if (const auto* watch = std::get_if<OpenWatch>(&action)) {
        EXPECT_EQ(open, 0u) << "two streams";
        open = watch->call;
        ++opened;
      }
      if (const auto* cancel = std::get_if<CancelCall>(&action); cancel != nullptr && cancel->call == open) open = 0;
      if (const auto* pull = std::get_if<SendPull>(&action)) pulled.push_back(pull->feed);
      if (std::holds_alternative<SendHello>(action)) ++hellos;
    }
  }
  // Answers hellos and pulls with heads at `head` until nothing is in flight.
  void Rest() {
    while (state.pull_call.call != 0 || state.hello_call.call != 0) {
      if (state.pull_call.call != 0) {
        Do(PullAnswered{state.pull_call.call, 0, true, false, false, head});
      } else {
        Do(HelloAnswered{state.hello_call.call, 0, state.queue, {}, {{"device", head}, {"technician:ana", head}}});
      }
    }
  }
  // Started, at rest, with an open stream that has told the heads.
  void Watch() {
    Do(SyncStarted());
    Rest();
    Hear({{"device", head}, {"technician:ana", head}}, kKeepAlive);
    pulled.clear();
  }
  void Hear(std::vector<SeenHead> heads, int64_t keep_alive_us = 0, int64_t wait_us = 0) {
    Do(HintReceived{state.watching.call, std::move(heads), keep_alive_us, wait_us});
  }
  void Lose(absl::StatusCode code = absl::StatusCode::kUnavailable) {
    open = 0;
    Do(WatchEnded{state.watching.call, code});
  }
  void Wait() {
    ASSERT_GT(timer_us, now_us) << "a timer in the past is a busy loop";
    now_us = timer_us;
    Do(Tick());
  }
  // How long until the next stream is opened, with a server that answers all else.
  int64_t UntilNextStream() {
    const int64_t begin = now_us;
    const int before = opened;
    while (opened == before && now_us < begin + 3600 * kSecond) {
      Wait();
      Rest();
    }
    return now_us - begin;
  }
  bool watches() const { return state.watching.call != 0; }

  EngineState state;
  std::vector<Action> actions;
  std::vector<std::string> pulled;
  uint64_t open = 0;  // The stream, as whoever carries out the actions has it.
  int opened = 0;
  int hellos = 0;
  int64_t head = 5;
  int64_t now_us = 1000 * kSecond;
  int64_t timer_us = 0;
  uint64_t draw = 0;
};

TEST(WatchingTest, AStreamIsOpenOnlyWhileThePhoneSyncsByItselfInTheForegroundWithANetwork) {
  Phone phone;
  EXPECT_FALSE(phone.watches());
  phone.Do(BudgetBegun{30 * kSecond, 0});
  EXPECT_FALSE(phone.watches()) << "a budget is for what there is now";
  phone.Do(BudgetEnded());
  phone.Do(SyncStarted());
  EXPECT_TRUE(phone.watches());
  const std::vector<std::pair<Event, Event>> pauses = {{Notice::kBackground, Notice::kForeground},
                                                       {Notice::kNetworkLost, Notice::kNetworkChanged},
                                                       {SyncStopped(), SyncStarted()},
                                                       {Quiesced(), Woken()}};
  for (const auto& [pause, resume] : pauses) {
    const uint64_t call = phone.state.watching.call;
    phone.Do(pause);
    EXPECT_FALSE(phone.watches());
    EXPECT_TRUE(std::any_of(phone.actions.begin(), phone.actions.end(), [&](const Action& action) {
      const auto* cancel = std::get_if<CancelCall>(&action);
      return cancel != nullptr && cancel->call == call;
    })) << "the stream is closed, not forgotten";
    phone.Do(resume);
    EXPECT_TRUE(phone.watches());
    EXPECT_NE(phone.state.watching.call, call);
  }
}

TEST(WatchingTest, ATransportThatCannotIsNotAskedAndThePhonePolls) {
  Phone phone;
  phone.state.watching.possible = false;
  phone.Do(SyncStarted());
  phone.Rest();
  EXPECT_EQ(phone.opened, 0);
  phone.hellos = 0;
  for (int i = 0; i < 10; ++i) {
    phone.Wait();
    phone.Rest();
  }
  EXPECT_EQ(phone.opened, 0);
  EXPECT_EQ(phone.hellos, 10);
}

TEST(WatchingTest, AHintPullsTheFeedThatMovedAndNoOther) {
  Phone phone;
  phone.Watch();
  phone.Hear({{"technician:ana", 6}});
  EXPECT_THAT(phone.pulled, testing::ElementsAre("technician:ana"));
}

TEST(WatchingTest, AHintOfWhatIsKnownPullsNothing) {
  Phone phone;
  phone.Watch();
  phone.Hear({{"technician:ana", 5}, {"device", 3}, {"technician:bo", 99}});
  phone.Hear({});
  EXPECT_THAT(phone.pulled, testing::IsEmpty());
}

TEST(WatchingTest, AHintDuringAPageAsksAgainOnlyWhenThePageIsOlder) {
  for (const int64_t read_at : {6, 7}) {
    Phone phone;
    phone.Watch();
    phone.Hear({{"technician:ana", 6}});
    phone.Hear({{"technician:ana", 7}});
    ASSERT_EQ(phone.pulled.size(), 1u);
    phone.head = 7;
    phone.Do(PullAnswered{phone.state.pull_call.call, 0, true, false, false, read_at});
    EXPECT_EQ(phone.pulled.size(), read_at == 6 ? 2u : 1u);
  }
}

TEST(WatchingTest, WhatMovedWithoutAStreamIsPulledWithTheFirstMessageOfTheNext) {
  Phone phone;
  phone.Watch();
  phone.Lose();
  phone.Do(Notice::kUserPulled);
  phone.Rest();
  phone.pulled.clear();
  ASSERT_TRUE(phone.watches());
  phone.Hear({{"device", 5}, {"technician:ana", 9}}, kKeepAlive);
  EXPECT_THAT(phone.pulled, testing::ElementsAre("technician:ana"));
}

TEST(WatchingTest, FeedsOfARestoredServerStandLowerAndArePulled) {
  Phone phone;
  phone.Watch();
  phone.Lose();
  phone.UntilNextStream();
  phone.pulled.clear();
  phone.Hear({{"device", 5}, {"technician:ana", 2}}, kKeepAlive);
  EXPECT_THAT(phone.pulled, testing::ElementsAre("technician:ana"));
}

TEST(WatchingTest, PollsAreRareWhileHintsComeAndOrdinaryAgainWhenTheyDoNot) {
  Phone phone;
  phone.Watch();
  phone.hellos = 0;
  const int64_t begin = phone.now_us;
  while (phone.now_us < begin + 1800 * kSecond) {
    phone.now_us += 60 * kSecond;
    phone.Hear({});
    phone.Do(Tick());
    phone.Rest();
  }
  EXPECT_LE(phone.hellos, 8);
  EXPECT_GE(phone.hellos, 5) << "the office learns that nothing waits here";
  phone.hellos = 0;
  phone.draw = UINT64_MAX / 2;
  phone.Lose();
  const int64_t lost = phone.now_us;
  while (phone.now_us < lost + 600 * kSecond) {
    phone.Wait();
    phone.Rest();
    if (phone.watches()) phone.Lose();
  }
  EXPECT_GE(phone.hellos, 9);
}

TEST(WatchingTest, StreamsThatEndAtOnceAreOpenedMoreAndMoreRarely) {
  Phone phone;
  phone.draw = UINT64_MAX / 2;  // The middle of each span.
  phone.Do(SyncStarted());
  phone.Rest();
  const int64_t begin = phone.now_us;
  while (phone.now_us < begin + 3600 * kSecond) {
    phone.Hear({{"device", 5}, {"technician:ana", 5}}, kKeepAlive);
    phone.Lose(absl::StatusCode::kAborted);  // Another phone has the same identity.
    phone.UntilNextStream();
  }
  EXPECT_LT(phone.opened, 60);
}

TEST(WatchingTest, AStreamThatHasLastedIsOpenedAgainSoonAndNotAtOnce) {
  Phone phone;
  phone.Watch();
  for (int i = 0; i < 10; ++i) {
    phone.now_us += 70 * kSecond;
    phone.Lose(absl::StatusCode::kDeadlineExceeded);
    EXPECT_FALSE(phone.watches()) << "phones that lost a server together must not come back together";
    const int64_t took = phone.UntilNextStream();
    EXPECT_GE(took, tuning::kBackoffBaseUs);
    EXPECT_LE(took, 3 * tuning::kBackoffBaseUs);
    phone.Hear({{"device", 5}, {"technician:ana", 5}}, kKeepAlive);
  }
}

TEST(WatchingTest, AStreamThatFallsSilentCountsAsLost) {
  Phone phone;
  phone.Watch();
  const uint64_t call = phone.state.watching.call;
  const int64_t heard = phone.now_us;
  phone.UntilNextStream();
  EXPECT_GT(phone.now_us, heard + kKeepAlive);
  EXPECT_LT(phone.now_us, heard + 2 * kKeepAlive);
  EXPECT_NE(phone.state.watching.call, call);
  EXPECT_FALSE(IsToldAtOnce(phone.state.watching)) << "it has not said anything yet";
}

TEST(WatchingTest, AServerWithTooManyStreamsIsNotAskedBeforeItsTime) {
  Phone phone;
  phone.Do(SyncStarted());
  phone.Rest();
  phone.Hear({}, 0, 90 * kSecond);
  phone.Lose(absl::StatusCode::kOk);
  const int64_t asked = phone.now_us;
  phone.Do(Notice::kUserPulled);
  phone.Do(Notice::kForeground);
  phone.Rest();
  EXPECT_FALSE(phone.watches());
  phone.UntilNextStream();
  EXPECT_EQ(phone.now_us, asked + 90 * kSecond);
}

TEST(WatchingTest, AServerThatHasNoStreamsOrRefusesThisPhoneIsLeftAlone) {
  for (const absl::StatusCode code :
       {absl::StatusCode::kUnimplemented, absl::StatusCode::kPermissionDenied, absl::StatusCode::kUnauthenticated}) {
    Phone phone;
    phone.Do(SyncStarted());
    phone.Rest();
    phone.Lose(code);
    phone.UntilNextStream();
    EXPECT_EQ(phone.opened, 1);
    EXPECT_EQ(phone.state.mode, SyncMode::kIdle) << "nothing else suffers";
    phone.Do(Notice::kForeground);
    EXPECT_EQ(phone.opened, 2);
  }
}

TEST(WatchingTest, LateMessagesOfAClosedStreamAreIgnored) {
  Phone phone;
  phone.Watch();
  const uint64_t call = phone.state.watching.call;
  phone.Do(Notice::kBackground);
  phone.Do(HintReceived{call, {{"technician:ana", 9}}, 0, 0});
  phone.Do(WatchEnded{call, absl::StatusCode::kCancelled});
  EXPECT_THAT(phone.pulled, testing::IsEmpty());
  phone.Do(Notice::kForeground);
  ASSERT_TRUE(phone.watches());
  phone.Do(WatchEnded{call, absl::StatusCode::kCancelled});
  EXPECT_TRUE(phone.watches());
}

TEST(PatienceTest, ABusyHelloIsSaidAgainAfterTheWaitAndNotBefore) {
  Phone phone;
  phone.Do(SyncStarted());
  phone.Do(PullAnswered{phone.state.pull_call.call, 0, true, false, false, 5});
  phone.Do(PullAnswered{phone.state.pull_call.call, 0, true, false, false, 5});
  HelloAnswered busy{phone.state.hello_call.call, 0, phone.state.queue, {0, 0, 2 * kSecond}, {}};
  busy.busy = true;
  phone.hellos = 0;
  phone.Do(busy);
  const int64_t asked = phone.now_us;
  EXPECT_EQ(phone.state.mode, SyncMode::kWaiting);
  phone.Do(Notice::kUserPulled);
  phone.Do(Tick());
  EXPECT_EQ(phone.hellos, 0) << "impatience does not help a busy server";
  phone.Do(PullAnswered{phone.state.pull_call.call, 0, true, false, false, 5});
  phone.Do(PullAnswered{phone.state.pull_call.call, 0, true, false, false, 5});
  phone.Wait();
  EXPECT_EQ(phone.now_us, asked + 2 * kSecond);
  EXPECT_EQ(phone.hellos, 1);
}

TEST(PatienceTest, ABusyPullIsRepeatedAfterTheWaitAndCountsForNothing) {
  Phone phone;
  phone.Do(SyncStarted());
  for (int i = 0; i < 2; ++i) {
    PullAnswered busy;
    busy.call = phone.state.pull_call.call;
    busy.wait_us = 2 * kSecond;
    phone.Do(busy);
  }
  EXPECT_EQ(phone.state.pull_call.call, 0u);
  phone.Do(HelloAnswered{phone.state.hello_call.call, 0, phone.state.queue, {}, {}});
  EXPECT_EQ(phone.state.mode, SyncMode::kWaiting) << "it does not say that all is here";
  EXPECT_EQ(LastError(phone.state), "");
  phone.pulled.clear();
  phone.Wait();
  phone.Rest();
  EXPECT_THAT(phone.pulled, testing::ElementsAre("device", "technician:ana"));
  EXPECT_EQ(phone.state.mode, SyncMode::kIdle);
}

TEST(WatchingTest, WhateverComesInWhateverOrderThereIsAtMostOneStreamAndAlwaysAWayOn) {
  uint64_t seed = 1;
  const auto random = [&seed](uint64_t bound) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (seed >> 33) % bound;
  };
  const absl::StatusCode codes[] = {absl::StatusCode::kOk, absl::StatusCode::kUnavailable, absl::StatusCode::kAborted,
                                    absl::StatusCode::kDeadlineExceeded, absl::StatusCode::kInternal};
  for (int run = 0; run < 300; ++run) {
    Phone phone;
    for (int i = 0; i < 200; ++i) {
      phone.draw = random(UINT32_MAX);
      switch (random(8)) {
        case 0:
          phone.Do(SyncStarted());
          break;
        case 1:
          if (random(6) == 0) phone.Do(SyncStopped());
          break;
        case 2:
          phone.Do(static_cast<Notice>(random(6)));
          break;
        case 3:
          phone.Lose(codes[random(5)]);
          break;
        case 4:
          phone.Hear({{"technician:ana", static_cast<int64_t>(random(9))}},
                     static_cast<int64_t>(random(3)) * 30 * kSecond, static_cast<int64_t>(random(2)) * 10 * kSecond);
          break;
        case 5:
          phone.head = static_cast<int64_t>(random(9));
          phone.Rest();
          break;
        default:
          phone.now_us += static_cast<int64_t>(random(60)) * kSecond;
          phone.Do(Tick());
      }
      ASSERT_EQ(phone.open, phone.state.watching.call);
      const bool wanted = phone.state.automatic && phone.state.foreground && !phone.state.network_lost;
      ASSERT_TRUE(wanted || !phone.watches());
      ASSERT_TRUE(phone.timer_us == 0 || phone.timer_us > phone.now_us);
      ASSERT_TRUE(!wanted || phone.timer_us != 0) << "no way on";
    }
    phone.Do(SyncStarted());
    phone.Do(Notice::kForeground);
    phone.Rest();
    if (!phone.watches()) phone.UntilNextStream();
    ASSERT_TRUE(phone.watches());
  }
}

}  // namespace
}  // namespace doorstep
