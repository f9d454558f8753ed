// Several technicians on one phone.
#include "client_core/store/technicians.h"

#include <filesystem>

#include "tests/support/power_vfs.h"
#include "tests/unit/client_core/store/store_fixture.h"

namespace doorstep {
namespace {

using testing::DiskFault;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::PowerDisk;

class TechniciansTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    OpenEnrolled();
  }
  void Allow(const std::vector<std::string>& technicians) {
    v1::DeviceState state;
    state.set_device("d7");
    state.set_lane(v1::LANE_ACTIVE);
    for (const std::string& id : technicians) state.add_technician_ids(id);
    device_feed_.Put(v1::ENTITY_KIND_DEVICE, "d7", state);
    ApplyDelta(device_feed_);
  }
  std::vector<std::string> SignedIn() {
    std::vector<std::string> ids;
    for (const v1::EnrolledTechnician& one : journal().identity()->technicians()) ids.push_back(one.id());
    return ids;
  }
  v1::PhoneTechnician Of(const std::string& id) {
    for (const v1::PhoneTechnician& one : store_->Technicians()) {
      if (one.id() == id) return one;
    }
    return {};
  }
  void AppendAs(const std::string& author, const std::string& visit) {
    ASSERT_OK(store_->Append(author, EntryOf(visit, v1::LogEntry::kNote), "").status());
  }

  OfficeFeed wei_feed_{"technician:wei"};
};

TEST_F(TechniciansTest, WhoSignedInLastComesFirstAndAllAreRead) {
  EXPECT_TRUE(absl::IsPermissionDenied(store_->SignIn("wei"))) << "the office has not said so";
  Allow({"ana", "wei"});
  EXPECT_THAT(store_->Feeds(), ElementsAre("device", "technician:ana")) << "nobody signs in by being allowed";
  EXPECT_FALSE(Of("wei").signed_in());
  EXPECT_TRUE(Of("wei").allowed());
  ASSERT_OK(store_->SignIn("wei"));
  EXPECT_THAT(SignedIn(), ElementsAre("wei", "ana"));
  ASSERT_OK(store_->SignIn("ana"));
  EXPECT_THAT(SignedIn(), ElementsAre("ana", "wei"));
  ASSERT_OK(Open());
  EXPECT_THAT(store_->Feeds(), ElementsAre("device", "technician:ana", "technician:wei"));
}

TEST_F(TechniciansTest, WhoSignsOutLeavesNoVisitsAndAllEntries) {
  Allow({"ana", "wei"});
  ASSERT_OK(store_->SignIn("wei"));
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "shared", VisitRow("shared"));
  ApplyDelta(ana_feed_);
  v1::Visit secret = VisitRow("of-wei");
  secret.set_instructions("the key is under the third stone");
  wei_feed_.Put(v1::ENTITY_KIND_VISIT, "of-wei", secret);
  wei_feed_.Put(v1::ENTITY_KIND_VISIT, "shared", VisitRow("shared"));
  ApplyDelta(wei_feed_);
  AppendAs("wei", "of-wei");
  AppendAs("wei", "shared");
  AppendAs("ana", "shared");

  const absl::StatusOr<uint64_t> removed = store_->SignOut("wei");
  ASSERT_OK(removed.status());
  EXPECT_EQ(*removed, 1u) << "ana has the other one too";
  EXPECT_THAT(VisitIds(), ElementsAre("shared"));
  EXPECT_EQ(Of("wei").entries_saved_here(), 2u);
  EXPECT_FALSE(Of("wei").signed_in());
  EXPECT_EQ(journal().Counts().saved_here, 3u);
  ASSERT_OK(Open());
  EXPECT_THAT(store_->Feeds(), ElementsAre("device", "technician:ana"));
  const absl::StatusOr<FrameEntries> frame = journal().ReadForFrame(1, 0, 10, kNoBound);
  ASSERT_OK(frame.status());
  ASSERT_EQ(frame->entries.size(), 3u);
  EXPECT_EQ(frame->entries[0].author(), "wei");
  store_.reset();
  EXPECT_THAT(ReadFile("replica.db") + ReadFile("replica.db-wal"), Not(HasSubstr("under the third stone")));
}

