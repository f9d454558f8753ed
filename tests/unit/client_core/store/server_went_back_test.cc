// What a phone makes of a server that has an older file in place of its own.
#include <cstring>
#include <filesystem>

#include "tests/support/power_vfs.h"
#include "tests/unit/client_core/store/local_view_fixture.h"

namespace doorstep {
namespace {

using testing::PowerDisk;

using ServerWentBackTest = LocalViewTest;

// Of a power cut: nothing that was not synced stays.
class NothingStays final : public Random {
 public:
  void Fill(void* bytes, size_t length) override { std::memset(bytes, 0, length); }
};

TEST_F(ServerWentBackTest, DoesNotTakeMarksOfAnotherGenerationOrAForeignChain) {
  AppendNotes(3);
  v1::JournalState foreign = Judged(1, 3);
  foreign.mutable_mark()->set_hash(std::string(32, 'x'));
  device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", foreign);
  ApplyDelta(device_feed_);
  Settle();
  EXPECT_EQ(journal().epochs().at(1).judged_through, 0u);

  device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(1, 3));
  v1::PullResponse page = device_feed_.Delta(0);
  page.set_generation("g2");
  Apply(device_feed_, page);
  Settle();
  EXPECT_EQ(journal().epochs().at(1).judged_through, 0u);
  ASSERT_OK(journal().AdoptGeneration("g2", {MarkAt(1, 1)}));
  Settle();
  EXPECT_EQ(journal().epochs().at(1).judged_through, 3u);
}

TEST_F(ServerWentBackTest, DoesNotTakeMarksFromTheRowsOfAServerThatWasPutBackByHand) {
  AppendNotes(3);
  device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(1, 3));
  ApplyDelta(device_feed_);
  Settle();
  ASSERT_EQ(Stage(3), v1::ENTRY_STAGE_COUNTED);
  ASSERT_OK(store_->StepBack(MarkAt(1, 1)));
  Settle();
  EXPECT_EQ(Stage(3), v1::ENTRY_STAGE_SAVED_HERE);
  ASSERT_OK(Open());
  EXPECT_EQ(Stage(3), v1::ENTRY_STAGE_SAVED_HERE) << "opening settles, too";
  EXPECT_EQ(Stage(1), v1::ENTRY_STAGE_COUNTED);

  // Read anew, the feed is believed again.
  device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(1, 2));
  Apply(device_feed_, device_feed_.SnapshotPage(0, 1));
  Settle();
  EXPECT_EQ(Stage(2), v1::ENTRY_STAGE_COUNTED);
  EXPECT_EQ(Stage(3), v1::ENTRY_STAGE_SAVED_HERE);
}

// By hand, under the same generation, of which nobody tells the phone: its page comes before a Hello finds out.
TEST_F(ServerWentBackTest, ARowThatWentBackDoesNotTakeWhatWasRecordedOffTheScreen) {
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1"));
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v2", VisitRow("v2"));
  EXPECT_FALSE(ApplyDelta(ana_feed_).went_back);
  Append(EntryOf("v1", v1::LogEntry::kTravelStarted, 1));
  Append(EntryOf("v2", v1::LogEntry::kNote, 2));
  Append(EntryOf("v1", v1::LogEntry::kArrived, 3));
  Append(EntryOf("v2", v1::LogEntry::kNote, 4));
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v2", VisitRow("v2", 4));
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1", 1));
  const OfficeFeed backup = ana_feed_;
  v1::Visit folded = VisitRow("v1", 3);
  folded.set_state(v1::VISIT_STATE_ON_SITE);
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", folded);
  device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(1, 4));
  ApplyDelta(device_feed_);
  EXPECT_FALSE(ApplyDelta(ana_feed_).went_back);
  Settle();
  ASSERT_EQ(journal().epochs().at(1).settled_through, 4u);
  ASSERT_EQ(See("v1").own_entries(), 0u);

  EXPECT_TRUE(Apply(backup, backup.SnapshotPage(0, 10)).went_back);
  for (int reopened = 0; reopened < 2; ++reopened) {
    EXPECT_EQ(See("v1").visit().state(), v1::VISIT_STATE_ON_SITE);
    EXPECT_EQ(See("v1").own_entries(), 1u);
    EXPECT_EQ(See("v2").own_entries(), 0u);
    ASSERT_OK(Open());  // Which settles what can be.
  }
  // What is done anew may have the number of what was lost.
  OfficeFeed anew = backup;
  anew.Put(v1::ENTITY_KIND_VISIT, "v1", folded);
  EXPECT_FALSE(Apply(anew, anew.Delta(backup.seq())).went_back);
  Settle();
  EXPECT_EQ(See("v1").own_entries(), 0u);
  EXPECT_EQ(journal().epochs().at(1).settled_through, 4u);
}

