#include "tests/unit/client_core/store/store_fixture.h"

namespace doorstep {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ReplicaTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    OpenEnrolled();
  }
  Replica& replica() { return store_->replica(); }
};

TEST_F(ReplicaTest, AppliesPagesAndTellsWhatChanged) {
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1"));
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v2", VisitRow("v2"));
  PageChanges changes = Apply(ana_feed_, ana_feed_.SnapshotPage(0, 10));
  EXPECT_THAT(changes.visits_changed, ElementsAre("v1", "v2"));
  EXPECT_TRUE(changes.at_head);
  EXPECT_FALSE(changes.sum_differed);
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v2", VisitRow("v2", 3));
  changes = Apply(ana_feed_, ana_feed_.Delta(2));
  EXPECT_THAT(changes.visits_changed, ElementsAre("v2"));
  EXPECT_FALSE(changes.sum_differed);
  ASSERT_OK(Open());
  EXPECT_EQ(replica().Cursor("technician:ana"), "seq-3");
  EXPECT_THAT(VisitIds(), ElementsAre("v1", "v2"));
  v1::Visit row;
  ASSERT_TRUE(row.ParseFromString(**replica().Entity(v1::ENTITY_KIND_VISIT, "v2")));
  EXPECT_EQ(row.folded(0).seq(), 3u);
}

TEST_F(ReplicaTest, IgnoresAnAnswerToAnotherCursor) {
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1"));
  const v1::PullResponse first = ana_feed_.Delta(0);
  Apply(ana_feed_, first);
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1", 5));
  Apply(ana_feed_, ana_feed_.Delta(1));
  const absl::StatusOr<PageChanges> late = store_->ApplyPage("technician:ana", "", first);
  ASSERT_TRUE(late.ok());
  EXPECT_TRUE(late->stale);
  EXPECT_EQ(replica().Cursor("technician:ana"), "seq-2");
}

TEST_F(ReplicaTest, ResumesASnapshotAtAnyPageAndRemovesStaleRows) {
  for (const char* id : {"a", "b", "c", "d"}) ana_feed_.Put(v1::ENTITY_KIND_VISIT, id, VisitRow(id));
  Apply(ana_feed_, ana_feed_.SnapshotPage(0, 10));
  // While this phone was away too long, "a" went and "e" came; the server answers with a new snapshot, a row a page.
  ana_feed_.Erase(v1::ENTITY_KIND_VISIT, "a");
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "e", VisitRow("e"));
  for (size_t page = 0; page < 4; ++page) {
    ASSERT_OK(Open());  // Killed between any two pages.
    EXPECT_THAT(VisitIds(), testing::Contains("a")) << page;
    const PageChanges changes = Apply(ana_feed_, ana_feed_.SnapshotPage(page, page + 1));
    EXPECT_EQ(replica().FindFeed("technician:ana")->in_snapshot, page < 3);
    EXPECT_FALSE(changes.sum_differed);
    if (page == 3) {
      ASSERT_EQ(changes.visits_left.size(), 1u);
      EXPECT_EQ(changes.visits_left[0].id, "a");
    }
  }
  EXPECT_THAT(VisitIds(), ElementsAre("b", "c", "d", "e"));
}

TEST_F(ReplicaTest, KeepsRowsThatCameByDeltaDuringASnapshot) {
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "a", VisitRow("a"));
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "z", VisitRow("z"));
  v1::PullResponse first = ana_feed_.SnapshotPage(0, 2);
  first.set_snapshot_ends(false);
  first.set_at_head(false);
  first.clear_sum();
  Apply(ana_feed_, first);
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "m", VisitRow("m"));
  v1::PullResponse delta = ana_feed_.Delta(2);
  delta.set_snapshot_ends(true);
  EXPECT_FALSE(Apply(ana_feed_, delta).sum_differed);
  EXPECT_THAT(VisitIds(), ElementsAre("a", "m", "z"));
}