TEST_F(TechniciansTest, WhyAVisitOfWhoSignedOutIsNotHereIsNotThatItWasNeverSent) {
  Allow({"ana"});
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1"));
  ApplyDelta(ana_feed_);
  v1::ExplainRequest request;
  request.set_visit_id("v2");
  EXPECT_THAT(Explained(request), HasSubstr("has never sent this visit")) << "nobody has signed out";
  ASSERT_OK(store_->SignOut("ana").status());
  request.set_visit_id("v1");
  EXPECT_THAT(Explained(request), HasSubstr("those who have signed out (ana) was removed"));
  EXPECT_THAT(Explained(request), Not(HasSubstr("never sent")));
}

// Two feeds are read one after the other, and what stands between them may take hours.
TEST_F(TechniciansTest, WhatIsRecordedStaysOnTheScreenOfWhoseFeedIsOlderWhenTheOtherSignsOut) {
  Allow({"ana", "wei"});
  ASSERT_OK(store_->SignIn("wei"));
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "shared", VisitRow("shared"));
  wei_feed_.Put(v1::ENTITY_KIND_VISIT, "shared", VisitRow("shared"));
  ApplyDelta(ana_feed_);
  ApplyDelta(wei_feed_);
  AppendAs("wei", "shared");
  device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(1, 1));
  ApplyDelta(device_feed_);
  wei_feed_.Put(v1::ENTITY_KIND_VISIT, "shared", VisitRow("shared", 1));
  ApplyDelta(wei_feed_);
  Settle();
  const auto own_entries_of = [this](const std::string& technician) {
    const absl::StatusOr<std::vector<v1::LocalVisit>> visits = store_->view().Visits(technician);
    EXPECT_TRUE(visits.ok() && visits->size() == 1);
    return visits.ok() && visits->size() == 1 ? visits->front().own_entries() : 0;
  };
  EXPECT_EQ(own_entries_of("ana"), 1u) << "her row does not have it yet";
  EXPECT_EQ(own_entries_of("wei"), 0u);
  ASSERT_OK(store_->SignOut("wei").status());
  EXPECT_EQ(own_entries_of(""), 1u);

  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "shared", VisitRow("shared", 1));
  ApplyDelta(ana_feed_);
  Settle();
  EXPECT_EQ(own_entries_of(""), 0u);
  EXPECT_EQ(journal().epochs().at(1).settled_through, 1u);
}

TEST_F(TechniciansTest, WhoSignsOutLeavesNoEarlierVersionOfAVisitInTheFile) {
  Allow({"ana", "wei"});
  ASSERT_OK(store_->SignIn("wei"));
  std::string long_text;  // So long that it does not fit into a page.
  while (long_text.size() < 20000) long_text += "the key is under the third stone; ";
  for (const std::string& text : {long_text, std::string("ring the bell")}) {
    for (const char* id : {"a", "b"}) {
      v1::Visit visit = VisitRow(id);
      visit.set_instructions(text);
      wei_feed_.Put(v1::ENTITY_KIND_VISIT, id, visit);
      visit.set_instructions("nothing to hide");
      ana_feed_.Put(v1::ENTITY_KIND_VISIT, id, visit);
    }
    ApplyDelta(wei_feed_);
    ApplyDelta(ana_feed_);
  }
  ASSERT_OK(store_->SignOut("wei").status());
  store_.reset();
  EXPECT_EQ((ReadFile("replica.db") + ReadFile("replica.db-wal")).find("under the third stone"), std::string::npos);
}

// Wherever the disk fails while somebody signs out: once a later try has said that it is done, it is.
TEST_F(TechniciansTest, WhoSignsOutOnAFailingDiskLeavesNothingOnceItIsSaidToBeDone) {
  store_.reset();
  PowerDisk disk;
  options_.vfs = disk.vfs();
  const std::string root = options_.directory;
  int failed = 0;
  bool every_call = false;
  for (int64_t call = 0; !every_call; ++call) {
    options_.directory = root + "/" + std::to_string(call);
    std::filesystem::create_directory(options_.directory);
    OpenEnrolled();
    Allow({"ana", "wei"});
    ASSERT_OK(store_->SignIn("wei"));
    v1::Visit secret = VisitRow("of-wei");
    secret.set_instructions("the key is under the third stone");
    wei_feed_.Put(v1::ENTITY_KIND_VISIT, "of-wei", secret);
    ApplyDelta(wei_feed_);
    const int64_t failures = disk.failures();
    disk.FailAfter(call, DiskFault::kIoError, /*once=*/true);
    const absl::Status first = store_->SignOut("wei").status();
    every_call = disk.failures() == failures;  // It made fewer calls than this.
    disk.Heal();
    if (!first.ok()) {
      ++failed;
      ASSERT_OK(store_->SignOut("wei").status());
    }
    EXPECT_EQ(store_->replica().FindFeed("technician:wei"), nullptr) << call;
    // With the store open: nothing was tidied up by closing it.
    EXPECT_EQ((ReadFile("replica.db") + ReadFile("replica.db-wal")).find("third stone"), std::string::npos) << call;
    ASSERT_OK(store_->SignIn("wei"));
    EXPECT_EQ(store_->replica().Cursor("technician:wei"), "") << call;
    store_.reset();
  }
  EXPECT_GT(failed, 0);
  options_.directory = root;
}