TEST_F(ServerWentBackTest, AVisitThatComesBackWithoutWhatWasRecordedOnItShowsItAgain) {
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1"));
  ApplyDelta(ana_feed_);
  const OfficeFeed backup = ana_feed_;
  Append(EntryOf("v1", v1::LogEntry::kTravelStarted, 1));
  device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(1, 1));
  ApplyDelta(device_feed_);
  ana_feed_.Leave(v1::ENTITY_KIND_VISIT, "v1", "reassigned to Wei", "wei");
  ApplyDelta(ana_feed_);
  Settle();
  ASSERT_EQ(journal().epochs().at(1).settled_through, 1u);
  EXPECT_TRUE(Apply(backup, backup.SnapshotPage(0, 10)).went_back);
  EXPECT_EQ(See("v1").own_entries(), 1u);
  EXPECT_EQ(See("v1").visit().state(), v1::VISIT_STATE_EN_ROUTE);
}

// Twice put back by hand: a phone proved the first time, a generation began, and the older file has the one before it.
TEST_F(ServerWentBackTest, RowsOfAGenerationThatBeginsAgainAreReadAnew) {
  AppendNotes(3);
  device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(1, 3));
  ApplyDelta(device_feed_);
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1", 3));
  ApplyDelta(ana_feed_);
  Settle();
  const std::string cursor = store_->replica().Cursor(ana_feed_.name());
  ASSERT_OK(store_->AdoptGeneration("g1", {}));
  ASSERT_OK(store_->AdoptGeneration("g2", {MarkAt(1, 2)}));
  EXPECT_EQ(store_->replica().Cursor(ana_feed_.name()), cursor) << "the server refuses it";
  ASSERT_OK(store_->AdoptGeneration("g1", {MarkAt(1, 1)}));
  EXPECT_EQ(store_->replica().Cursor(ana_feed_.name()), "") << "the server would go on from it";
  Settle();
  EXPECT_EQ(Stage(3), v1::ENTRY_STAGE_SAVED_HERE) << "nor is what the device feed said then believed";
}

// The journal is written through and the replica is not: a battery that goes flat must not bring back what the server
// was found to have lost.
TEST_F(ServerWentBackTest, APowerCutDoesNotBringBackTheMarksOfAServerThatWasPutBackByHand) {
  store_.reset();
  PowerDisk disk;
  options_.vfs = disk.vfs();
  options_.directory += "/on-a-disk-that-loses-power";
  ASSERT_TRUE(std::filesystem::create_directory(options_.directory));
  OpenEnrolled();
  AppendNotes(3);
  device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(1, 3));
  ApplyDelta(device_feed_);
  Settle();
  ASSERT_OK(store_->StepBack(MarkAt(1, 0)));
  ASSERT_EQ(Stage(3), v1::ENTRY_STAGE_SAVED_HERE);

  disk.DieAfter(0);
  store_.reset();
  NothingStays nothing_stays;
  disk.ReviveAfterPowerCut(nothing_stays);
  ASSERT_OK(Open());
  EXPECT_EQ(Stage(3), v1::ENTRY_STAGE_SAVED_HERE) << "shown as safe, and the server does not have it";
  EXPECT_EQ(journal().UnsentEpoch(), 1u);
  store_.reset();
}

TEST_F(ServerWentBackTest, ReadsEveryFeedAnewOfAServerThatWasPutBackByHand) {
  AppendNotes(1);
  device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(1, 1));
  ApplyDelta(device_feed_);
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1"));
  ApplyDelta(ana_feed_);
  Settle();
  ASSERT_OK(store_->StepBack(MarkAt(1, 0)));
  for (const OfficeFeed* feed : {&device_feed_, &ana_feed_}) {
    EXPECT_EQ(store_->replica().Cursor(feed->name()), "") << feed->name();
    EXPECT_FALSE(store_->replica().FindFeed(feed->name())->at_head) << feed->name();
  }
}

}  // namespace
}  // namespace doorstep
