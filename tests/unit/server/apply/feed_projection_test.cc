// What a phone pulls after the office and the phones have done something.

#include "server/apply/feed_projection.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/rules/clock_correction.h"
#include "client_core/rules/feed_sum.h"
#include "client_core/rules/frame_codec.h"
#include "server/apply/commands/tick.h"
#include "server/apply/feed_writer.h"
#include "server/openssl_sha256.h"
#include "server/storage/feed_pages.h"
#include "server/storage/totals.h"
#include "tests/support/office.h"

namespace doorstep {
namespace {

using testing::Arrived;
using testing::FieldPhone;
using testing::kDay;
using testing::kHour;
using testing::kMonday;
using testing::Office;
using testing::Retract;

// A replica as a phone keeps it: rows by key, and the cursor.
class Replica {
 public:
  Replica(Office* office, std::string feed) : office_(office), feed_(std::move(feed)) {}

  // Pulls until the head; returns the number of pages. Checks the sum there.
  int Pull(uint32_t page_bytes = 0) {
    int pages = 1;
    while (!PullPage(page_bytes) && pages < 1000) ++pages;
    return pages;
  }
  // Pulls one page; true at the head.
  bool PullPage(uint32_t page_bytes) {
    v1::PullResponse response;
    office_->Read([&](SqlSession& sql) {
      PullQuestion question{feed_, cursor_, page_bytes, office_->storage().generation(),
                            office_->clock().Now().wall_time_us};
      absl::StatusOr<v1::PullResponse> page = BuildPage(sql, question);
      ASSERT_TRUE(page.ok()) << page.status();
      response = *std::move(page);
    });
    Apply(response);
    return response.at_head();
  }
  // Whether the sum at the head, where it is, is another than that of what it has.
  bool SumDiffers() {
    v1::PullResponse response;
    office_->Read([&](SqlSession& sql) {
      PullQuestion question{feed_, cursor_, 0, office_->storage().generation(), office_->clock().Now().wall_time_us};
      absl::StatusOr<v1::PullResponse> page = BuildPage(sql, question);
      ASSERT_TRUE(page.ok()) << page.status();
      response = *std::move(page);
    });
    EXPECT_TRUE(response.at_head());
    return response.sum().high() != Sum().high || response.sum().low() != Sum().low;
  }
  void set_cursor(std::string cursor) { cursor_ = std::move(cursor); }
  bool began_snapshot() const { return began_snapshot_; }
  void forget_snapshot() { began_snapshot_ = false; }
  bool Has(v1::EntityKind kind, const std::string& id) const { return rows_.count({kind, id}) > 0; }
  const v1::Change& Row(v1::EntityKind kind, const std::string& id) const { return rows_.at({kind, id}); }
  const v1::Change& Left(const std::string& visit) const { return left_.at({v1::ENTITY_KIND_VISIT, visit}); }
  size_t size() const { return rows_.size(); }
  const std::vector<v1::Change>& last_pull() const { return last_pull_; }

 private:
  using Key = std::pair<v1::EntityKind, std::string>;

  FeedSum Sum() const {
    FeedSum sum;
    OpensslSha256 hasher;
    for (const auto& [key, change] : rows_) {
      if (key.first != v1::ENTITY_KIND_JUDGEMENT) Add(FeedTerm(hasher, key.first, key.second, change.version()), sum);
    }
    return sum;
  }
  void Apply(const v1::PullResponse& response) {
    if (response.snapshot_begins()) {
      began_snapshot_ = true;
      written_.clear();
    }
    v1::PullPage page;
    ASSERT_TRUE(
        page.ParseFromString(Decompress(response.page(), response.codec(), response.raw_bytes(), 4 << 20).value()));
    last_pull_.assign(page.changes().begin(), page.changes().end());
    for (const v1::Change& change : page.changes()) {
      const Key key(change.kind(), change.id());
      written_.insert(key);
      rows_.erase(key);
      if (change.has_left()) {
        left_[key] = change;
      } else {
        EXPECT_FALSE(change.entity().empty()) << change.id();
        rows_[key] = change;
      }
    }
    if (response.snapshot_ends()) {
      for (auto row = rows_.begin(); row != rows_.end();) row = written_.count(row->first) ? ++row : rows_.erase(row);
    }
    if (response.at_head()) {
      EXPECT_EQ(response.sum().high(), Sum().high);
      EXPECT_EQ(response.sum().low(), Sum().low);
    }
    cursor_ = response.cursor();
  }