class CaughtUpTest : public ReplicaTest {
 protected:
  // The office has taken something that this phone recorded; ana's feed did not move.
  void SetUp() override {
    ReplicaTest::SetUp();
    ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1"));
    Apply(ana_feed_, ana_feed_.Delta(0));
    ana_seq_ = replica().FindFeed("technician:ana")->head_seq;
  }
  void ApplyJournalState() {
    v1::JournalState state;
    state.mutable_mark()->set_epoch(1);
    device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", state);
    Apply(device_feed_, device_feed_.Delta(0));
    device_seq_ = replica().FindFeed("device")->head_seq;
  }
  void HearHeads(int64_t device, int64_t ana) {
    std::vector<v1::FeedHead> heads(2);
    heads[0].set_feed("device");
    heads[0].set_seq(device);
    heads[1].set_feed("technician:ana");
    heads[1].set_seq(ana);
    const std::string generation = replica().FindFeed("technician:ana")->generation;
    ASSERT_OK(replica().NoteHeads(heads, generation, /*server_time_us=*/1, /*write=*/true));
  }

  int64_t ana_seq_ = 0;
  int64_t device_seq_ = 0;
};

TEST_F(CaughtUpTest, AFeedThatDidNotHaveToMoveIsCaughtUpWhenAHelloSaysSo) {
  ApplyJournalState();
  EXPECT_FALSE(replica().TechniciansCaughtUp());
  HearHeads(device_seq_ - 1, ana_seq_);
  EXPECT_FALSE(replica().TechniciansCaughtUp()) << "that was before the mark moved";
  HearHeads(device_seq_, ana_seq_ + 1);
  EXPECT_FALSE(replica().TechniciansCaughtUp()) << "a page is still to come";
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v2", VisitRow("v2"));
  Apply(ana_feed_, ana_feed_.Delta(ana_seq_));
  EXPECT_TRUE(replica().TechniciansCaughtUp());
}

// The office answers while pages are on their way.
TEST_F(CaughtUpTest, IsSaidByAHelloThatIsHeardBeforeThePageOfTheDevice) {
  HearHeads(ana_seq_ + 1000, ana_seq_);
  ApplyJournalState();
  EXPECT_TRUE(replica().TechniciansCaughtUp());
}

TEST_F(CaughtUpTest, IsNotSaidByAHelloOfBeforeTheFeedsAreReadAnew) {
  ApplyJournalState();
  HearHeads(device_seq_, ana_seq_);
  ASSERT_TRUE(replica().TechniciansCaughtUp());
  ASSERT_OK(replica().ReadAnew("device"));
  EXPECT_FALSE(replica().TechniciansCaughtUp());
}

TEST_F(ReplicaTest, AsksForASnapshotWhenTheSumsDiffer) {
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1"));
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v2", VisitRow("v2"));
  v1::PullPage half;
  v1::PullResponse page = ana_feed_.Delta(0);
  ASSERT_TRUE(half.ParseFromString(page.page()));
  half.mutable_changes()->RemoveLast();  // As if a row had been lost on the way.
  page.set_page(half.SerializeAsString());
  page.set_raw_bytes(static_cast<uint32_t>(page.page().size()));
  EXPECT_TRUE(Apply(ana_feed_, page).sum_differed);
  EXPECT_EQ(replica().Cursor("technician:ana"), "");
  EXPECT_FALSE(Apply(ana_feed_, ana_feed_.SnapshotPage(0, 10)).sum_differed);
  EXPECT_THAT(VisitIds(), ElementsAre("v1", "v2"));
}

