// Imports: every row stands alone, a second time changes nothing, and a dry run is honest.

#include <gmock/gmock.h>

#include "tests/unit/server/services/test_server.h"

namespace doorstep::testing {
namespace {

using ::testing::ElementsAre;

class ImportServiceTest : public ServerTest {
 protected:
  std::vector<v1::ImportResult> ResultsOf(const v1::ImportRowsResponse& response) {
    std::vector<v1::ImportResult> results;
    for (const v1::ImportRowResult& result : response.results()) results.push_back(result.result());
    return results;
  }
  // One row of every kind, all about account A-1.
  std::vector<v1::ImportRow> OneOfEach() {
    std::vector<v1::ImportRow> rows = {AccountRow("A-1", "Bakery Sommer"), TechnicianRow("T-1", "Ana")};
    v1::ImportRow contact;
    contact.set_system("erp");
    contact.mutable_contact()->set_id("C-1");
    contact.mutable_contact()->set_account_id("A-1");
    contact.mutable_contact()->set_name("Frau Sommer");
    rows.push_back(contact);
    v1::ImportRow site;
    site.set_system("erp");
    site.mutable_site()->set_id("S-1");
    site.mutable_site()->set_account_id("A-1");
    site.mutable_site()->set_name("Works");
    rows.push_back(site);
    v1::ImportRow asset;
    asset.set_system("erp");
    asset.mutable_asset()->set_id("E-1");
    asset.mutable_asset()->set_account_id("A-1");
    asset.mutable_asset()->set_site_id("S-1");
    rows.push_back(asset);
    v1::ImportRow contract;
    contract.set_system("erp");
    contract.mutable_contract()->set_id("K-1");
    contract.mutable_contract()->set_account_id("A-1");
    rows.push_back(contract);
    v1::ImportRow order;
    order.set_system("erp");
    order.mutable_work_order()->set_id("W-1");
    order.mutable_work_order()->set_account_id("A-1");
    order.mutable_work_order()->set_kind(v1::WORK_ORDER_KIND_PREVENTIVE);
    order.mutable_work_order()->add_asset_ids("E-1");
    rows.push_back(order);
    rows.push_back(PastVisitRow("P-1", "E-1", past_us_, v1::OUTCOME_CODE_RESOLVED));
    return rows;
  }
  uint64_t Commands() {
    v1::GetStatusResponse status;
    EXPECT_TRUE(Ask(admin_, &v1::AdminService::Stub::GetStatus, v1::GetStatusRequest(), &status).ok());
    return status.commands();
  }

  const int64_t past_us_ = NowUs() - 100 * kDayUs;
};

class ImportFrameTest : public ServerTest {
 protected:
  ImportFrameTest() {
    ImportBasics();
    phone_ = Enroll("T-1");
    DispatchedVisit("V-1", "T-1");
  }
  grpc::Status ImportFrame(const std::string& frame, v1::ImportFrameResponse* response) {
    v1::ImportFrameRequest request;
    request.set_frame(frame);
    return Ask(import_, &v1::ImportService::Stub::ImportFrame, request, response);
  }
  uint64_t Received() {
    v1::ListDevicesResponse response;
    EXPECT_TRUE(Ask(admin_, &v1::AdminService::Stub::ListDevices, v1::ListDevicesRequest(), &response).ok());
    return response.devices(0).received_entries();
  }