TEST_F(TechniciansTest, SigningOutTwiceChangesNothingAndStrangersCannot) {
  ASSERT_OK(store_->SignOut("ana").status());
  ASSERT_OK(store_->SignOut("ana").status());
  EXPECT_THAT(SignedIn(), IsEmpty());
  EXPECT_THAT(store_->Feeds(), ElementsAre("device"));
  EXPECT_TRUE(absl::IsNotFound(store_->SignOut("bo").status()));
  // Before the office has said anything the phone goes by its enrolment.
  ASSERT_OK(store_->SignIn("ana"));
  EXPECT_THAT(SignedIn(), ElementsAre("ana"));
}

TEST_F(TechniciansTest, WhomTheOfficeLetsNoLongerIsNotRead) {
  Allow({"ana", "wei"});
  ASSERT_OK(store_->SignIn("wei"));
  AppendAs("wei", "v1");
  Allow({"ana"});
  EXPECT_THAT(store_->Feeds(), ElementsAre("device", "technician:ana"));
  EXPECT_TRUE(Of("wei").signed_in());
  EXPECT_FALSE(Of("wei").allowed());
  EXPECT_EQ(Of("wei").entries_saved_here(), 1u);
}

TEST_F(TechniciansTest, WhoSignedOutStaysOutWhenFilesAreDamagedOrThePhoneEnrolsAgain) {
  Allow({"ana", "wei"});
  ASSERT_OK(store_->SignIn("wei"));
  ASSERT_OK(store_->SignOut("ana").status());
  ASSERT_OK(store_->RepairReplica(absl::DataLossError("found by a check")));
  EXPECT_THAT(SignedIn(), ElementsAre("wei"));
  ASSERT_OK(store_->RepairJournal(absl::DataLossError("found by a check")));
  EXPECT_THAT(SignedIn(), ElementsAre("wei"));
  ASSERT_OK(store_->CompleteEnrolment(Enrolment()));  // For ana, whom the phone knows.
  EXPECT_THAT(SignedIn(), ElementsAre("wei"));
  v1::EnrollResponse for_bo = Enrolment();
  for_bo.mutable_technicians(0)->set_id("bo");
  for_bo.add_technicians()->set_id("cem");
  ASSERT_OK(store_->CompleteEnrolment(for_bo));
  EXPECT_THAT(SignedIn(), ElementsAre("bo", "wei"));
  EXPECT_TRUE(IsSignedOut(*journal().identity(), "cem"));
}

// Else a phone in a drawer would keep its entries for ever.
TEST_F(TechniciansTest, WhatIsJudgedIsSettledThoughNobodyIsSignedIn) {
  AppendAs("ana", "v1");
  AppendAs("ana", "v1");
  ASSERT_OK(store_->SignOut("ana").status());
  device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(1, 2));
  ApplyDelta(device_feed_);
  Settle();
  EXPECT_EQ(journal().epochs().at(1).settled_through, 2u);
}

TEST_F(TechniciansTest, AVisitThatSomebodyOpenedOnSiteIsNotShownAfterTheySignedOut) {
  v1::LogEntry opened = EntryOf("new-1", v1::LogEntry::kNote);
  opened.mutable_visit_opened_on_site()->set_account_id("mill");
  opened.mutable_visit_opened_on_site()->set_kind(v1::WORK_ORDER_KIND_CORRECTIVE);
  opened.mutable_visit_opened_on_site()->set_reason("the other boiler");
  ASSERT_OK(store_->Append("ana", opened, "").status());
  EXPECT_THAT(VisitIds(), ElementsAre("new-1"));
  ASSERT_OK(store_->SignOut("ana").status());
  EXPECT_THAT(VisitIds(), IsEmpty());
  EXPECT_EQ(journal().Counts().saved_here, 1u);
}

}  // namespace
}  // namespace doorstep