  Office* const office_;
  const std::string feed_;
  std::string cursor_;
  bool began_snapshot_ = false;
  std::map<Key, v1::Change> rows_;
  std::map<Key, v1::Change> left_;
  std::set<Key> written_;
  std::vector<v1::Change> last_pull_;
};

class FeedProjectionTest : public ::testing::Test {
 protected:
  FeedProjectionTest() : phone_(office_.AddPhone("ana")) {
    office_.AddPhone("ben");
    office_.AddAccount("acme");
    office_.AddAccount("bolt");
  }
  void Write(std::function<absl::Status(Transaction&)> write) {
    Command command;
    command.principal = "server";
    command.run = [&](Transaction& tx) -> absl::StatusOr<std::string> {
      const absl::Status status = write(tx);
      if (!status.ok()) return status;
      return std::string();
    };
    EXPECT_EQ(office_.writer().RunCommand(std::move(command)).status(), absl::OkStatus());
  }
  // What stands in the file of v1, whose version stays as it is.
  void PutFirstVisit(const std::string& bytes) {
    Write([&](Transaction& tx) {
      return tx.sql().Use("UPDATE visit SET bytes = $1 WHERE id = 'v1'").Blob(1, bytes).Run();
    });
  }
  void Tick() {
    Write([](Transaction& tx) { return RunTick(tx).status(); });
  }
  // So many rows that came and left again.
  void ComeAndGo(const std::string& feed, int64_t rows) {
    Write([&](Transaction& tx) -> absl::Status {
      Recent none;
      FeedWriter writer(&tx.sql(), &none, CivilDay(tx.commit_us(), 0));
      const absl::StatusOr<OpenFeed*> open = writer.Open(feed);
      EXPECT_TRUE(open.ok());
      for (int64_t i = 0; i < rows; ++i) {
        const std::string id = absl::StrCat("gone-", i);
        EXPECT_TRUE(writer.Put(**open, v1::ENTITY_KIND_VISIT, id, 1, 0).ok());
        EXPECT_TRUE(writer.Leave(**open, v1::ENTITY_KIND_VISIT, id, "done", "").ok());
      }
      return writer.WriteAll();
    });
    office_.Reopen();  // It was written behind the writer's back, which remembers the feed's head.
  }
  int64_t Commands() {
    int64_t count = 0;
    office_.Read([&](SqlSession& sql) { count = static_cast<int64_t>(CountTotals(sql)->commands); });
    return count;
  }
  size_t RowsOf(const std::string& feed) {
    size_t count = 0;
    office_.Read([&](SqlSession& sql) { count = FeedRowsAfter(sql, FindFeed(sql, feed)->value().n, 0, 1000)->size(); });
    return count;
  }