  Phone phone_;
};

TEST_F(ImportFrameTest, WhatWasCarriedToTheOfficeCountsOnceHoweverOftenItComes) {
  const std::string frame = MakeFrame(phone_, {ArrivedEntry("V-1"), NoteEntry("V-1", "no network in the cellar")});
  v1::ImportFrameResponse response;
  ASSERT_OK(ImportFrame(frame, &response));
  EXPECT_EQ(response.device(), phone_.enrolled.device());
  EXPECT_EQ(response.mark().received_through(), 2u);
  ASSERT_OK(ImportFrame(frame, &response));
  v1::PushRequest push;
  push.set_frame(frame);
  v1::PushResponse pushed;
  ASSERT_OK(Call(phone_.enrolled.token(), sync_, &v1::SyncService::Stub::Push, push, &pushed));
  EXPECT_EQ(pushed.mark().received_through(), 2u);
  EXPECT_EQ(Received(), 2u);
  EXPECT_EQ(Push(phone_, {NoteEntry("V-1", "back again")}).mark().received_through(), 3u);
}

// A salvaged phone without a network goes on in an epoch that nobody has heard of.
TEST_F(ImportFrameTest, AJournalThatIsNotKnownBeginsWithWhatTheBundleTellsOfIt) {
  Phone salvaged = phone_;
  salvaged.enrolled.mutable_epoch()->set_epoch(7);
  salvaged.enrolled.mutable_epoch()->set_salt("0123456789abcdef");
  v1::ImportFrameRequest request;
  request.set_frame(MakeFrame(salvaged, {ArrivedEntry("V-1")}));
  v1::ImportFrameResponse response;
  EXPECT_CODE(Ask(import_, &v1::ImportService::Stub::ImportFrame, request, &response), FAILED_PRECONDITION,
              "not known here");
  request.mutable_journal()->set_epoch(7);
  request.mutable_journal()->set_salt("short");
  EXPECT_CODE(Ask(import_, &v1::ImportService::Stub::ImportFrame, request, &response), INVALID_ARGUMENT, "salt");
  request.mutable_journal()->set_salt("0123456789abcdef");
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK(Ask(import_, &v1::ImportService::Stub::ImportFrame, request, &response));
    EXPECT_EQ(response.mark().received_through(), 1u);
  }
  EXPECT_EQ(Received(), 1u);
}

TEST_F(ImportFrameTest, AFileOfAnotherPastMakesNoEpochThatNobodyTakes) {
  Phone copy = phone_;
  ASSERT_EQ(Push(phone_, {ArrivedEntry("V-1")}).mark().received_through(), 1u);
  v1::ListDevicesResponse before;
  ASSERT_OK(Ask(admin_, &v1::AdminService::Stub::ListDevices, v1::ListDevicesRequest(), &before));
  v1::ImportFrameResponse response;
  ASSERT_OK(ImportFrame(MakeFrame(copy, {NoteEntry("V-1", "another past")}), &response));
  EXPECT_TRUE(response.fork());
  v1::ListDevicesResponse after;
  ASSERT_OK(Ask(admin_, &v1::AdminService::Stub::ListDevices, v1::ListDevicesRequest(), &after));
  EXPECT_EQ(after.devices(0).current_epoch(), before.devices(0).current_epoch());
}

TEST_F(ImportFrameTest, SaysWhatItDidNotTakeAndWhy) {
  v1::ImportFrameResponse response;
  EXPECT_EQ(ImportFrame("garbage", &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ImportFrame(std::string(800 * 1024, 'x'), &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  const std::string first = MakeFrame(phone_, {ArrivedEntry("V-1")});
  const std::string second = MakeFrame(phone_, {NoteEntry("V-1", "later")});
  EXPECT_CODE(ImportFrame(second, &response), FAILED_PRECONDITION, "held through 0");
  v1::Frame stranger;
  ASSERT_TRUE(stranger.ParseFromString(first));
  stranger.mutable_header()->set_device("nobody");
  EXPECT_EQ(ImportFrame(stranger.SerializeAsString(), &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Received(), 0u);
  v1::ImportFrameRequest request;
  request.set_frame(first);
  EXPECT_EQ(
      Call(phone_.enrolled.token(), import_, &v1::ImportService::Stub::ImportFrame, request, &response).error_code(),
      grpc::StatusCode::PERMISSION_DENIED)
      << "a phone pushes; it imports nothing, least of all another's";
}

TEST_F(ImportServiceTest, KeepsOneRowOfEveryKindAndChangesNothingTheSecondTime) {
  EXPECT_THAT(ResultsOf(Import(OneOfEach())), ::testing::Each(v1::IMPORT_RESULT_CREATED));
  const uint64_t commands = Commands();
  const v1::ImportRowsResponse again = Import(OneOfEach());
  EXPECT_THAT(ResultsOf(again), ::testing::Each(v1::IMPORT_RESULT_UNCHANGED)) << again.DebugString();
  EXPECT_EQ(again.results_size(), 8);
  EXPECT_EQ(Commands(), commands);

  v1::GetAccountRequest request;
  request.set_id("A-1");
  v1::GetAccountResponse account;
  ASSERT_OK(Ask(account_, &v1::AccountService::Stub::GetAccount, request, &account));
  EXPECT_EQ(account.account().version(), 1);
  EXPECT_EQ(account.account().external_refs(0).system(), "erp");
  EXPECT_EQ(account.contacts_size(), 1);
  EXPECT_EQ(account.sites_size(), 1);
  EXPECT_EQ(account.assets_size(), 1);
  EXPECT_EQ(account.contracts_size(), 1);
  ASSERT_EQ(account.repairs_size(), 1);
  EXPECT_EQ(account.repairs(0).visit_id(), "P-1");
  EXPECT_EQ(account.repairs(0).first_time_fix(), v1::FIRST_TIME_FIX_YES);
}

TEST_F(ImportServiceTest, ListsTheFieldsThatChanged) {
  Import(OneOfEach());
  v1::ImportRow account = AccountRow("A-1", "Bakery Sommer and Sons");
  account.mutable_account()->set_tier("gold");
  v1::ImportRow visit = PastVisitRow("P-1", "E-1", past_us_, v1::OUTCOME_CODE_NOT_RESOLVED);
  visit.mutable_past_visit()->set_technician_id("T-7");
  const v1::ImportRowsResponse response = Import({account, visit});
  EXPECT_THAT(ResultsOf(response), ::testing::Each(v1::IMPORT_RESULT_UPDATED));
  EXPECT_THAT(response.results(0).changed_fields(), ElementsAre("name", "tier"));
  EXPECT_THAT(response.results(1).changed_fields(), ElementsAre("technician_id", "outcome"));
  EXPECT_THAT(ResultsOf(Import({account, visit})), ::testing::Each(v1::IMPORT_RESULT_UNCHANGED));
}

TEST_F(ImportServiceTest, AnswersABadRowWithFieldAndReasonAndKeepsTheGoodOnes) {
  v1::ImportRow lost = PastVisitRow("P-2", "", past_us_, v1::OUTCOME_CODE_RESOLVED);
  lost.mutable_past_visit()->set_account_id("A-9");
  v1::ImportRow backwards = PastVisitRow("P-3", "", past_us_, v1::OUTCOME_CODE_RESOLVED);
  backwards.mutable_past_visit()->set_ended_time_us(past_us_ - 2 * kHourUs);
  v1::ImportRow undated = PastVisitRow("P-4", "", past_us_, v1::OUTCOME_CODE_RESOLVED);
  undated.mutable_past_visit()->set_ended_time_us(kDayUs * 365 * 200);
  v1::ImportRow nothing;
  nothing.set_system("erp");
  v1::ImportRow nowhere = AccountRow("A-2", "Somebody");
  nowhere.clear_system();
  v1::ImportRow unsited;
  unsited.set_system("erp");
  unsited.mutable_asset()->set_id("E-2");
  unsited.mutable_asset()->set_account_id("A-1");
  unsited.mutable_asset()->set_site_id("S-9");
  const v1::ImportRowsResponse response =
      Import({AccountRow("A-1", "Good"), AccountRow("A-3", ""), lost, backwards, undated, nothing, nowhere, unsited});
  const struct {
    v1::ImportResult result;
    const char* field;
    const char* reason;
  } kWant[] = {
      {v1::IMPORT_RESULT_CREATED, "", ""},
      {v1::IMPORT_RESULT_REJECTED, "name", "must have 1 to 256 bytes, is empty"},
      {v1::IMPORT_RESULT_REJECTED, "account_id", "no account A-9"},
      {v1::IMPORT_RESULT_REJECTED, "ended_time_us", "must not be before arrived_time_us"},
      {v1::IMPORT_RESULT_REJECTED, "ended_time_us", "must be 0 to 4102444800000000, is 6307200000000000"},
      {v1::IMPORT_RESULT_REJECTED, "record", "must be an account"},
      {v1::IMPORT_RESULT_REJECTED, "system", "must have 1 to 64 bytes, is empty"},
      {v1::IMPORT_RESULT_REJECTED, "site_id", "no site S-9"},
  };
  ASSERT_EQ(response.results_size(), 8);
  for (int i = 0; i < response.results_size(); ++i) {
    EXPECT_EQ(response.results(i).row(), static_cast<uint32_t>(i));
    EXPECT_EQ(response.results(i).result(), kWant[i].result) << i << response.results(i).DebugString();
    EXPECT_EQ(response.results(i).field(), kWant[i].field) << i;
    EXPECT_THAT(response.results(i).reason(), ::testing::HasSubstr(kWant[i].reason)) << i;
  }
  v1::ListAccountsResponse accounts;
  ASSERT_OK(Ask(account_, &v1::AccountService::Stub::ListAccounts, v1::ListAccountsRequest(), &accounts));
  ASSERT_EQ(accounts.accounts_size(), 1);
  EXPECT_EQ(accounts.accounts(0).id(), "A-1");
}

TEST_F(ImportServiceTest, APastVisitThatIsStillToComeIsABadRow) {
  ASSERT_EQ(Import({AccountRow("A-1", "Good")}).results(0).result(), v1::IMPORT_RESULT_CREATED);
  const v1::ImportRowsResponse response =
      Import({PastVisitRow("P-1", "", NowUs() - kMinuteUs, v1::OUTCOME_CODE_RESOLVED),
              PastVisitRow("P-2", "", NowUs() + kDayUs, v1::OUTCOME_CODE_RESOLVED)});
  EXPECT_EQ(response.results(0).result(), v1::IMPORT_RESULT_CREATED) << response.results(0).DebugString();
  EXPECT_EQ(response.results(1).result(), v1::IMPORT_RESULT_REJECTED);
  EXPECT_EQ(response.results(1).field(), "ended_time_us");
  EXPECT_THAT(response.results(1).reason(), ::testing::HasSubstr("must not be after now, 20"));
}

TEST_F(ImportServiceTest, RefusesWhatBelongsToSomebodyElseAndKeepsTheRest) {
  std::vector<v1::ImportRow> rows = OneOfEach();
  rows.push_back(AccountRow("A-2", "Cafe Winter"));
  Import(rows);
  v1::ImportRow foreign_site;
  foreign_site.set_system("erp");
  foreign_site.mutable_asset()->set_id("E-2");
  foreign_site.mutable_asset()->set_account_id("A-2");
  foreign_site.mutable_asset()->set_site_id("S-1");
  v1::ImportRow foreign_asset;
  foreign_asset.set_system("erp");
  foreign_asset.mutable_work_order()->set_id("W-2");
  foreign_asset.mutable_work_order()->set_account_id("A-2");
  foreign_asset.mutable_work_order()->set_kind(v1::WORK_ORDER_KIND_CORRECTIVE);
  foreign_asset.mutable_work_order()->add_asset_ids("E-1");
  v1::ImportRow over;
  over.set_system("erp");
  over.mutable_contract()->set_id("K-2");
  over.mutable_contract()->set_account_id("A-2");
  over.mutable_contract()->set_start_time_us(past_us_);
  over.mutable_contract()->set_renewal_time_us(past_us_ - 1);
  v1::ImportRow orphan = AccountRow("A-3", "Kiosk");
  orphan.mutable_account()->set_parent_account_id("A-9");
  v1::ImportRow own_parent = AccountRow("A-4", "Stand");
  own_parent.mutable_account()->set_parent_account_id("A-4");
  const v1::ImportRowsResponse response =
      Import({foreign_site, foreign_asset, over, orphan, own_parent, AccountRow("A-5", "Good")});
  const struct {
    const char* field;
    const char* reason;
  } kWant[] = {{"site_id", "site S-1 belongs to account A-1, not A-2"},
               {"asset_ids", "asset E-1 belongs to account A-1, not A-2"},
               {"renewal_time_us", "must not be before start_time_us"},
               {"parent_account_id", "no account A-9"},
               {"parent_account_id", "must be another account"}};
  ASSERT_EQ(response.results_size(), 6);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(response.results(i).result(), v1::IMPORT_RESULT_REJECTED) << i;
    EXPECT_EQ(response.results(i).field(), kWant[i].field) << i;
    EXPECT_EQ(response.results(i).reason(), kWant[i].reason) << i;
  }
  EXPECT_EQ(response.results(5).result(), v1::IMPORT_RESULT_CREATED);
}

TEST_F(ImportServiceTest, AnAccountMayStandBeforeTheOneItBelongsTo) {
  v1::ImportRow leaf = AccountRow("A-3", "Leaf");
  leaf.mutable_account()->set_parent_account_id("A-2");
  v1::ImportRow branch = AccountRow("A-2", "Branch");
  branch.mutable_account()->set_parent_account_id("A-1");
  const v1::ImportRowsResponse response = Import({leaf, branch, AccountRow("A-1", "Root")});
  EXPECT_THAT(ResultsOf(response), ::testing::Each(v1::IMPORT_RESULT_CREATED));
  for (int i = 0; i < response.results_size(); ++i) EXPECT_EQ(response.results(i).row(), static_cast<uint32_t>(i));
}

TEST_F(ImportServiceTest, TakesTheSameIdTwiceInACallAsAnUpdate) {
  const v1::ImportRowsResponse response =
      Import({AccountRow("A-1", "First"), AccountRow("A-1", "First"), AccountRow("A-1", "Second")});
  EXPECT_THAT(ResultsOf(response),
              ElementsAre(v1::IMPORT_RESULT_CREATED, v1::IMPORT_RESULT_UNCHANGED, v1::IMPORT_RESULT_UPDATED));
  EXPECT_THAT(ResultsOf(Import({AccountRow("A-1", "Second")})), ElementsAre(v1::IMPORT_RESULT_UNCHANGED));
}

TEST_F(ImportServiceTest, AnswersTheSameInADryRunAndChangesNothing) {
  const v1::ImportRowsResponse dry = Import(OneOfEach(), /*dry_run=*/true);
  v1::ListAccountsResponse accounts;
  ASSERT_OK(Ask(account_, &v1::AccountService::Stub::ListAccounts, v1::ListAccountsRequest(), &accounts));
  EXPECT_EQ(accounts.accounts_size(), 0);
  EXPECT_EQ(dry.SerializeAsString(), Import(OneOfEach()).SerializeAsString());
  EXPECT_THAT(ResultsOf(Import(OneOfEach(), /*dry_run=*/true)), ::testing::Each(v1::IMPORT_RESULT_UNCHANGED));
}

TEST_F(ImportServiceTest, LeavesTheCompanysOwnVisitsAlone) {
  ImportBasics();
  ScheduledVisit("V-1");
  const v1::ImportRowsResponse response = Import({PastVisitRow("V-1", "E-1", past_us_, v1::OUTCOME_CODE_RESOLVED)});
  ASSERT_EQ(response.results(0).result(), v1::IMPORT_RESULT_REJECTED);
  EXPECT_EQ(response.results(0).field(), "id");
}

TEST_F(ImportServiceTest, TakesOneToFiveHundredRows) {
  v1::ImportRowsRequest request;
  request.set_request_id(NextRequestId());
  v1::ImportRowsResponse response;
  EXPECT_CODE(Ask(import_, &v1::ImportService::Stub::ImportRows, request, &response), INVALID_ARGUMENT,
              "rows: must have 1 to 500 rows, has 0");
  for (int i = 0; i < 501; ++i) *request.add_rows() = AccountRow("A", "B");
  EXPECT_CODE(Ask(import_, &v1::ImportService::Stub::ImportRows, request, &response), INVALID_ARGUMENT, "has 501");
}

TEST_F(ImportServiceTest, CountsRepeatsFromImportedHistories) {
  ImportBasics();
  Import({PastVisitRow("P-1", "E-1", past_us_, v1::OUTCOME_CODE_RESOLVED),
          PastVisitRow("P-2", "E-1", past_us_ + 10 * kDayUs, v1::OUTCOME_CODE_RESOLVED),
          PastVisitRow("P-3", "E-1", past_us_ + 60 * kDayUs, v1::OUTCOME_CODE_RESOLVED)});
  v1::GetRepairStatisticsResponse response;
  ASSERT_OK(Ask(account_, &v1::AccountService::Stub::GetRepairStatistics, v1::GetRepairStatisticsRequest(), &response));
  EXPECT_EQ(response.statistics().assets(), 1u);
  EXPECT_EQ(response.statistics().corrective_visits(), 3u);
  EXPECT_EQ(response.statistics().repeats_within_30_days(), 1u);
  EXPECT_EQ(response.statistics().first_time_fix_yes(), 2u);
  EXPECT_EQ(response.statistics().first_time_fix_no(), 1u);
}

}  // namespace
}  // namespace doorstep::testing
