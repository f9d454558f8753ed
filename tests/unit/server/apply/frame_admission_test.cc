#include "server/apply/frame_admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "tests/support/office.h"

namespace doorstep {
namespace {

using testing::Arrived;
using testing::FieldPhone;
using testing::kHour;
using testing::kMonday;
using testing::Note;
using testing::Office;
using testing::PartUsed;

class FrameAdmissionTest : public ::testing::Test {
 protected:
  FrameAdmissionTest() : phone_(office_.AddPhone("ana")) {
    office_.AddAccount("acme");
    office_.Plan("v1", "acme", "ana", 8);
    for (int i = 0; i < 6; ++i) phone_.Record(PartUsed("p", 1000), "v1", kMonday + 8 * kHour + i);
    office_.clock().Set(kMonday + 10 * kHour);
  }
  int64_t Parts() { return office_.Visit("v1").parts_used_milli(); }
  uint64_t Mark(const absl::StatusOr<FrameAnswer>& answer) {
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? answer->mark.received_through() : 0;
  }

  Office office_;
  FieldPhone phone_;
};

TEST_F(FrameAdmissionTest, TheMarkFollowsWhatIsHeld) {
  const absl::StatusOr<FrameAnswer> answer = office_.Push(phone_, 1, 3);
  EXPECT_EQ(Mark(answer), 3u);
  EXPECT_EQ(answer->mark.hash().size(), 32u);
  EXPECT_GT(answer->device_feed_seq, 0);
  EXPECT_EQ(Parts(), 3000);
}

TEST_F(FrameAdmissionTest, ARepeatGetsTheSameAnswerAndChangesNothing) {
  const absl::StatusOr<FrameAnswer> first = office_.Push(phone_, 1, 4);
  const int64_t version = office_.Visit("v1").version();
  const absl::StatusOr<FrameAnswer> again = office_.Push(phone_, 1, 4);
  EXPECT_EQ(Mark(again), 4u);
  EXPECT_EQ(again->mark.hash(), first->mark.hash());
  EXPECT_EQ(Mark(office_.Push(phone_, 2, 3)), 4u) << "a part of a frame is a repeat too";
  EXPECT_EQ(office_.Visit("v1").version(), version);
  EXPECT_EQ(Parts(), 4000);
}

TEST_F(FrameAdmissionTest, AnOverlapCountsOnlyWhatIsNew) {
  EXPECT_EQ(Mark(office_.Push(phone_, 1, 4)), 4u);
  EXPECT_EQ(Mark(office_.Push(phone_, 2, 6)), 6u);
  EXPECT_EQ(Parts(), 6000);
  office_.ExpectRebuildEqual();
}

TEST_F(FrameAdmissionTest, AFrameThatOvertookAnotherIsNotStored) {
  EXPECT_EQ(Mark(office_.Push(phone_, 4, 6)), 0u);
  EXPECT_EQ(Mark(office_.Push(phone_, 1, 3)), 3u);
  EXPECT_EQ(Mark(office_.Push(phone_, 4, 6)), 6u);
  EXPECT_EQ(Parts(), 6000);
}

// The phone was restored from a copy: the same past up to entry 3, another one after it.
TEST_F(FrameAdmissionTest, AnotherPastIsAForkAndTheJournalGoesOnInANewEpoch) {
  EXPECT_EQ(Mark(office_.Push(phone_, 1, 4)), 4u);
  FieldPhone restored("d1", 1, "salt of epoch 1.", "ana");
  for (int i = 0; i < 3; ++i) restored.Record(PartUsed("p", 1000), "v1", kMonday + 8 * kHour + i);
  restored.Record(PartUsed("other", 5000), "v1", kMonday + 9 * kHour);
  restored.Record(PartUsed("other", 5000), "v1", kMonday + 9 * kHour + 1);

  const absl::StatusOr<FrameAnswer> answer = office_.Push(restored, 1, 5);
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_TRUE(answer->fork.has_value());
  EXPECT_EQ(answer->fork->last_common_seq(), 3u);
  EXPECT_EQ(answer->mark.received_through(), 4u) << "nothing of it is stored";
  const absl::StatusOr<FrameAnswer> again = office_.Push(restored, 1, 5);
  EXPECT_EQ(again->fork->new_epoch(), answer->fork->new_epoch()) << "a repeated push gets the same epoch";
  EXPECT_EQ(again->fork->new_epoch_salt(), answer->fork->new_epoch_salt());

  // The phone appends again what is not common, one entry too many: the lower bound may be low.
  FieldPhone moved("d1", answer->fork->new_epoch(), answer->fork->new_epoch_salt(), "ana");
  for (uint64_t seq = 3; seq <= 5; ++seq) moved.Rehome(restored, seq);
  EXPECT_EQ(Mark(office_.Push(moved, 1, 3)), 3u);
  EXPECT_EQ(Parts(), 4000 + 2 * 5000) << "the entry that is held already counts once";
  EXPECT_EQ(office_.JudgementOf(moved, 1)->verdict(), v1::VERDICT_SAME_AS_ORIGINAL);
  office_.ExpectRebuildEqual();
}

// This server was restored, or a clone went on: what it would say first is not newer than the phone's newest.
TEST_F(FrameAdmissionTest, AForkGoesOnInAnEpochThatIsNewerThanThePhonesNewest) {
  EXPECT_EQ(Mark(office_.Push(phone_, 1, 4)), 4u);
  FieldPhone other("d1", 1, "salt of epoch 1.", "ana");
  other.Record(PartUsed("other", 5000), "v1", kMonday + 9 * kHour);
  const auto new_epoch = [&](uint64_t newest) {
    const absl::StatusOr<FrameAnswer> answer =
        office_.PushBytes("d1", other.Frame(1, 1, office_.clock().Now().wall_time_us), newest);
    EXPECT_TRUE(answer.ok() && answer->fork.has_value()) << answer.status();
    return answer.ok() && answer->fork.has_value() ? answer->fork->new_epoch() : 0;
  };
  const uint64_t first = new_epoch(2);
  EXPECT_GT(first, 2u);
  EXPECT_EQ(new_epoch(2), first) << "a repeated push gets the same epoch";
  EXPECT_EQ(new_epoch(first - 1), first);
  EXPECT_EQ(new_epoch(7), 8u);
  EXPECT_EQ(new_epoch(7), 8u);
  EXPECT_EQ(new_epoch(8), 9u);
  office_.ExpectRebuildEqual();
}

// Whoever holds a phone's token could make a journal with every frame.
TEST_F(FrameAdmissionTest, ADeviceHasNoMoreJournalsThanTheLimit) {
  EXPECT_EQ(Mark(office_.Push(phone_, 1, 4)), 4u);
  const auto another_past = [&](size_t number) {
    FieldPhone copy("d1", 1, "salt of epoch 1.", "ana");
    copy.Record(Note(absl::StrCat("past ", number)), "v1", kMonday + 8 * kHour);
    return office_.Push(copy, 1, 1);
  };
  size_t forks = 0;
  absl::StatusOr<FrameAnswer> answer = another_past(forks);
  const absl::StatusOr<FrameAnswer> first = answer;
  while (answer.ok() && forks < 2 * limits::kEpochsMax) answer = another_past(++forks);
  EXPECT_LT(forks, limits::kEpochsMax);
  EXPECT_TRUE(absl::IsFailedPrecondition(answer.status())) << answer.status();
  EXPECT_THAT(std::string(answer.status().message()), ::testing::HasSubstr("256 journals"));
  EXPECT_EQ(another_past(0)->fork->new_epoch(), first->fork->new_epoch()) << "what was answered is answered again";
  EXPECT_EQ(Mark(office_.Push(phone_, 5, 6)), 6u) << "and what goes on is taken";
}

TEST_F(FrameAdmissionTest, AnotherPastBelowTheBeginningHasNothingInCommon) {
  EXPECT_EQ(Mark(office_.Push(phone_, 1, 4)), 4u);
  FieldPhone stranger("d1", 1, "salt of epoch 1.", "ana");
  for (int i = 0; i < 6; ++i) stranger.Record(Note("another"), "v1", kMonday + i);
  const absl::StatusOr<FrameAnswer> answer = office_.Push(stranger, 5, 6);
  ASSERT_TRUE(answer.ok() && answer->fork.has_value());
  EXPECT_EQ(answer->fork->last_common_seq(), 0u);
}

// A salvaged journal goes on in the spare epoch while frames of the old one are still on their way.
TEST_F(FrameAdmissionTest, OriginalsThatComeAfterTheirCopiesCountInTheirPlace) {
  FieldPhone spare = office_.SparePhone(phone_);
  for (uint64_t seq = 1; seq <= 6; ++seq) spare.Rehome(phone_, seq);
  spare.Record(Note("after the move"), "v1", kMonday + 9 * kHour);
  EXPECT_EQ(Mark(office_.Push(spare, 1, 7)), 7u);
  EXPECT_EQ(Parts(), 6000);
  EXPECT_EQ(Mark(office_.Push(phone_, 1, 4)), 4u);
  EXPECT_EQ(Parts(), 6000) << "nothing is doubled";
  EXPECT_EQ(office_.Visit("v1").facts(), 7u);
  for (uint64_t seq = 1; seq <= 4; ++seq) {
    EXPECT_EQ(office_.JudgementOf(spare, seq)->verdict(), v1::VERDICT_SAME_AS_ORIGINAL) << seq;
  }
  EXPECT_FALSE(office_.JudgementOf(spare, 5).has_value());
  office_.ExpectRebuildEqual();
}

// A journal was salvaged and then forked: its entries name the position they had first, which the server never got.
TEST_F(FrameAdmissionTest, AnEntryThatMovedTwiceCountsOnce) {
  FieldPhone spare = office_.SparePhone(phone_);
  for (uint64_t seq = 1; seq <= 6; ++seq) spare.Rehome(phone_, seq);
  EXPECT_EQ(Mark(office_.Push(spare, 1, 4)), 4u);
  EXPECT_EQ(Parts(), 4000);

  FieldPhone other_past = office_.SparePhone(phone_);
  for (int i = 0; i < 6; ++i) other_past.Record(Note("another"), "v1", kMonday + i);
  const absl::StatusOr<FrameAnswer> answer = office_.Push(other_past, 5, 6);
  ASSERT_TRUE(answer.ok() && answer->fork.has_value());
  FieldPhone moved("d1", answer->fork->new_epoch(), answer->fork->new_epoch_salt(), "ana");
  for (uint64_t seq = 1; seq <= 6; ++seq) moved.Rehome(spare, seq);
  EXPECT_EQ(Mark(office_.Push(moved, 1, 6)), 6u);
  EXPECT_EQ(Parts(), 6000) << "nothing is doubled";
  EXPECT_EQ(office_.JudgementOf(moved, 4)->verdict(), v1::VERDICT_SAME_AS_ORIGINAL);
  EXPECT_FALSE(office_.JudgementOf(moved, 5).has_value());
  office_.ExpectRebuildEqual();

  EXPECT_EQ(Mark(office_.Push(phone_, 1, 6)), 6u);
  EXPECT_EQ(Parts(), 6000) << "the originals take the place of both";
  EXPECT_EQ(office_.Visit("v1").facts(), 6u);
  office_.ExpectRebuildEqual();
}

TEST_F(FrameAdmissionTest, WhatTheServerNeverIssuedIsRefused) {
  FieldPhone unknown_epoch("d1", 9, "salt of epoch 9.", "ana");
  unknown_epoch.Record(Arrived(), "v1", kMonday);
  EXPECT_EQ(office_.Push(unknown_epoch, 1, 1).status().code(), absl::StatusCode::kFailedPrecondition)
      << "a restore may have forgotten it: the phone says hello, and the frame is not to blame";
  FieldPhone unknown_device("d9", 1, "salt of epoch 1.", "ana");
  unknown_device.Record(Arrived(), "v1", kMonday);
  EXPECT_EQ(office_.Push(unknown_device, 1, 1).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(office_.PushBytes("d2", phone_.Frame(1, 1, kMonday)).status().code(), absl::StatusCode::kPermissionDenied)
      << "a frame of another device";
}

TEST_F(FrameAdmissionTest, BrokenFramesAreRefusedBeforeTheyAreStored) {
  const std::string frame = phone_.Frame(1, 6, kMonday);
  for (size_t length = 0; length < frame.size(); length += 7) {
    EXPECT_FALSE(office_.PushBytes("d1", frame.substr(0, length)).ok()) << length;
  }
  v1::Frame tampered;
  ASSERT_TRUE(tampered.ParseFromString(frame));
  tampered.mutable_header()->set_head_hash(std::string(32, 'x'));
  EXPECT_EQ(office_.PushBytes("d1", tampered.SerializeAsString()).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Mark(office_.Push(phone_, 1, 6)), 6u);
}

TEST_F(FrameAdmissionTest, ACommittedFrameSurvivesARestart) {
  EXPECT_EQ(Mark(office_.Push(phone_, 1, 3)), 3u);
  office_.Reopen();
  EXPECT_EQ(Mark(office_.Push(phone_, 1, 3)), 3u);
  EXPECT_EQ(Mark(office_.Push(phone_, 4, 6)), 6u);
  EXPECT_EQ(Parts(), 6000);
}

}  // namespace
}  // namespace doorstep
