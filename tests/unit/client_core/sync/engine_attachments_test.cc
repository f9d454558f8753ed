// When attachments go: after entries, previews first, originals only where they cost nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "client_core/base/limits.h"
#include "client_core/sync/engine.h"
#include "client_core/sync/tuning.h"

namespace doorstep {
namespace {

constexpr int64_t kSecond = tuning::kSecondUs;
constexpr AttachmentsSeen kNothing = {};
constexpr AttachmentsSeen kAll = {true, true, true};
constexpr AttachmentsSeen kOriginals = {false, false, true};

class Phone {
 public:
  // Enrolled, started, with all feeds read and nothing unsent.
  Phone() {
    Do(FeedsSeen{{"device"}});
    Do(SyncStarted());
    Rest();
  }
  void Do(const Event& event, uint64_t draw = 0) {
    StepResult result = Step(std::move(state), now_us, event, draw);
    state = std::move(result.state);
    actions = std::move(result.actions);
    for (const Action& action : actions) {
      if (const auto* sent = std::get_if<SendAttachment>(&action)) turn = sent->turn, piece = sent->bytes_max;
      if (const auto* wait = std::get_if<WaitUntil>(&action)) timer_us = wait->instant_us;
    }
  }
  void Rest() {
    for (int i = 0; i < 5; ++i) {
      if (state.hello_call.call != 0) Do(HelloAnswered{state.hello_call.call, 0, state.queue, {}, {{"device", 1}}});
      if (state.pull_call.call != 0) Do(PullAnswered{state.pull_call.call, 0, true, false, false, 1});
    }
    ASSERT_EQ(state.hello_call.call, 0u);
    ASSERT_EQ(state.pull_call.call, 0u);
  }
  bool Sends() const { return state.attach_call.call != 0; }
  void Answer(const AttachmentsSeen& left, bool progressed = true, int64_t wait_us = 0) {
    Do(AttachmentAnswered{state.attach_call.call, 0, left, progressed, wait_us, false, progressed ? "" : "not taken"});
  }
  void Fail(absl::StatusCode code) { Do(CallFailed{state.attach_call.call, 0, code, "broken", 0}); }

