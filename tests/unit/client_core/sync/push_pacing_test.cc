#include "client_core/sync/push_pacing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "client_core/sync/tuning.h"

namespace doorstep {
namespace {

using Verdict = std::function<absl::StatusCode(const FrameRun&)>;

struct Outcome {
  std::vector<uint64_t> opaque;  // Entries that went opaque.
  int frames = 0;
  uint64_t received = 0;
};

// Sends entries 1 to `last` to a server that answers as `verdict` says, and starts anew when it says UNAVAILABLE; every
// Hello is answered.
Outcome SendAll(uint64_t last, const Verdict& verdict) {
  PushPacing pacing;
  Outcome outcome;
  uint64_t call = 1;
  int64_t started_us = 1;
  while (outcome.received < last && outcome.frames < 10000) {
    const FramePlan plan = PlanFrame(pacing, outcome.received, 64);
    const FrameRun run{outcome.received, std::min(last, outcome.received + plan.entries_max), plan.opaque, started_us};
    ++outcome.frames;
    ++call;
    const absl::StatusCode code = verdict(run);
    if (code == absl::StatusCode::kOk) {
      if (run.opaque) outcome.opaque.push_back(run.last_seq);
      outcome.received = run.last_seq;
      NoteProgress(outcome.received, pacing);
      continue;
    }
    if (code == absl::StatusCode::kUnavailable) ++started_us;
    if (NoteFailure(run, code, call, pacing) == PushFailure::kProbe) {
      NoteHello(call++, outcome.received, started_us, pacing);
    }
  }
  return outcome;
}

bool Holds(const FrameRun& run, uint64_t seq) { return run.after_seq < seq && seq <= run.last_seq; }

TEST(PushPacingTest, OnlyTheEntryThatKillsItsFrameGoesOpaque) {
  for (const absl::StatusCode code :
       {absl::StatusCode::kInternal, absl::StatusCode::kUnavailable, absl::StatusCode::kInvalidArgument}) {
    for (const uint64_t culprit : {1u, 2u, 63u, 64u, 65u, 137u, 200u}) {
      const Outcome outcome = SendAll(200, [culprit, code](const FrameRun& run) {
        return Holds(run, culprit) && !run.opaque ? code : absl::StatusCode::kOk;
      });
      EXPECT_EQ(outcome.received, 200u) << culprit;
      EXPECT_EQ(outcome.opaque, std::vector<uint64_t>({culprit})) << static_cast<int>(code);
      // Three strikes, six halvings, three strikes alone, and what remains.
      EXPECT_LE(outcome.frames, 40) << culprit;
    }
  }
}

TEST(PushPacingTest, SeveralBadEntriesAreFoundOneAfterTheOther) {
  const Outcome outcome = SendAll(100, [](const FrameRun& run) {
    const bool bad = Holds(run, 10) || Holds(run, 11) || Holds(run, 90);
    return bad && !run.opaque ? absl::StatusCode::kInternal : absl::StatusCode::kOk;
  });
  EXPECT_EQ(outcome.received, 100u);
  EXPECT_EQ(outcome.opaque, std::vector<uint64_t>({10, 11, 90}));
}

TEST(PushPacingTest, WhatIsTooLargeIsHalvedUntilItFitsAndGrowsAgain) {
  uint64_t largest_after = 0;
  const Outcome outcome = SendAll(200, [&largest_after](const FrameRun& run) {
    const uint64_t entries = run.last_seq - run.after_seq;
    if (run.after_seq < 64 && entries > 10) return absl::StatusCode::kResourceExhausted;
    if (run.after_seq >= 64) largest_after = std::max(largest_after, entries);
    return absl::StatusCode::kOk;
  });
  EXPECT_EQ(outcome.received, 200u);
  EXPECT_TRUE(outcome.opaque.empty());
  EXPECT_GE(largest_after, 32u);
}

// gRPC itself says so when its memory is spent, whatever the call is about.
TEST(PushPacingTest, OneEntryAloneIsNeverTooLarge) {
  PushPacing pacing;
  for (uint64_t call = 1; call < 100; ++call) {
    EXPECT_EQ(NoteFailure({6, 7, false}, absl::StatusCode::kResourceExhausted, call + 1, pacing),
              PushFailure::kRetryLater);
    NoteHello(call + 1, 6, 1, pacing);
  }
  EXPECT_FALSE(PlanFrame(pacing, 6, 64).opaque);
}

TEST(PushPacingTest, SlowLinkIsAnsweredByLessAtATime) {
  const Outcome outcome = SendAll(100, [](const FrameRun& run) {
    return run.last_seq - run.after_seq > 4 ? absl::StatusCode::kDeadlineExceeded : absl::StatusCode::kOk;
  });
  EXPECT_EQ(outcome.received, 100u);
  EXPECT_TRUE(outcome.opaque.empty());
}

TEST(PushPacingTest, NobodyIsToBlameUntilTheServerAnswersSomethingElse) {
  for (const absl::StatusCode code :
       {absl::StatusCode::kUnavailable, absl::StatusCode::kInternal, absl::StatusCode::kUnknown}) {
    PushPacing pacing;
    const FrameRun run{0, 64, false, 1};
    for (uint64_t call = 1; call < 100; ++call) {
      EXPECT_EQ(NoteFailure(run, code, call + 1, pacing), PushFailure::kProbe);
      NoteHello(call, 0, 2, pacing);  // Begun before the failure: it proves nothing.
    }
    EXPECT_EQ(pacing.strikes, 0u);
    EXPECT_EQ(PlanFrame(pacing, 0, 64).entries_max, 64u);
    NoteHello(200, 0, 2, pacing);
    EXPECT_EQ(pacing.strikes, 1u);
  }
}

TEST(PushPacingTest, FrameWhoseAnswerWasLostIsNotToBlame) {
  PushPacing pacing;
  NoteFailure({0, 64, false, 1}, absl::StatusCode::kUnavailable, 2, pacing);
  NoteHello(2, 64, 2, pacing);  // A Hello said that all of it was received.
  EXPECT_EQ(pacing.strikes, 0u);
}

TEST(PushPacingTest, WhatHappenedToOneEntryIsNotHeldAgainstTheNext) {
  for (const bool answer_lost : {true, false}) {
    PushPacing pacing;
    uint64_t call = 1;
    int64_t started_us = 1;
    const auto fail = [&](uint64_t seq, uint64_t acknowledged) {
      NoteFailure({seq - 1, seq, false, started_us}, absl::StatusCode::kUnavailable, ++call, pacing);
      NoteHello(call, acknowledged, ++started_us, pacing);
    };
    for (uint32_t i = 1; i < tuning::kPushStrikesMax; ++i) fail(5, 4);
    // It arrived; its answer was lost, or nobody waited for it.
    if (answer_lost) {
      fail(5, 5);
    } else {
      NoteHello(++call, 5, started_us, pacing);
    }
    fail(6, 5);
    EXPECT_FALSE(PlanFrame(pacing, 5, 64).opaque) << answer_lost;
  }
}

// A link that loses requests blames no entry: what is marked opaque does not count until somebody has looked at it.
TEST(PushPacingTest, FrameThatNothingComesBackForIsNotToBlameForLong) {
  for (const absl::StatusCode code : {absl::StatusCode::kUnavailable, absl::StatusCode::kDeadlineExceeded}) {
    PushPacing pacing;
    const FrameRun run{4, 5, false, 1};
    uint64_t call = 1;
    const auto lose = [&] {
      NoteFailure(run, code, ++call, pacing);
      NoteHello(call, 4, 1, pacing);
    };
    for (uint32_t round = 0; round < 2; ++round) {
      for (uint32_t i = 0; i < tuning::kPushLostMax; ++i) {
        lose();
        ASSERT_EQ(pacing.strikes, 0u) << round << "." << i;
      }
      if (round == 0) NoteProgress(4, pacing);  // Others got through in between.
    }
    for (uint32_t i = 0; i < tuning::kPushStrikesMax; ++i) lose();
    EXPECT_TRUE(PlanFrame(pacing, 4, 64).opaque) << "a server that hangs over it";
  }
}

TEST(PushPacingTest, ServerThatDoesNotSayWhenItBeganIsNotTakenForAnother) {
  PushPacing pacing;
  for (uint64_t call = 1; call < 20; ++call) {
    NoteFailure({4, 5, false, 0}, absl::StatusCode::kUnavailable, call, pacing);
    NoteHello(call, 4, 7, pacing);
  }
  EXPECT_EQ(pacing.strikes, 0u);
}

TEST(PushPacingTest, OpaqueEntryThatFailsAsWellGoesBackToBeingItself) {
  PushPacing pacing;
  for (uint32_t i = 0; i < tuning::kPushStrikesMax; ++i) {
    NoteFailure({4, 5, false}, absl::StatusCode::kInvalidArgument, 2, pacing);
  }
  EXPECT_TRUE(PlanFrame(pacing, 4, 64).opaque);
  for (uint32_t i = 0; i < tuning::kPushStrikesMax; ++i) {
    NoteFailure({4, 5, true}, absl::StatusCode::kInvalidArgument, 2, pacing);
  }
  EXPECT_FALSE(PlanFrame(pacing, 4, 64).opaque);
}

TEST(PushPacingTest, GrantAndTheProductsBoundAreObeyed) {
  EXPECT_EQ(PlanFrame(PushPacing(), 0, 10).entries_max, 10u);
  EXPECT_EQ(PlanFrame(PushPacing(), 0, 1 << 20).entries_max, limits::kFrameEntriesMax);
  EXPECT_EQ(PlanFrame(PushPacing(), 0, 0).entries_max, 1u);
}

}  // namespace
}  // namespace doorstep