TEST_F(ReplicaTest, LeavesEverythingAsItWasWhenAPageIsMalformed) {
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1"));
  Apply(ana_feed_, ana_feed_.SnapshotPage(0, 10));
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v2", VisitRow("v2"));
  const struct {
    const char* name;
    std::function<void(v1::PullResponse&)> spoil;
  } kCases[] = {
      {"a wrong size", [](v1::PullResponse& r) { r.set_raw_bytes(r.raw_bytes() + 1); }},
      {"bytes that are no page", [](v1::PullResponse& r) { r.set_page(std::string(r.page().size(), '\xff')); }},
      {"an unknown codec", [](v1::PullResponse& r) { r.set_codec(static_cast<v1::Codec>(9)); }},
      {"a cursor without end", [](v1::PullResponse& r) { r.set_cursor(std::string(300, 'c')); }},
  };
  for (const auto& c : kCases) {
    v1::PullResponse page = ana_feed_.Delta(1);
    c.spoil(page);
    const absl::StatusOr<PageChanges> got =
        store_->ApplyPage("technician:ana", replica().Cursor("technician:ana"), page);
    EXPECT_FALSE(got.ok()) << c.name;
    EXPECT_THAT(VisitIds(), ElementsAre("v1")) << c.name;
    EXPECT_EQ(replica().Cursor("technician:ana"), "seq-1") << c.name;
  }
}

TEST_F(ReplicaTest, ARowThatCannotBeReadIsRefusedAndNotTakenForADamagedFile) {
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1"));
  Apply(ana_feed_, ana_feed_.SnapshotPage(0, 10));
  for (const v1::EntityKind kind :
       {v1::ENTITY_KIND_JOURNAL, v1::ENTITY_KIND_DEVICE, v1::ENTITY_KIND_VISIT, v1::ENTITY_KIND_BRIEF}) {
    v1::PullPage rows;
    v1::Change& change = *rows.add_changes();
    change.set_kind(kind);
    change.set_id("1");
    change.set_version(1);
    change.set_entity("\xff");
    v1::PullResponse page;
    page.set_page(rows.SerializeAsString());
    page.set_raw_bytes(static_cast<uint32_t>(page.page().size()));
    page.set_codec(v1::CODEC_NONE);
    page.set_cursor("seq-2");
    page.set_at_head(true);
    for (const char* feed : {"device", "technician:ana"}) {
      const absl::Status taken = store_->ApplyPage(feed, replica().Cursor(feed), page).status();
      EXPECT_TRUE(absl::IsInvalidArgument(taken)) << taken;
      EXPECT_TRUE(store_->Settle().ok());
    }
    EXPECT_THAT(VisitIds(), ElementsAre("v1"));
    EXPECT_THAT(store_->repairs(), IsEmpty());
  }
}

TEST_F(ReplicaTest, RemembersWhyAVisitLeftAndForgetsItWhenItReturns) {
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1"));
  ApplyDelta(ana_feed_);
  ana_feed_.Leave(v1::ENTITY_KIND_VISIT, "v1", "reassigned to Ben", "ben");
  const PageChanges changes = ApplyDelta(ana_feed_);
  ASSERT_EQ(changes.visits_left.size(), 1u);
  EXPECT_EQ(changes.visits_left[0].reason, "reassigned to Ben");
  EXPECT_FALSE(changes.sum_differed);
  EXPECT_THAT(VisitIds(), IsEmpty());
  ASSERT_OK(Open());
  EXPECT_EQ((*replica().Left("v1"))->successor, "ben");
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1"));
  EXPECT_FALSE(ApplyDelta(ana_feed_).sum_differed);
  EXPECT_FALSE(replica().Left("v1")->has_value());
  EXPECT_THAT(VisitIds(), ElementsAre("v1"));
}

TEST_F(ReplicaTest, ShowsAVisitOfTwoTechniciansOnceAndKeepsItForTheOther) {
  OfficeFeed ben("technician:ben");
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1"));
  ben.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1"));
  ApplyDelta(ana_feed_);
  ApplyDelta(ben);
  EXPECT_THAT(VisitIds(), ElementsAre("v1"));
  ana_feed_.Leave(v1::ENTITY_KIND_VISIT, "v1", "reassigned to Ben", "ben");
  EXPECT_THAT(ApplyDelta(ana_feed_).visits_left, IsEmpty());
  EXPECT_THAT(VisitIds(), ElementsAre("v1"));
  ASSERT_OK(replica().DropFeed("technician:ben"));
  EXPECT_THAT(VisitIds(), IsEmpty());
  EXPECT_EQ(replica().Cursor("technician:ben"), "");
}