  EngineState state;
  std::vector<Action> actions;
  std::optional<AttachmentTurn> turn;
  uint64_t piece = 0;
  int64_t now_us = 1000 * kSecond;
  int64_t timer_us = 0;
};

TEST(EngineAttachmentsTest, QuestionsGoFirstThenPreviewsThenOriginals) {
  Phone phone;
  phone.Do(kAll);
  EXPECT_EQ(phone.turn, AttachmentTurn::kAsk);
  phone.Answer({false, true, true});
  EXPECT_EQ(phone.turn, AttachmentTurn::kPreview);
  phone.Answer(kOriginals);
  EXPECT_EQ(phone.turn, AttachmentTurn::kOriginal);
  phone.Answer(kNothing);
  EXPECT_FALSE(phone.Sends());
  EXPECT_EQ(phone.state.mode, SyncMode::kIdle);
}

TEST(EngineAttachmentsTest, EntriesGoFirst) {
  Phone phone;
  phone.Do(QueueSeen{1, 0, 5});
  ASSERT_NE(phone.state.push_call.call, 0u);
  phone.Do(kAll);
  EXPECT_FALSE(phone.Sends());
  phone.Do(PushAnswered{phone.state.push_call.call, 0, {1, 3, 5}, {}, 1, false});
  ASSERT_NE(phone.state.push_call.call, 0u) << "two entries are left";
  EXPECT_FALSE(phone.Sends());
  phone.Do(PushAnswered{phone.state.push_call.call, 0, {1, 5, 5}, {}, 1, false});
  EXPECT_TRUE(phone.Sends());
}

TEST(EngineAttachmentsTest, AFailingPushDoesNotHoldUpWhatIsNamedAlready) {
  Phone phone;
  phone.Do(QueueSeen{1, 4, 5});
  phone.Do(kAll);
  phone.Do(CallFailed{phone.state.push_call.call, 0, absl::StatusCode::kInternal, "broken", 5});
  EXPECT_TRUE(phone.Sends());
}

TEST(EngineAttachmentsTest, ANewEntryIsPushedWhileAPieceTravels) {
  Phone phone;
  phone.Do(kOriginals);
  ASSERT_TRUE(phone.Sends());
  phone.Do(QueueSeen{1, 0, 1});
  EXPECT_NE(phone.state.push_call.call, 0u);
}

TEST(EngineAttachmentsTest, OriginalsWaitForANetworkThatIsNotMetered) {
  Phone phone;
  phone.Do(Notice::kMetered);
  phone.Rest();
  phone.Do(kOriginals);
  EXPECT_FALSE(phone.Sends());
  EXPECT_EQ(phone.state.mode, SyncMode::kIdle) << "nothing that this network may carry is left";
  phone.Do(AttachmentsSeen{false, true, true});
  EXPECT_EQ(phone.turn, AttachmentTurn::kPreview);
  phone.Answer(kOriginals);
  EXPECT_FALSE(phone.Sends());
  phone.Do(Notice::kUnmetered);
  EXPECT_TRUE(phone.Sends());
  EXPECT_EQ(phone.turn, AttachmentTurn::kOriginal);
}

TEST(EngineAttachmentsTest, TheCallsOwnWordAboutTheNetworkHoldsForIt) {
  Phone phone;
  phone.Do(SyncStopped());
  phone.Do(kOriginals);
  phone.Do(BudgetBegun{10 * kSecond, 0, NetworkCost::kMetered});
  phone.Rest();
  EXPECT_FALSE(phone.Sends());
  EXPECT_EQ(JudgeBudget(phone.state, phone.now_us).verdict, BudgetVerdict::kComplete);
  phone.Do(BudgetEnded());
  phone.Do(Notice::kMetered);
  phone.Do(BudgetBegun{10 * kSecond, 0, NetworkCost::kUnmetered});
  EXPECT_TRUE(phone.Sends());
  EXPECT_EQ(JudgeBudget(phone.state, phone.now_us).verdict, BudgetVerdict::kGoesOn);
}

TEST(EngineAttachmentsTest, WhatTheServerWantsLaterWaitsAndNothingElseDoes) {
  Phone phone;
  phone.Do(kOriginals);
  phone.Answer(kOriginals, /*progressed=*/false, /*wait_us=*/90 * kSecond);
  EXPECT_FALSE(phone.Sends());
  EXPECT_EQ(phone.state.mode, SyncMode::kWaiting);
  phone.Do(QueueSeen{1, 0, 1});
  EXPECT_NE(phone.state.push_call.call, 0u);
  phone.Do(PushAnswered{phone.state.push_call.call, 0, {1, 1, 1}, {}, 1, false});
  phone.Rest();
  EXPECT_FALSE(phone.Sends());
  phone.now_us += 90 * kSecond;
  phone.Do(Tick());
  EXPECT_TRUE(phone.Sends());
}

TEST(EngineAttachmentsTest, WhatIsNotTakenIsNotRepeatedInATightLoop) {
  Phone phone;
  phone.Do(kOriginals);
  phone.Answer(kOriginals, /*progressed=*/false);
  EXPECT_FALSE(phone.Sends());
  EXPECT_GT(phone.timer_us, phone.now_us);
  phone.now_us += 2 * kSecond;
  phone.Do(Tick());
  EXPECT_TRUE(phone.Sends());
}

TEST(EngineAttachmentsTest, WhatFailedComesAfterWhatDidNot) {
  const struct {
    const char* name;
    AttachmentsSeen seen;
    AttachmentTurn want;
  } kCases[] = {
      {"nothing failed", {true, true, true}, AttachmentTurn::kAsk},
      {"the question failed", {true, true, true, 1}, AttachmentTurn::kPreview},
      {"only an original is left that did not", {true, true, true, 1, 2}, AttachmentTurn::kOriginal},
      {"the question failed longest ago", {true, true, true, 1, 2, 3}, AttachmentTurn::kAsk},
      {"the original failed longest ago", {true, true, true, 3, 2, 1}, AttachmentTurn::kOriginal},
      {"there is no other", {true, false, false, 7}, AttachmentTurn::kAsk},
  };
  for (const auto& c : kCases) {
    Phone phone;
    phone.Do(c.seen);
    EXPECT_EQ(phone.turn, c.want) << c.name;
  }
}

TEST(EngineAttachmentsTest, OneThatIsNeverTakenBacksOffAndHoldsUpNoOther) {
  Phone phone;
  const AttachmentsSeen stuck = {true, false, false, 1};
  phone.Do(AttachmentsSeen{true, false, false});
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(phone.Sends());
    const int64_t longest_us = std::min(phone.state.attach_again.wait_us * 3, tuning::kBackoffCapUs);
    // The server's own patience is short, as an older one's is.
    phone.Do(AttachmentAnswered{phone.state.attach_call.call, 0, stuck, false, 5 * kSecond, true, "no entry", true},
             static_cast<uint64_t>(std::max(longest_us - tuning::kBackoffBaseUs, 2 * kSecond)));
    phone.Rest();
    ASSERT_FALSE(phone.Sends());
    if (i == 7) break;
    phone.now_us += 300 * kSecond;
    phone.Do(Tick());
    phone.Rest();
  }
  EXPECT_EQ(phone.state.attach_again.wait_us, tuning::kBackoffCapUs);
  phone.now_us += 6 * kSecond;
  phone.Do(Tick());
  EXPECT_FALSE(phone.Sends());
  phone.Do(AttachmentsSeen{true, false, true, 1});
  ASSERT_TRUE(phone.Sends()) << "a new photo goes at once";
  EXPECT_EQ(phone.turn, AttachmentTurn::kOriginal);
  phone.Answer(stuck);
  EXPECT_EQ(phone.turn, AttachmentTurn::kAsk) << "where photos go again, this one may too";
}

TEST(EngineAttachmentsTest, PiecesShrinkOnABadLinkAndGrowAgain) {
  Phone phone;
  phone.Do(kOriginals);
  EXPECT_EQ(phone.piece, limits::kAttachmentChunkBytesMax);
  for (int i = 0; i < 10; ++i) {
    phone.Fail(absl::StatusCode::kUnavailable);
    phone.now_us += 300 * kSecond;
    phone.Do(Tick());
    phone.Rest();
    ASSERT_TRUE(phone.Sends());
  }
  EXPECT_EQ(phone.piece, tuning::kPieceBytesMin);
  for (int i = 0; i < 10; ++i) phone.Answer(kOriginals);
  EXPECT_EQ(phone.piece, limits::kAttachmentChunkBytesMax);
}

TEST(EngineAttachmentsTest, AServerThatDoesNotKnowTheCallIsNotAskedAgainAndAgain) {
  Phone phone;
  phone.Do(kOriginals);
  phone.Fail(absl::StatusCode::kUnimplemented);
  phone.now_us += 3600 * kSecond;
  phone.Do(Tick());
  EXPECT_FALSE(phone.Sends());
  phone.Rest();
  phone.Do(Notice::kUserPulled);
  EXPECT_TRUE(phone.Sends());
}

TEST(EngineAttachmentsTest, APieceThatNobodyAnswersIsGivenUp) {
  Phone phone;
  phone.Do(kOriginals);
  const uint64_t call = phone.state.attach_call.call;
  phone.now_us += tuning::kPieceDeadlineMs * int64_t{1000} + tuning::kDeadlineGraceUs;
  phone.Do(Tick());
  EXPECT_NE(phone.state.attach_call.call, call);
  phone.now_us += 300 * kSecond;
  phone.Do(Tick());
  EXPECT_TRUE(phone.Sends());
}

TEST(EngineAttachmentsTest, ALostNetworkCancelsThePiece) {
  Phone phone;
  phone.Do(kOriginals);
  phone.Do(Notice::kNetworkLost);
  EXPECT_FALSE(phone.Sends());
  phone.Do(Notice::kNetworkChanged);
  EXPECT_TRUE(phone.Sends());
}

}  // namespace
}  // namespace doorstep
