// What the writer remembers from group to group is never anything else than what the file holds.

#include "server/apply/recent.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/office.h"

namespace doorstep {
namespace {

using testing::FieldPhone;
using testing::kHour;
using testing::kMonday;
using testing::Office;
using testing::Outcome;
using testing::PartUsed;

std::unique_ptr<GroupVisit> MakeVisit(int64_t n, size_t bytes) {
  auto visit = std::make_unique<GroupVisit>();
  visit->row.n = n;
  visit->id = absl::StrCat("v", n);
  visit->visit_bytes = bytes;
  return visit;
}

TEST(RecentTest, AVisitIsTakenOnceByEitherName) {
  Recent recent;
  recent.PutVisit(MakeVisit(1, 10));
  recent.PutVisit(MakeVisit(2, 10));
  EXPECT_EQ(recent.TakeVisit("v1")->row.n, 1);
  EXPECT_EQ(recent.TakeVisit("v1"), nullptr);
  EXPECT_EQ(recent.TakeVisit(1), nullptr);
  EXPECT_EQ(recent.TakeVisit(2)->id, "v2");
  EXPECT_EQ(recent.TakeVisit("v2"), nullptr);
}

TEST(RecentTest, WhatNobodyTookIsForgottenAndMemoryIsBounded) {
  constexpr size_t kMegabyte = 1024 * 1024;
  Recent recent;
  for (int64_t n = 1; n <= 64; ++n) {
    recent.PutVisit(MakeVisit(n, kMegabyte));
    std::unique_ptr<GroupVisit> used = recent.TakeVisit(1);
    ASSERT_NE(used, nullptr) << "in use all the time, and gone after " << n;
    recent.PutVisit(std::move(used));
    recent.ForgetOld();
  }
  int64_t kept = 0;
  for (int64_t n = 1; n <= 64; ++n) kept += recent.TakeVisit(n) != nullptr;
  EXPECT_LE(kept, 16);
  EXPECT_EQ(recent.TakeVisit(2), nullptr);
}

std::unique_ptr<OpenFeed> MakeFeed(const std::string& name, int64_t rows) {
  auto feed = std::make_unique<OpenFeed>();
  feed->head.name = name;
  feed->head.seq = rows;
  for (int64_t i = 0; i < rows; ++i) {
    auto row = std::make_unique<OpenFeed::Row>();
    row->now.entity = absl::StrCat("v", i);
    feed->rows[{v1::ENTITY_KIND_VISIT, row->now.entity}] = std::move(row);
  }
  return feed;
}

TEST(RecentTest, FeedsAreTakenByName) {
  Recent recent;
  recent.PutFeed(MakeFeed("technician:ana", 7));
  EXPECT_EQ(recent.TakeFeed("technician:ben"), nullptr);
  EXPECT_EQ(recent.Feeds().size(), 1u);
  EXPECT_EQ(recent.TakeFeed("technician:ana")->head.seq, 7);
  EXPECT_EQ(recent.TakeFeed("technician:ana"), nullptr);
}

TEST(RecentTest, SaysWhenItsFeedsHaveManyRowsAndForgetsThem) {
  Recent recent;
  for (int i = 0; i < 6; ++i) recent.PutFeed(MakeFeed(absl::StrCat("technician:t", i), 10000));
  for (int i = 0; i < 100; ++i) recent.PutFeed(recent.TakeFeed("technician:t1"));
  EXPECT_FALSE(recent.IsFull()) << "what is taken and put back counts once";
  recent.PutFeed(MakeFeed("technician:t6", 10000));
  EXPECT_TRUE(recent.IsFull());
  recent.ForgetOld();
  EXPECT_FALSE(recent.IsFull());
  EXPECT_EQ(recent.TakeFeed("technician:t1"), nullptr);
}

// ---- through the writer ----

std::vector<std::string> Chains(Office& office) {
  std::vector<std::string> chains;
  office.Read([&](SqlSession& sql) {
    sqlite::Statement rows = sql.database().Prepare("SELECT coalesce(chain, '') FROM visit ORDER BY n").value();
    while (rows.Step().value()) chains.emplace_back(rows.Text(0));
  });
  return chains;
}

// The second visit of a case renames the chain of the first, which the writer has in memory and writes again later.
TEST(RecentTest, ARowThatAnotherVisitChangedIsReadAgain) {
  Office office;
  FieldPhone phone = office.AddPhone("ana");
  office.AddAccount("acme");
  office.Plan("v1", "acme", "ana", 8);
  office.AddVisit("v2", "order-v1");
  office.Assign("v2", "ana");
  office.clock().Set(kMonday + 12 * kHour);
  phone.Record(Outcome(v1::OUTCOME_CODE_NOT_RESOLVED, "F-SEAT"), "v1", kMonday + 9 * kHour);
  phone.Record(Outcome(v1::OUTCOME_CODE_RESOLVED, "F-VALVE"), "v2", kMonday + 10 * kHour);
  ASSERT_TRUE(office.Push(phone, 1, 1).ok());
  const std::vector<std::string> before = Chains(office);
  ASSERT_TRUE(office.Push(phone, 2, 2).ok());
  const std::vector<std::string> between = Chains(office);
  ASSERT_NE(between[0], before[0]) << "else this shows nothing";
  v1::CommandRecord looked_at;  // It writes the columns of the first that stand in indexes, and its chain is one.
  looked_at.mutable_resolve_attention()->set_id("v1");
  looked_at.mutable_resolve_attention()->add_flags(v1::ATTENTION_FLAG_NOT_FIXED);
  ASSERT_EQ(office.Do(looked_at), absl::OkStatus());
  EXPECT_EQ(Chains(office), between);
}

// A group that fails has changed visits in memory; the one after it must not see that.
TEST(RecentTest, AGroupThatFailsLeavesNothingInMemory) {
  bool fail = false;
  WriterOptions options;
  options.fault = [&](const v1::JournalPosition& position) {
    return fail && position.seq() == 3 ? absl::UnavailableError("the disk is busy") : absl::OkStatus();
  };
  Office office(options);
  FieldPhone phone = office.AddPhone("ana");
  office.AddAccount("acme");
  office.Plan("v1", "acme", "ana", 8);
  office.clock().Set(kMonday + 12 * kHour);
  for (int i = 0; i < 3; ++i) phone.Record(PartUsed("p", 1000), "v1", kMonday + 9 * kHour + i);
  ASSERT_TRUE(office.Push(phone, 1, 1).ok());
  fail = true;
  const absl::StatusOr<FrameAnswer> refused = office.Push(phone, 2, 3);
  ASSERT_TRUE(refused.ok()) << refused.status();
  EXPECT_GT(refused->wait_ms, 0);
  EXPECT_EQ(office.Visit("v1").parts_used_milli(), 1000);
  fail = false;
  ASSERT_TRUE(office.Push(phone, 2, 3).ok());
  EXPECT_EQ(office.Visit("v1").parts_used_milli(), 3000);
  office.ExpectRebuildEqual();
}

}  // namespace
}  // namespace doorstep
