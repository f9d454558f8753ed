#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/escaping.h"
#include "tests/unit/client_core/store/store_fixture.h"

namespace doorstep {
namespace {

using testing::ElementsAre;

class JournalTest : public StoreTest {
 protected:
  // What a server would be sent from `epoch`, as it would open it.
  OpenedFrame FrameOf(const FrameEntries& entries) {
    OpenedFrame frame;
    frame.header.set_device("d7");
    frame.header.set_epoch(entries.epoch);
    frame.header.set_first_seq(entries.first_seq);
    frame.header.set_last_seq(entries.last_seq);
    frame.header.set_prev_hash(std::string(AsBytes(entries.prev_hash)));
    frame.header.set_head_hash(std::string(AsBytes(entries.head_hash)));
    for (const v1::EntryEnvelope& envelope : entries.entries) *frame.body.add_entries() = envelope;
    return frame;
  }
};

TEST_F(JournalTest, GivesGaplessSeqsAcrossReopening) {
  OpenEnrolled();
  EXPECT_EQ(Append(EntryOf("v1", v1::LogEntry::kTravelStarted)), 1u);
  EXPECT_EQ(Append(EntryOf("v1", v1::LogEntry::kNote)), 2u);
  ASSERT_OK(Open());
  EXPECT_EQ(Append(EntryOf("v1", v1::LogEntry::kArrived)), 3u);
  ASSERT_OK(Open());
  EXPECT_EQ(Append(EntryOf("v2", v1::LogEntry::kNote)), 4u);
  EXPECT_EQ(journal().Counts().recorded, 4u);
}

TEST_F(JournalTest, KeepsWhatAKilledProcessHadAppended) {
  OpenEnrolled();
  store_.reset();
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const bool opened = Open().ok();
    if (opened) AppendNotes(3);
    _exit(opened ? 0 : 1);  // No destructor runs: the file is left as a kill would leave it.
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(WEXITSTATUS(status), 0);
  ASSERT_OK(Open());
  EXPECT_EQ(journal().Counts().recorded, 3u);
  EXPECT_EQ(Append(EntryOf("v1", v1::LogEntry::kNote)), 4u);
}

TEST_F(JournalTest, RefusesToRecordBeforeEnrolment) {
  ASSERT_OK(Open());
  EXPECT_TRUE(absl::IsFailedPrecondition(store_->Append("ana", EntryOf("v1", v1::LogEntry::kNote), "").status()));
}

TEST_F(JournalTest, RefusesWhatIsTooLargeAndRecordsNothing) {
  OpenEnrolled();
  v1::LogEntry note = EntryOf("v1", v1::LogEntry::kNote);
  note.mutable_note()->set_text(std::string(limits::kNoteBytesMax + 1, 'x'));
  EXPECT_TRUE(absl::IsInvalidArgument(store_->Append("ana", note, "").status()));
  const std::string long_token(limits::kTokenBytesMax + 1, 't');
  EXPECT_TRUE(absl::IsInvalidArgument(store_->Append("ana", EntryOf("v1", v1::LogEntry::kNote), long_token).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(store_->Append("", EntryOf("v1", v1::LogEntry::kNote), "").status()));
  v1::LogEntry empty = EntryOf("v1", v1::LogEntry::kNote);
  empty.clear_fact();
  EXPECT_TRUE(absl::IsInvalidArgument(store_->Append("ana", empty, "").status()));
  EXPECT_EQ(journal().Counts().recorded, 0u);
}

TEST_F(JournalTest, GivesTheSamePositionForTheSameTokenAfterReopening) {
  OpenEnrolled();
  EXPECT_EQ(Append(EntryOf("v1", v1::LogEntry::kTravelStarted), "tap-1"), 1u);
  EXPECT_EQ(Append(EntryOf("v1", v1::LogEntry::kArrived), "tap-2"), 2u);
  ASSERT_OK(Open());
  const absl::StatusOr<AppendResult> again =
      store_->Append("ana", EntryOf("v1", v1::LogEntry::kTravelStarted), "tap-1");
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(FormatPosition(again->position), "d7.1.1");
  EXPECT_EQ(journal().Counts().recorded, 2u);
}

TEST_F(JournalTest, SendsFramesWhoseChainTheReceiverCanCheck) {
  OpenEnrolled();
  AppendNotes(10);
  SodiumSha256 hasher;
  uint64_t after = 0;
  Hash head = ChainStart(hasher, "d7", 1, std::string(16, 's'));
  for (const uint64_t entries_max : {1, 4, 100}) {
    const absl::StatusOr<FrameEntries> frame = journal().ReadForFrame(1, after, entries_max, kNoBound);
    ASSERT_TRUE(frame.ok());
    EXPECT_EQ(frame->first_seq, after + 1);
    EXPECT_EQ(frame->prev_hash, head);
    EXPECT_TRUE(CheckChain(hasher, FrameOf(*frame)).ok());
    EXPECT_EQ(frame->raw_bytes, FrameOf(*frame).body.ByteSizeLong());
    EXPECT_EQ(frame->empties_queue, frame->last_seq == 10);
    after = frame->last_seq;
    head = frame->head_hash;
  }
  EXPECT_EQ(after, 10u);
  const absl::StatusOr<FrameEntries> nothing = journal().ReadForFrame(1, after, 10, kNoBound);
  ASSERT_TRUE(nothing.ok());
  EXPECT_TRUE(nothing->entries.empty());
}

TEST_F(JournalTest, CutsFramesToTheirBytesButSendsAtLeastOneEntry) {
  OpenEnrolled();
  AppendNotes(5);
  const uint64_t two = journal().ReadForFrame(1, 0, 2, kNoBound)->raw_bytes;
  EXPECT_EQ(journal().ReadForFrame(1, 0, 5, two)->entries.size(), 2u);
  EXPECT_EQ(journal().ReadForFrame(1, 0, 5, two - 1)->entries.size(), 1u);
  EXPECT_EQ(journal().ReadForFrame(1, 0, 5, 1)->entries.size(), 1u);
}

TEST_F(JournalTest, TakesOnlyAcknowledgementsOfItsOwnHashes) {
  OpenEnrolled();
  AppendNotes(4);
  v1::JournalMark foreign = MarkAt(1, 3);
  foreign.set_hash(std::string(32, 'x'));
  v1::JournalMark beyond = MarkAt(1, 4);
  beyond.set_received_through(5);
  const struct {
    const char* name;
    v1::JournalMark mark;
    Acknowledgement want;
    uint64_t received;
  } kCases[] = {
      {"a foreign hash", foreign, Acknowledgement::kNotOurs, 0},
      {"more than was recorded", beyond, Acknowledgement::kNotOurs, 0},
      {"an unknown epoch", MarkAt(9, 0), Acknowledgement::kNotOurs, 0},
      {"our own hash", MarkAt(1, 3), Acknowledgement::kMoved, 3},
      {"the same again", MarkAt(1, 3), Acknowledgement::kUnchanged, 3},
      {"an older answer that came late", MarkAt(1, 2), Acknowledgement::kUnchanged, 3},
      {"the rest, in a backup up to 2", MarkAt(1, 4, 2), Acknowledgement::kMoved, 4},
  };
  for (const auto& c : kCases) {
    const absl::StatusOr<Acknowledgement> got = journal().Acknowledge(c.mark);
    ASSERT_TRUE(got.ok()) << c.name;
    EXPECT_EQ(*got, c.want) << c.name;
    EXPECT_EQ(journal().epochs().at(1).received_through, c.received) << c.name;
  }
  ASSERT_OK(Open());
  EXPECT_EQ(journal().epochs().at(1).received_through, 4u);
  EXPECT_EQ(journal().epochs().at(1).backed_up_through, 2u);
  EXPECT_EQ(journal().UnsentEpoch(), 0u);
}

TEST_F(JournalTest, SendsAgainWhatARestoredServerLost) {
  OpenEnrolled();
  AppendNotes(5);
  ASSERT_OK(journal().Acknowledge(MarkAt(1, 5)).status());
  ASSERT_OK(journal().SetJudged(1, 5));
  ASSERT_OK(journal().SettleThrough(1, 5));
  EXPECT_EQ(journal().Counts().judged, 5u);
  const std::vector<v1::JournalMark> marks = {MarkAt(1, 2)};
  ASSERT_OK(journal().AdoptGeneration("g2", marks));
  EXPECT_EQ(journal().UnsentEpoch(), 1u);
  EXPECT_EQ(journal().Counts().saved_here, 3u);
  EXPECT_EQ(journal().pending().at(1).size(), 3u);  // Above the row again, until it is folded again.
  ASSERT_OK(Open());
  EXPECT_EQ(journal().identity()->generation(), "g2");
  EXPECT_EQ(journal().epochs().at(1).received_through, 2u);
}

TEST_F(JournalTest, ShowsTheServerTheNewestMarkThatItCountersigned) {
  OpenEnrolled();
  AppendNotes(4);
  EXPECT_FALSE(journal().Claims().back().has_mark());
  v1::JournalMark signed_mark = MarkAt(1, 3);
  signed_mark.set_countersign("signed by the office");
  ASSERT_OK(journal().Acknowledge(signed_mark).status());
  ASSERT_OK(journal().Acknowledge(MarkAt(1, 4)).status());  // From a feed: without a countersign.
  signed_mark.set_received_through(2);
  signed_mark.set_hash(MarkAt(1, 2).hash());
  ASSERT_OK(journal().Acknowledge(signed_mark).status());  // Came late.
  ASSERT_OK(Open());
  const std::vector<v1::JournalClaim> claims = journal().Claims();
  ASSERT_EQ(claims.size(), 2u);  // The spare one first: it is newer.
  EXPECT_EQ(claims[0].epoch(), 2u);
  EXPECT_FALSE(claims[0].current());
  EXPECT_TRUE(claims[1].current());
  EXPECT_EQ(claims[1].salt().size(), 16u);
  EXPECT_EQ(claims[1].mark().received_through(), 3u);
  EXPECT_EQ(claims[1].mark().hash(), MarkAt(1, 3).hash());
  EXPECT_EQ(claims[1].mark().countersign(), "signed by the office");
  ASSERT_OK(journal().AdoptGeneration("g2", {MarkAt(1, 2)}));
  EXPECT_FALSE(journal().Claims()[1].has_mark());  // It proves nothing in another generation.
}

TEST_F(JournalTest, AForkProvesWhatTheServerHadInCommon) {
  OpenEnrolled();
  for (int i = 0; i < 4; ++i) Append(EntryOf("v1", v1::LogEntry::kNote, i));
  for (const uint64_t through : {2u, 3u}) {
    v1::Fork fork = ForkOf(through == 2 ? 1 : 3, through == 2 ? 2 : 1, through + 1);
    *fork.mutable_common() = MarkAt(fork.epoch(), fork.last_common_seq());
    fork.mutable_common()->set_countersign("signed by the office");
    ASSERT_OK(store_->Fork(fork).status());
  }
  std::map<uint64_t, uint64_t> proved;
  for (const v1::JournalClaim& claim : journal().Claims()) {
    if (!claim.mark().countersign().empty()) proved[claim.epoch()] = claim.mark().received_through();
  }
  EXPECT_EQ(proved, (std::map<uint64_t, uint64_t>{{1, 2}, {3, 1}}));

  v1::Fork forged = ForkOf(4, 1, 5);
  *forged.mutable_common() = MarkAt(4, 1);
  forged.mutable_common()->set_hash(std::string(32, 'x'));
  forged.mutable_common()->set_countersign("of another journal");
  ASSERT_OK(store_->Fork(forged).status());
  for (const v1::JournalClaim& claim : journal().Claims()) EXPECT_NE(claim.mark().countersign(), "of another journal");
}

TEST_F(JournalTest, WhatItStillHasBehindAGapGoesOnInANewEpoch) {
  OpenEnrolled();
  AppendNotes(5);
  ASSERT_OK(journal().Acknowledge(MarkAt(1, 3, 3)).status());
  ASSERT_OK(journal().SetJudged(1, 3));
  ASSERT_OK(journal().SettleThrough(1, 3));
  const v1::JournalMark restored_to = MarkAt(1, 1);
  ASSERT_EQ(*journal().Retain(kNineOClockUs + 2 * limits::kRetentionMicros), 3u);
  ASSERT_OK(journal().AdoptGeneration("g2", {restored_to}));
  EXPECT_EQ(journal().UnsentEpoch(), 0u);
  EXPECT_EQ(journal().Claims().back().forgotten_through(), 3u);
  const v1::Fork fork = ForkOf(1, 1, 3);
  ASSERT_OK(store_->Fork(fork).status());
  EXPECT_EQ(journal().UnsentEpoch(), 3u);
  const absl::StatusOr<FrameEntries> frame = journal().ReadForFrame(3, 0, 100, kNoBound);
  ASSERT_TRUE(frame.ok());
  ASSERT_EQ(frame->entries.size(), 2u);
  EXPECT_EQ(frame->entries[0].from_seq(), 4u);
  EXPECT_EQ(journal().Counts().saved_here, 2u);
  for (const v1::JournalClaim& claim : journal().Claims()) EXPECT_NE(claim.epoch(), 1u) << "it has nothing to give";
}

// A copy of this phone went on after the restore, and has given the server entries where this one has deleted its own.
TEST_F(JournalTest, WhatItHasBehindAGapIsSentWhenACopysEntriesFillIt) {
  OpenEnrolled();
  AppendNotes(5);
  ASSERT_OK(journal().Acknowledge(MarkAt(1, 3, 3)).status());
  ASSERT_OK(journal().SetJudged(1, 3));
  ASSERT_OK(journal().SettleThrough(1, 3));
  ASSERT_EQ(*journal().Retain(kNineOClockUs + 2 * limits::kRetentionMicros), 3u);
  v1::JournalMark of_the_copy;
  of_the_copy.set_epoch(1);
  of_the_copy.set_hash(std::string(32, 'x'));
  ASSERT_OK(journal().AdoptGeneration("g2", {}));
  of_the_copy.set_received_through(2);
  ASSERT_OK(journal().Acknowledge(of_the_copy).status());
  EXPECT_EQ(journal().UnsentEpoch(), 0u) << "the server tells where to go on";
  of_the_copy.set_received_through(4);
  EXPECT_EQ(*journal().Acknowledge(of_the_copy), Acknowledgement::kNotOurs);
  EXPECT_EQ(journal().UnsentEpoch(), 1u);
  EXPECT_EQ(journal().ReadForFrame(1, 3, 100, kNoBound)->entries.size(), 2u);
  ASSERT_OK(journal().AdoptGeneration("g3", {of_the_copy}));
  EXPECT_EQ(journal().UnsentEpoch(), 1u);
  ASSERT_OK(Open());
  EXPECT_EQ(journal().UnsentEpoch(), 1u);
  EXPECT_EQ(journal().Counts().saved_here, 2u);
}

TEST_F(JournalTest, ForksOnceAndKeepsFirstPositions) {
  OpenEnrolled();
  EXPECT_EQ(Append(EntryOf("v1", v1::LogEntry::kTravelStarted), "tap-1"), 1u);
  EXPECT_EQ(Append(EntryOf("v1", v1::LogEntry::kArrived), "tap-2"), 2u);
  EXPECT_EQ(Append(EntryOf("v1", v1::LogEntry::kWorkStarted), "tap-3"), 3u);
  const absl::StatusOr<v1::LogEntry> recorded = journal().Read(1, 2);
  const v1::Fork fork = ForkOf(1, 1, 5);
  const absl::StatusOr<ForkResult> first = store_->Fork(fork);
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  const absl::StatusOr<v1::LogEntry> appended_again = journal().Read(fork.new_epoch(), 1);
  ASSERT_TRUE(recorded.ok() && appended_again.ok());
  EXPECT_EQ(appended_again->SerializeAsString(), recorded->SerializeAsString())
      << "the office knows a copy by its bytes";
  EXPECT_TRUE(first->moved);
  EXPECT_EQ(first->reappended, 2u);
  const absl::StatusOr<ForkResult> repeated = store_->Fork(fork);
  ASSERT_TRUE(repeated.ok());
  EXPECT_FALSE(repeated->moved);

  ASSERT_OK(Open());
  EXPECT_EQ(journal().current()->epoch, 5u);
  EXPECT_EQ(journal().Counts().recorded, 3u);
  EXPECT_EQ(journal().Counts().saved_here, 2u);
  const absl::StatusOr<FrameEntries> frame = journal().ReadForFrame(5, 0, 100, kNoBound);
  ASSERT_TRUE(frame.ok());
  ASSERT_EQ(frame->entries.size(), 2u);
  EXPECT_EQ(frame->entries[0].from_epoch(), 1u);
  EXPECT_EQ(frame->entries[0].from_seq(), 2u);
  EXPECT_EQ(frame->entries[1].from_seq(), 3u);
  SodiumSha256 hasher;
  EXPECT_TRUE(CheckChain(hasher, FrameOf(*frame)).ok());
  EXPECT_EQ(frame->prev_hash, ChainStart(hasher, "d7", 5, std::string(16, 'f')));
  EXPECT_TRUE(frame->empties_queue);

  // The old id still names the entry, and the token still gives it.
  const absl::StatusOr<v1::EntryStatus> status = StatusOfEntry(journal(), store_->replica(), MakePosition("d7", 1, 3));
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(FormatPosition(status->moved_to()), "d7.5.2");
  EXPECT_EQ(FormatPosition(store_->Append("ana", EntryOf("v1", v1::LogEntry::kArrived), "tap-2")->position), "d7.1.2");

  // A second fork names the first positions again, and entries recorded since get their own.
  EXPECT_EQ(Append(EntryOf("v1", v1::LogEntry::kNote)), 3u);
  ASSERT_OK(store_->Fork(ForkOf(5, 0, 6)).status());
  const absl::StatusOr<FrameEntries> second = journal().ReadForFrame(6, 0, 100, kNoBound);
  ASSERT_TRUE(second.ok());
  std::vector<std::string> firsts;
  for (const v1::EntryEnvelope& envelope : second->entries) {
    firsts.push_back(std::to_string(envelope.from_epoch()) + "." + std::to_string(envelope.from_seq()));
  }
  EXPECT_THAT(firsts, ElementsAre("1.2", "1.3", "5.3"));
  EXPECT_EQ(journal().Find(MakePosition("d7", 5, 1))->seq, 1u);
  EXPECT_EQ(journal().Find(MakePosition("d7", 5, 1))->epoch, 6u);
  EXPECT_EQ(journal().Counts().recorded, 4u);
}

// Arrived behind WorkEnded would be an arrival after the work.
TEST_F(JournalTest, WhatARestoredServerLacksOfALeftEpochStaysBeforeWhatCameAfterIt) {
  const auto firsts_in = [this](uint64_t epoch) {
    std::vector<std::string> firsts;
    const absl::StatusOr<FrameEntries> frame = journal().ReadForFrame(epoch, 0, 100, kNoBound);
    EXPECT_TRUE(frame.ok()) << frame.status();
    if (!frame.ok()) return firsts;
    SodiumSha256 hasher;
    EXPECT_TRUE(CheckChain(hasher, FrameOf(*frame)).ok());
    for (const v1::EntryEnvelope& envelope : frame->entries) {
      firsts.push_back(std::to_string(envelope.from_epoch()) + "." + std::to_string(envelope.from_seq()));
    }
    return firsts;
  };
  for (const uint64_t still_there : {0, 1}) {  // Of epoch 5.
    std::vector<std::string> expected = {"1.2", "1.3", "5.2"};
    if (still_there == 1) expected.erase(expected.begin() + 1);
    OpenEnrolled();
    AppendNotes(3);
    ASSERT_OK(store_->Fork(ForkOf(1, 2, 5)).status());  // 1.3 goes on as 5.1.
    AppendNotes(1);
    ASSERT_OK(journal().Acknowledge(MarkAt(1, 2)).status());
    ASSERT_OK(journal().Acknowledge(MarkAt(5, 2)).status());
    ASSERT_OK(journal().AdoptGeneration("g2", {MarkAt(1, 1), MarkAt(5, still_there)}));
    ASSERT_EQ(journal().Counts().saved_here, 3u - still_there);

    // In the place of 1.2 the server has a clone's entry.
    const absl::StatusOr<ForkResult> moved = store_->Fork(ForkOf(1, 1, 6));
    ASSERT_OK(moved.status());
    EXPECT_EQ(moved->epoch, 6u);
    EXPECT_EQ(moved->reappended, 3u - still_there);
    EXPECT_FALSE(store_->Fork(ForkOf(1, 1, 6))->moved) << "the same answer once more";
    for (int reopened = 0; reopened < 2; ++reopened) {
      EXPECT_EQ(firsts_in(6), expected);
      EXPECT_EQ(journal().current()->epoch, 6u);
      EXPECT_EQ(journal().UnsentEpoch(), 6u);
      EXPECT_EQ(journal().Counts().recorded, 4u);
      EXPECT_EQ(journal().Counts().saved_here, 3u - still_there);
      EXPECT_EQ(journal().epochs().at(5).received_through, still_there);
      ASSERT_OK(Open());
    }
    EXPECT_EQ(Append(EntryOf("v1", v1::LogEntry::kNote, 9)), 4u - still_there);
    store_.reset();
    for (const char* file : {"journal.db", "replica.db"}) std::filesystem::remove(Path(file));
  }
}

// Entries that went behind newer ones would be in another order than that in which they happened.
TEST_F(JournalTest, WhatARestoredServerLacksOfALeftEpochWaitsForAnEpochThatIsNewer) {
  OpenEnrolled();
  AppendNotes(3);
  ASSERT_OK(store_->Fork(ForkOf(1, 2, 5)).status());
  ASSERT_OK(journal().AdoptGeneration("g2", {MarkAt(1, 1)}));
  for (const uint64_t not_newer : {4, 5}) {
    EXPECT_TRUE(absl::IsAborted(store_->Fork(ForkOf(1, 1, not_newer)).status()));
    EXPECT_EQ(journal().current()->epoch, 5u);
    EXPECT_EQ(journal().Counts().saved_here, 2u);
  }
  ASSERT_OK(store_->Fork(ForkOf(1, 1, 6)).status());
  const absl::StatusOr<FrameEntries> frame = journal().ReadForFrame(6, 0, 10, kNoBound);
  ASSERT_OK(frame.status());
  ASSERT_EQ(frame->entries.size(), 2u);
  EXPECT_EQ(frame->entries[0].from_seq(), 2u);
  EXPECT_EQ(frame->entries[1].from_seq(), 3u);
  EXPECT_EQ(journal().Counts().recorded, 3u);
}

TEST_F(JournalTest, AMarkOfACloneWhereOurEntriesAreDeletedIsNotOurs) {
  OpenEnrolled();
  AppendNotes(6);  // A minute apart.
  const v1::Fork fork = ForkOf(1, 2, 3);
  ASSERT_OK(store_->Fork(fork).status());
  ASSERT_OK(journal().Acknowledge(MarkAt(3, 4, 4)).status());
  ASSERT_OK(journal().SetJudged(3, 4));
  ASSERT_OK(journal().SettleThrough(3, 4));
  v1::JournalMark of_the_clone = MarkAt(1, 4);
  of_the_clone.set_hash(std::string(32, 'c'));
  // All but the last of epoch 1 are old: what moved on leaves a hole before it.
  ASSERT_GT(*journal().Retain(kNineOClockUs + limits::kRetentionMicros + int64_t{4} * 60000000 + 30000000), 0u);
  ASSERT_EQ(journal().epochs().at(1).head_seq, 6u);
  const absl::StatusOr<Acknowledgement> taken = journal().Acknowledge(of_the_clone);
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_EQ(*taken, Acknowledgement::kNotOurs);
  ASSERT_OK(journal().AdoptGeneration("g2", {of_the_clone}));
}

TEST_F(JournalTest, RefusesAForkIntoAnEpochThatIsInUse) {
  OpenEnrolled();
  EXPECT_TRUE(absl::IsAborted(store_->Fork(ForkOf(1, 0, 1)).status()));
  v1::Fork fork = ForkOf(1, 0, 3);
  fork.set_new_epoch_salt("short");
  EXPECT_TRUE(absl::IsInvalidArgument(store_->Fork(fork).status()));
  EXPECT_EQ(journal().current()->epoch, 1u);
}

TEST_F(JournalTest, AsksForTheSameEnrolmentAfterALostAnswer) {
  ASSERT_OK(Open());
  const absl::StatusOr<v1::EnrollRequest> first = journal().PrepareEnrolment(Invitation(), random_);
  ASSERT_TRUE(first.ok());
  ASSERT_OK(Open());
  const absl::StatusOr<v1::EnrollRequest> second = journal().PrepareEnrolment(Invitation(), random_);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(first->request_id(), second->request_id());
  EXPECT_GE(first->request_id().size(), limits::kRequestIdBytesMin);

  ASSERT_OK(store_->CompleteEnrolment(Enrolment()));
  const absl::StatusOr<v1::EnrollRequest> third = journal().PrepareEnrolment(Invitation(), random_);
  ASSERT_TRUE(third.ok());
  EXPECT_EQ(third->request_id(), first->request_id());
  EXPECT_EQ(third->former_device(), "d7") << "an office that forgot the enrolment may have forgotten the code's use";
  v1::EnrolmentRequest other = Invitation();
  other.set_invitation_code("red-kite-43");
  const absl::StatusOr<v1::EnrollRequest> again = journal().PrepareEnrolment(other, random_);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->former_device(), "d7");
  EXPECT_NE(again->request_id(), first->request_id());
  AppendNotes(2);
  v1::EnrollResponse repeated = Enrolment();
  repeated.set_token("newer-token");
  ASSERT_OK(store_->CompleteEnrolment(repeated));
  EXPECT_EQ(journal().identity()->token(), "newer-token");
  EXPECT_EQ(journal().Counts().recorded, 2u);
  repeated.set_device("d8");
  EXPECT_TRUE(absl::IsFailedPrecondition(store_->CompleteEnrolment(repeated)));
}

TEST_F(JournalTest, DeletesOnlyWhatIsBackedUpSettledAndOld) {
  OpenEnrolled();
  AppendNotes(6);
  const int64_t week_later_us = kNineOClockUs + limits::kRetentionMicros;
  ASSERT_OK(journal().Acknowledge(MarkAt(1, 5, 4)).status());
  ASSERT_OK(journal().SetJudged(1, 5));
  EXPECT_EQ(*journal().Retain(week_later_us + int64_t{3600} * 1000000), 0u);  // Nothing is settled.
  ASSERT_OK(journal().SettleThrough(1, 5));
  EXPECT_EQ(*journal().Retain(kNineOClockUs), 0u);                          // Nothing is old.
  EXPECT_EQ(*journal().Retain(week_later_us + int64_t{2} * 60000000), 3u);  // The first three minutes are.
  EXPECT_EQ(*journal().Retain(week_later_us + int64_t{3600} * 1000000), 1u);
  ASSERT_OK(Open());
  EXPECT_TRUE(absl::IsNotFound(journal().Find(MakePosition("d7", 1, 4)).status()));
  EXPECT_TRUE(journal().Find(MakePosition("d7", 1, 5)).ok());
  const absl::StatusOr<FrameEntries> frame = journal().ReadForFrame(1, 5, 100, kNoBound);
  ASSERT_TRUE(frame.ok());
  SodiumSha256 hasher;
  EXPECT_TRUE(CheckChain(hasher, FrameOf(*frame)).ok());
  EXPECT_EQ(Append(EntryOf("v1", v1::LogEntry::kNote)), 7u);
  EXPECT_EQ(journal().Counts().recorded, 7u);
}

TEST_F(JournalTest, KeepsWhatMovedOnUntilItsCopiesAreSafeForGood) {
  OpenEnrolled();
  AppendNotes(3);
  const v1::Fork fork = ForkOf(1, 0, 5);
  ASSERT_OK(store_->Fork(fork).status());
  const int64_t later_us = kNineOClockUs + 2 * limits::kRetentionMicros;
  EXPECT_EQ(*journal().Retain(later_us), 0u);
  ASSERT_OK(journal().Acknowledge(MarkAt(5, 3, 3)).status());
  ASSERT_OK(journal().SetJudged(5, 3));
  EXPECT_EQ(*journal().Retain(later_us), 0u);
  ASSERT_OK(journal().SettleThrough(5, 3));
  EXPECT_EQ(*journal().Retain(later_us), 6u);  // The rows of the old epoch and their copies.
  EXPECT_EQ(journal().Counts().recorded, 3u);
  ASSERT_OK(Open());
  EXPECT_EQ(Append(EntryOf("v1", v1::LogEntry::kNote)), 4u);
}

TEST_F(JournalTest, KeepsTheEndOfTheChainWhenEverythingIsDeleted) {
  OpenEnrolled();
  AppendNotes(3);
  ASSERT_OK(journal().Acknowledge(MarkAt(1, 3, 3)).status());
  ASSERT_OK(journal().SetJudged(1, 3));
  ASSERT_OK(journal().SettleThrough(1, 3));
  const Hash head = journal().epochs().at(1).head_hash;
  EXPECT_EQ(*journal().Retain(kNineOClockUs + 2 * limits::kRetentionMicros), 3u);
  ASSERT_OK(Open());
  EXPECT_EQ(Append(EntryOf("v1", v1::LogEntry::kNote)), 4u);
  EXPECT_EQ(journal().ReadForFrame(1, 3, 1, kNoBound)->prev_hash, head);
}

TEST_F(JournalTest, HoldsNothingOfSettledHistoryInMemory) {
  OpenEnrolled();
  AppendNotes(300);
  Append(EntryOf("v2", v1::LogEntry::kArrived, 301));
  EXPECT_EQ(journal().PendingOf("v1").at(1).size(), 300u);
  ASSERT_OK(journal().Acknowledge(MarkAt(1, 300)).status());
  ASSERT_OK(journal().SetJudged(1, 300));
  ASSERT_OK(journal().SettleThrough(1, 299));
  EXPECT_EQ(journal().PendingOf("v1").at(1).size(), 1u);
  ASSERT_OK(journal().SettleThrough(1, 300));
  for (int reopened = 0; reopened < 2; ++reopened) {
    EXPECT_EQ(journal().pending().at(1).size(), 1u);
    EXPECT_EQ(journal().pending_by_visit().size(), 1u);
    EXPECT_EQ(journal().PendingOf("v2").at(1).front()->info.seq, 301u);
    ASSERT_OK(Open());
  }
}

TEST_F(JournalTest, TellsTheClocksAroundTheBootsOfAFrame) {
  OpenEnrolled();
  const auto exchange = [&](const std::string& boot, int64_t server_us) {
    v1::ClockSample sample;
    sample.set_boot_id(boot);
    sample.set_monotonic_us(1000);
    sample.set_server_time_us(server_us);
    ASSERT_OK(journal().boots().Record(sample));
  };
  exchange("boot-1", 100);
  Append(EntryOf("v1", v1::LogEntry::kNote, 1, "boot-1"));
  Append(EntryOf("v1", v1::LogEntry::kNote, 2, "boot-2"));  // Rebooted, never online.
  exchange("boot-3", 300);
  exchange("boot-4", 400);
  ASSERT_OK(Open());
  const auto boots_of = [&](uint64_t after, uint64_t count) {
    std::vector<std::string> boots;
    const absl::StatusOr<FrameEntries> frame = journal().ReadForFrame(1, after, count, kNoBound);
    for (const v1::ClockSample& sample : frame->clock) boots.push_back(sample.boot_id());
    return boots;
  };
  EXPECT_THAT(boots_of(0, 1), ElementsAre("boot-1"));
  EXPECT_THAT(boots_of(1, 1), ElementsAre("boot-1", "boot-3"));
  EXPECT_EQ(journal().boots().LastContactUs(), 400);
}

TEST_F(JournalTest, TellsTheServersTimeOfAMomentByTheLastExchangeOfItsBoot) {
  OpenEnrolled();
  v1::ClockSample exchange;
  exchange.set_boot_id("boot-1");
  exchange.set_monotonic_us(1000);
  exchange.set_server_time_us(kNineOClockUs);
  exchange.set_uncertainty_us(7);
  ASSERT_OK(journal().boots().Record(exchange));
  v1::ClockSample now;
  now.set_boot_id("boot-1");
  now.set_monotonic_us(61000);
  now.set_wall_time_us(3);
  EXPECT_EQ(journal().boots().Tied(now).server_time_us(), kNineOClockUs + 60000);
  EXPECT_EQ(journal().boots().Tied(now).uncertainty_us(), 7);
  EXPECT_EQ(journal().boots().Tied(now).wall_time_us(), 3);
  now.set_monotonic_us(999);
  EXPECT_EQ(journal().boots().Tied(now).server_time_us(), 0) << "a clock that ran backwards";
  now.set_boot_id("boot-2");
  EXPECT_EQ(journal().boots().Tied(now).server_time_us(), 0) << "another boot";
}

TEST_F(JournalTest, KeepsTheExchangesOfTheNewestBoots) {
  OpenEnrolled();
  for (int i = 1; i <= 70; ++i) {
    v1::ClockSample sample;
    sample.set_boot_id("boot-" + std::to_string(i));
    sample.set_monotonic_us(1);
    sample.set_server_time_us(i);
    ASSERT_OK(journal().boots().Record(sample));
  }
  for (int reopened = 0; reopened < 2; ++reopened) {
    EXPECT_EQ(journal().boots().Exchange("boot-7").server_time_us(), 0);
    EXPECT_EQ(journal().boots().Exchange("boot-8").server_time_us(), 8);
    EXPECT_EQ(journal().boots().Exchange("boot-70").server_time_us(), 70);
    ASSERT_OK(Open());
  }
}

TEST_F(JournalTest, TimesOfADamagedFileAreNotAddedUp) {
  OpenEnrolled();
  v1::ClockSample good;
  good.set_boot_id("boot-1");
  good.set_monotonic_us(1000);
  good.set_server_time_us(kNineOClockUs);
  for (void (*damage)(v1::ClockSample&) : {
           +[](v1::ClockSample& s) { s.set_server_time_us(INT64_MAX); },
           +[](v1::ClockSample& s) { s.set_server_time_us(-1); },
           +[](v1::ClockSample& s) { s.set_monotonic_us(INT64_MIN); },
           +[](v1::ClockSample& s) { s.set_uncertainty_us(-1); },
           +[](v1::ClockSample& s) { s.set_wall_time_us(INT64_MAX); },
           +[](v1::ClockSample& s) { s.set_boot_id("another"); },
       }) {
    v1::ClockSample bad = good;
    damage(bad);
    ASSERT_OK(journal().boots().Number("boot-1").status());
    EditFile("journal.db", "UPDATE boot SET exchange = x'" + absl::BytesToHexString(bad.SerializeAsString()) + "'");
    ASSERT_OK(Open());
    v1::ClockSample now;
    now.set_boot_id("boot-1");
    now.set_monotonic_us(61000);
    EXPECT_EQ(journal().boots().Tied(now).server_time_us(), 0) << bad.ShortDebugString();
    EXPECT_EQ(journal().boots().LastContactUs(), 0) << bad.ShortDebugString();
  }
}

TEST_F(JournalTest, ADamagedNumberOfABootKeepsNobodyFromRecording) {
  for (const char* number : {"-1", "9223372036854775807", "2147483648"}) {
    OpenEnrolled();
    Append(EntryOf("v1", v1::LogEntry::kNote, 1, "boot-1"));
    EditFile("journal.db", std::string("UPDATE boot SET boot = ") + number);
    for (const char* boot : {"boot-2", "boot-3", "boot-1", "boot-4"}) {
      ASSERT_OK(Open());
      EXPECT_GT(Append(EntryOf("v1", v1::LogEntry::kNote, 2, boot)), 0u) << number << " " << boot;
    }
    store_.reset();
    for (const char* file : {"journal.db", "replica.db"}) std::filesystem::remove(Path(file));
  }
}

TEST_F(JournalTest, ANumberThatIsNoFactIsAFactThatIsNotKnown) {
  OpenEnrolled();
  AppendNotes(2);
  EditFile("journal.db", "UPDATE entry SET fact = 90 WHERE id & 255 = 1");
  ASSERT_OK(Open());
  const absl::StatusOr<std::vector<EntryInfo>> entries = journal().List(1, 0, 2);
  ASSERT_OK(entries.status());
  EXPECT_EQ(entries->at(0).fact, v1::LogEntry::FACT_NOT_SET);
  EXPECT_EQ(entries->at(1).fact, v1::LogEntry::kNote);
}

TEST_F(JournalTest, WhatAServerThatWasPutBackByHandHasLostIsUnsentAgain) {
  OpenEnrolled();
  AppendNotes(5);
  ASSERT_OK(journal().Acknowledge(MarkAt(1, 5)).status());
  EXPECT_EQ(journal().UnsentEpoch(), 0u);
  v1::JournalMark foreign = MarkAt(1, 3);
  foreign.set_hash(std::string(32, 'x'));
  ASSERT_OK(journal().StepBack(foreign));
  EXPECT_EQ(journal().epochs().at(1).received_through, 5u);
  ASSERT_OK(journal().StepBack(MarkAt(1, 3)));
  EXPECT_EQ(journal().epochs().at(1).received_through, 3u);
  EXPECT_EQ(journal().UnsentEpoch(), 1u);
  ASSERT_OK(Open());
  EXPECT_EQ(journal().epochs().at(1).received_through, 3u);
}

}  // namespace
}  // namespace doorstep