TEST_F(ReplicaTest, KeepsJudgementsAndDropsThemWithTheirRows) {
  v1::Judgement judgement;
  *judgement.mutable_position() = MakePosition("d7", 1, 2);
  judgement.set_verdict(v1::VERDICT_QUARANTINED);
  device_feed_.Put(v1::ENTITY_KIND_JUDGEMENT, "d7.1.2", judgement);
  const PageChanges changes = ApplyDelta(device_feed_);
  ASSERT_EQ(changes.judgements.size(), 1u);
  EXPECT_FALSE(changes.sum_differed);
  ASSERT_OK(Open());
  ASSERT_NE(replica().JudgementOf(1, 2), nullptr);
  EXPECT_EQ(replica().JudgementOf(1, 2)->verdict(), v1::VERDICT_QUARANTINED);
  device_feed_.Leave(v1::ENTITY_KIND_JUDGEMENT, "d7.1.2", "", "");
  ApplyDelta(device_feed_);
  EXPECT_EQ(replica().JudgementOf(1, 2), nullptr);
}

TEST_F(ReplicaTest, IsRebuiltWhenDamagedAndTheJournalStays) {
  for (int i = 0; i < 200; ++i) {
    const std::string id = "v" + std::to_string(i);
    ana_feed_.Put(v1::ENTITY_KIND_VISIT, id, VisitRow(id));
  }
  Apply(ana_feed_, ana_feed_.SnapshotPage(0, 1000));
  AppendNotes(3);
  store_.reset();
  const size_t size = ReadFile("replica.db").size();
  ASSERT_GT(size, 3 * 4096u);
  const struct {
    const char* name;
    size_t offset;
  } kCases[] = {{"the first page", 0}, {"the pages behind it", 4096}};
  const std::string whole = ReadFile("replica.db");
  for (const auto& c : kCases) {
    OverwriteFile("replica.db", 0, whole);
    OverwriteFile("replica.db", c.offset, std::string(size - c.offset, '\x5a'));
    ASSERT_OK(Open());
    // Damage behind the first page shows when the rows are met.
    const absl::Status met = replica().ForEach("", v1::ENTITY_KIND_VISIT,
                                               [](absl::string_view, absl::string_view) { return absl::OkStatus(); });
    if (!met.ok()) ASSERT_OK(store_->RepairReplica(met));
    EXPECT_EQ(store_->repairs().size(), 1u) << c.name;
    EXPECT_THAT(VisitIds(), IsEmpty()) << c.name;
    EXPECT_EQ(replica().Cursor("technician:ana"), "") << c.name;
    EXPECT_EQ(journal().Counts().recorded, 3u) << c.name;
    EXPECT_FALSE(Apply(ana_feed_, ana_feed_.SnapshotPage(0, 1000)).sum_differed) << c.name;
    EXPECT_EQ(VisitIds().size(), 200u) << c.name;
    store_.reset();
  }
}

TEST_F(ReplicaTest, IsRebuiltWhenAPageMeetsTheDamage) {
  for (int i = 0; i < 200; ++i) {
    const std::string id = "v" + std::to_string(i);
    ana_feed_.Put(v1::ENTITY_KIND_VISIT, id, VisitRow(id));
  }
  Apply(ana_feed_, ana_feed_.SnapshotPage(0, 1000));
  store_.reset();
  const size_t size = ReadFile("replica.db").size();
  OverwriteFile("replica.db", 4096, std::string(size - 4096, '\x5a'));
  if (!Open().ok()) FAIL();
  if (store_->repairs().empty()) {
    ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v7", VisitRow("v7", 1));
    EXPECT_TRUE(Apply(ana_feed_, ana_feed_.Delta(200)).stale);
  }
  EXPECT_EQ(store_->repairs().size(), 1u);
  EXPECT_EQ(replica().Cursor("technician:ana"), "");
}

}  // namespace
}  // namespace doorstep