  Office office_;
  FieldPhone phone_;
};

// A disk has changed what stands in the file. The rest of the feed goes on, and nothing is damaged for good.
TEST_F(FeedProjectionTest, ARowThatCannotBeReadHoldsUpNothingBehindIt) {
  office_.Plan("v1", "acme", "ana", 8);
  office_.Plan("v2", "acme", "ana", 10);
  int late = 0;
  for (const char* damaged : {"\xff\xff\xff", ""}) {
    PutFirstVisit(damaged);
    for (const uint32_t page_bytes : {0u, limits::kPageBytesMin}) {
      Replica fresh(&office_, "technician:ana");
      fresh.Pull(page_bytes);
      EXPECT_FALSE(fresh.Has(v1::ENTITY_KIND_VISIT, "v1"));
      EXPECT_NE(fresh.Left("v1").left().reason(), "") << "people are told why it is not there";
      EXPECT_TRUE(fresh.Has(v1::ENTITY_KIND_VISIT, "v2"));
      const std::string visit = absl::StrCat("late", ++late);
      office_.Plan(visit, "acme", "ana", 12);
      fresh.Pull(page_bytes);
      EXPECT_TRUE(fresh.Has(v1::ENTITY_KIND_VISIT, visit));
    }
  }
}

TEST_F(FeedProjectionTest, AReaderWithoutARowReadsAnewWhenItCanBeReadAgain) {
  office_.Plan("v1", "acme", "ana", 8);
  Replica before(&office_, "technician:ana");
  before.Pull();
  const std::string good = before.Row(v1::ENTITY_KIND_VISIT, "v1").entity();
  PutFirstVisit("\xff");
  Replica ana(&office_, "technician:ana");
  ana.Pull();
  PutFirstVisit(good);
  EXPECT_TRUE(ana.SumDiffers()) << "by which a phone reads anew";
  ana.set_cursor("");
  ana.Pull();
  EXPECT_TRUE(ana.Has(v1::ENTITY_KIND_VISIT, "v1"));
}

TEST_F(FeedProjectionTest, AVisitComesWithEverythingItRefersTo) {
  office_.Plan("v1", "acme", "ana", 8);
  Replica replica(&office_, "technician:ana");
  EXPECT_EQ(replica.Pull(), 1);
  EXPECT_TRUE(replica.Has(v1::ENTITY_KIND_VISIT, "v1"));
  EXPECT_TRUE(replica.Has(v1::ENTITY_KIND_WORK_ORDER, "order-v1"));
  EXPECT_TRUE(replica.Has(v1::ENTITY_KIND_SITE, "acme-site"));
  EXPECT_TRUE(replica.Has(v1::ENTITY_KIND_ASSET, "acme-boiler"));
  ASSERT_TRUE(replica.Has(v1::ENTITY_KIND_BRIEF, "acme"));
  v1::AccountBrief brief;
  ASSERT_TRUE(brief.ParseFromString(replica.Row(v1::ENTITY_KIND_BRIEF, "acme").entity()));
  EXPECT_EQ(brief.lines(0).text(), "Mind the dog.");
  EXPECT_EQ(replica.Row(v1::ENTITY_KIND_VISIT, "v1").day(), kMonday / kDay);
  Replica other(&office_, "technician:ben");
  other.Pull();
  EXPECT_EQ(other.size(), 0u) << "nothing of another's scope";
}

TEST_F(FeedProjectionTest, ADeltaHoldsOnlyWhatChanged) {
  office_.Plan("v1", "acme", "ana", 8);
  office_.Plan("v2", "bolt", "ana", 12);
  Replica replica(&office_, "technician:ana");
  replica.Pull();
  phone_.Record(Arrived(), "v1", kMonday + 8 * kHour);
  office_.clock().Set(kMonday + 9 * kHour);
  ASSERT_TRUE(office_.Push(phone_, 1, 1).ok());
  EXPECT_EQ(replica.Pull(), 1);
  EXPECT_EQ(replica.last_pull().size(), 2u) << "the visit, and its work order that is under way now";
  v1::Visit visit;
  ASSERT_TRUE(visit.ParseFromString(replica.Row(v1::ENTITY_KIND_VISIT, "v1").entity()));
  EXPECT_EQ(visit.state(), v1::VISIT_STATE_ON_SITE);
  ASSERT_EQ(visit.folded_size(), 1);
  EXPECT_EQ(visit.folded(0).seq(), 1u);
}

TEST_F(FeedProjectionTest, AReassignedVisitLeavesWithItsReasonAndTakesItsCompanyAlong) {
  office_.Plan("v1", "acme", "ana", 8);
  office_.Plan("v2", "bolt", "ana", 12);
  Replica ana(&office_, "technician:ana");
  ana.Pull();
  office_.Reassign("v1", "ana", "ben");
  ana.Pull();
  EXPECT_FALSE(ana.Has(v1::ENTITY_KIND_VISIT, "v1"));
  EXPECT_EQ(ana.Left("v1").left().reason(), "reassigned to ben");
  EXPECT_EQ(ana.Left("v1").left().successor(), "ben");
  EXPECT_FALSE(ana.Has(v1::ENTITY_KIND_SITE, "acme-site"));
  EXPECT_TRUE(ana.Has(v1::ENTITY_KIND_SITE, "bolt-site"));
  Replica ben(&office_, "technician:ben");
  ben.Pull();
  EXPECT_TRUE(ben.Has(v1::ENTITY_KIND_VISIT, "v1"));
  EXPECT_TRUE(ben.Has(v1::ENTITY_KIND_SITE, "acme-site"));
}

TEST_F(FeedProjectionTest, WhoWasThereByMistakeSeesTheVisitNoMore) {
  office_.Plan("v1", "acme", "ana", 8);
  FieldPhone wei = office_.AddPhone("wei");
  Replica replica(&office_, "technician:wei");
  wei.Record(Arrived(), "v1", kMonday + 8 * kHour);
  office_.clock().Set(kMonday + 9 * kHour);
  ASSERT_TRUE(office_.Push(wei, 1, 1).ok());
  replica.Pull();
  ASSERT_TRUE(replica.Has(v1::ENTITY_KIND_VISIT, "v1"));
  v1::JournalPosition arrived;
  arrived.set_device(wei.device());
  arrived.set_epoch(wei.epoch());
  arrived.set_seq(1);
  wei.Record(Retract(arrived), "v1", kMonday + 9 * kHour);
  ASSERT_TRUE(office_.Push(wei, 2, 2).ok());
  replica.Pull();
  EXPECT_FALSE(replica.Has(v1::ENTITY_KIND_VISIT, "v1"));
  EXPECT_FALSE(replica.Has(v1::ENTITY_KIND_SITE, "acme-site")) << "nothing of another's scope";
  office_.ExpectRebuildEqual();
}

TEST_F(FeedProjectionTest, ASnapshotGoesOnWhereItStoppedAlthoughTheFeedMoves) {
  for (int i = 0; i < 30; ++i) office_.Plan("v" + std::to_string(i), i % 2 == 0 ? "acme" : "bolt", "ana", i % 12);
  Replica replica(&office_, "technician:ana");
  EXPECT_FALSE(replica.PullPage(4096));
  EXPECT_TRUE(replica.began_snapshot());
  // Between two pages visits go and another comes.
  office_.Reassign("v3", "ana", "ben");
  office_.Reassign("v28", "ana", "ben");
  office_.Plan("v30", "acme", "ana", 9);
  EXPECT_GE(replica.Pull(4096), 2);
  EXPECT_FALSE(replica.Has(v1::ENTITY_KIND_VISIT, "v3"));
  EXPECT_FALSE(replica.Has(v1::ENTITY_KIND_VISIT, "v28"));
  EXPECT_TRUE(replica.Has(v1::ENTITY_KIND_VISIT, "v30"));
}

TEST_F(FeedProjectionTest, VisitsOfTodayComeFirst) {
  office_.Plan("v-today", "acme", "ana", 8);
  office_.Plan("a-next-week", "acme", "ana", 7 * 24 + 8);
  Replica replica(&office_, "technician:ana");
  replica.Pull();
  EXPECT_EQ(replica.last_pull().front().id(), "v-today");
  EXPECT_EQ(replica.last_pull().back().id(), "a-next-week");
}

TEST_F(FeedProjectionTest, AForeignCursorBeginsANewSnapshot) {
  office_.Plan("v1", "acme", "ana", 8);
  for (const std::string cursor :
       {"junk", "1|0000000000000000|14|technician:ana|3|5|0|0|0|", "1|x|10|device:d1|3|0|0|0|0|"}) {
    Replica replica(&office_, "technician:ana");
    replica.set_cursor(cursor);
    replica.Pull();
    EXPECT_TRUE(replica.began_snapshot()) << cursor;
    EXPECT_TRUE(replica.Has(v1::ENTITY_KIND_VISIT, "v1")) << cursor;
  }
}

TEST_F(FeedProjectionTest, AsDaysPassOldVisitsLeaveAndNewOnesCome) {
  office_.Plan("v-monday", "acme", "ana", 8);
  office_.Plan("v-later", "bolt", "ana", 18 * 24 + 8);
  Replica replica(&office_, "technician:ana");
  replica.Pull();
  EXPECT_TRUE(replica.Has(v1::ENTITY_KIND_VISIT, "v-monday"));
  EXPECT_FALSE(replica.Has(v1::ENTITY_KIND_VISIT, "v-later")) << "more than two weeks ahead";
  office_.clock().Set(kMonday + 10 * kDay);
  office_.Plan("v-new", "bolt", "ana", 10 * 24 + 8);
  replica.Pull();
  EXPECT_FALSE(replica.Has(v1::ENTITY_KIND_VISIT, "v-monday"));
  EXPECT_TRUE(replica.Has(v1::ENTITY_KIND_VISIT, "v-later"));
  EXPECT_FALSE(replica.Has(v1::ENTITY_KIND_SITE, "acme-site"));
  office_.ExpectRebuildEqual();
}

TEST_F(FeedProjectionTest, WhoComesBackToTheCompanySeesAgainWhatHasNoDay) {
  office_.AddWorkOrder("order", "acme");
  office_.AddVisit("v-unplanned", "order");
  office_.Assign("v-unplanned", "ana");
  Replica replica(&office_, "technician:ana");
  replica.Pull();
  EXPECT_TRUE(replica.Has(v1::ENTITY_KIND_VISIT, "v-unplanned"));
  v1::CommandRecord leave;
  leave.mutable_record_leave()->set_technician_id("ana");
  leave.mutable_record_leave()->set_left_time_us(kMonday);
  EXPECT_EQ(office_.Do(leave), absl::OkStatus());
  replica.Pull();
  EXPECT_FALSE(replica.Has(v1::ENTITY_KIND_VISIT, "v-unplanned"));
  leave.mutable_record_leave()->set_left_time_us(0);
  EXPECT_EQ(office_.Do(leave), absl::OkStatus());
  replica.Pull();
  EXPECT_TRUE(replica.Has(v1::ENTITY_KIND_VISIT, "v-unplanned"));
  office_.ExpectRebuildEqual();
}

TEST_F(FeedProjectionTest, ATickMovesFeedsThatNobodyWritesTo) {
  office_.Plan("v-monday", "acme", "ana", 8);
  office_.Plan("v-later", "bolt", "ana", 18 * 24 + 8);
  Replica replica(&office_, "technician:ana");
  replica.Pull();
  office_.clock().Set(kMonday + 10 * kDay);
  Tick();
  replica.Pull();
  EXPECT_FALSE(replica.Has(v1::ENTITY_KIND_VISIT, "v-monday"));
  EXPECT_EQ(replica.Left("v-monday").left().reason(), "outside the days that a phone keeps");
  EXPECT_TRUE(replica.Has(v1::ENTITY_KIND_VISIT, "v-later"));
  const int64_t commands = Commands();
  Tick();
  EXPECT_EQ(Commands(), commands) << "the same day again changes nothing";
  office_.ExpectRebuildEqual();
}

TEST_F(FeedProjectionTest, WhatLeftLongAgoIsForgottenAndWhoDidNotHearOfItBeginsAnew) {
  office_.Plan("v-monday", "acme", "ana", 8);
  Replica away(&office_, "technician:ana");
  away.Pull();
  office_.clock().Set(kMonday + 8 * kDay);
  Tick();
  Replica present(&office_, "technician:ana");
  present.Pull();
  office_.clock().Set(kMonday + 37 * kDay);
  Tick();
  EXPECT_EQ(RowsOf("technician:ana"), 5u) << "the visit and what it referred to, left 29 days ago";
  office_.clock().Set(kMonday + 38 * kDay);
  Tick();
  EXPECT_EQ(RowsOf("technician:ana"), 0u);
  office_.ExpectRebuildEqual();

  present.forget_snapshot();
  present.Pull();
  EXPECT_FALSE(present.began_snapshot());
  away.forget_snapshot();
  away.Pull();
  EXPECT_TRUE(away.began_snapshot());
  EXPECT_EQ(away.size(), 0u);
}

TEST_F(FeedProjectionTest, ALongDeltaOfThingsThatLeftIsASnapshotInstead) {
  office_.Plan("v1", "acme", "ana", 8);
  Replica replica(&office_, "technician:ana");
  replica.Pull();
  ComeAndGo("technician:ana", limits::kDeltaRowsLong);
  replica.forget_snapshot();
  replica.Pull();
  EXPECT_FALSE(replica.began_snapshot()) << "not long yet";
  EXPECT_EQ(static_cast<int64_t>(replica.last_pull().size()), limits::kDeltaRowsLong);
  ComeAndGo("technician:ana", limits::kDeltaRowsLong + 1);
  replica.Pull();
  EXPECT_TRUE(replica.began_snapshot());
  EXPECT_EQ(replica.last_pull().size(), 5u);
  EXPECT_TRUE(replica.Has(v1::ENTITY_KIND_VISIT, "v1"));
}

TEST_F(FeedProjectionTest, TheDeviceFeedTellsWhatWasJudged) {
  office_.Plan("v1", "acme", "ana", 8);
  phone_.Record(Arrived(), "v1", kMonday + 8 * kHour);
  phone_.Record(Arrived(), "nobody-made-it", kMonday + 8 * kHour);
  ASSERT_TRUE(office_.Push(phone_, 1, 2).ok());
  Replica replica(&office_, "device:d1");
  replica.Pull();
  v1::JournalState journal;
  ASSERT_TRUE(journal.ParseFromString(replica.Row(v1::ENTITY_KIND_JOURNAL, "1").entity()));
  EXPECT_EQ(journal.judged_through(), 2u);
  EXPECT_TRUE(replica.Has(v1::ENTITY_KIND_DEVICE, "d1"));
  EXPECT_FALSE(replica.Has(v1::ENTITY_KIND_JUDGEMENT, "d1.1.1"));
  v1::Judgement judgement;
  ASSERT_TRUE(judgement.ParseFromString(replica.Row(v1::ENTITY_KIND_JUDGEMENT, "d1.1.2").entity()));
  EXPECT_EQ(judgement.reason(), v1::QUARANTINE_REASON_UNKNOWN_VISIT);
  // Making the visit tells the phone that the entry counts now.
  office_.AddWorkOrder("order", "acme");
  office_.AddVisit("nobody-made-it", "order");
  replica.Pull();
  ASSERT_TRUE(judgement.ParseFromString(replica.Row(v1::ENTITY_KIND_JUDGEMENT, "d1.1.2").entity()));
  EXPECT_EQ(judgement.verdict(), v1::VERDICT_COUNTED);
}

}  // namespace
}  // namespace doorstep
