// Accounts and their health as the success managers ask for them.

#include <gmock/gmock.h>

#include <optional>

#include "client_core/rules/clock_correction.h"
#include "tests/unit/server/services/test_server.h"

namespace doorstep::testing {
namespace {

using ::testing::ElementsAre;

class AccountServiceTest : public ServerTest {
 protected:
  AccountServiceTest() { ImportBasics(); }

  v1::AccountHealth Health(std::optional<int32_t> day = std::nullopt, int64_t known_at_us = 0) {
    v1::GetAccountHealthRequest request;
    request.set_account_id("A-1");
    if (day.has_value()) request.set_as_of_day(*day);
    if (known_at_us != 0) request.set_as_known_at_time_us(known_at_us);
    v1::GetAccountHealthResponse response;
    const grpc::Status status = Ask(health_, &v1::HealthService::Stub::GetAccountHealth, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.health();
  }
};

TEST_F(AccountServiceTest, FindsAccountsByNameAndInPages) {
  Import({AccountRow("A-2", "Laundry Winter"), AccountRow("A-3", "Bakery Herbst")});
  v1::ListAccountsRequest request;
  request.set_contains("Bakery");
  v1::ListAccountsResponse response;
  ASSERT_OK(Ask(account_, &v1::AccountService::Stub::ListAccounts, request, &response));
  ASSERT_EQ(response.accounts_size(), 2);
  EXPECT_EQ(response.accounts(1).id(), "A-3");
  request.clear_contains();
  request.set_page_size(2);
  ASSERT_OK(Ask(account_, &v1::AccountService::Stub::ListAccounts, request, &response));
  ASSERT_EQ(response.accounts_size(), 2);
  request.set_page_token(response.next_page_token());
  ASSERT_OK(Ask(account_, &v1::AccountService::Stub::ListAccounts, request, &response));
  ASSERT_EQ(response.accounts_size(), 1);
  EXPECT_EQ(response.next_page_token(), "");
}

TEST_F(AccountServiceTest, NamesFieldAndBoundOfBadReads) {
  v1::ListAccountsRequest list;
  list.set_contains(std::string(65, 'x'));
  v1::ListAccountsResponse listed;
  EXPECT_CODE(Ask(account_, &v1::AccountService::Stub::ListAccounts, list, &listed), INVALID_ARGUMENT,
              "contains: must have at most 64 bytes, has 65");
  v1::GetAccountRequest get;
  v1::GetAccountResponse got;
  EXPECT_CODE(Ask(account_, &v1::AccountService::Stub::GetAccount, get, &got), INVALID_ARGUMENT,
              "id: must not be empty");
  get.set_id("A-9");
  EXPECT_CODE(Ask(account_, &v1::AccountService::Stub::GetAccount, get, &got), NOT_FOUND, "no account A-9");
  v1::GetRepairStatisticsRequest repairs;
  repairs.set_account_id("A-9");
  v1::GetRepairStatisticsResponse counted;
  EXPECT_CODE(Ask(account_, &v1::AccountService::Stub::GetRepairStatistics, repairs, &counted), NOT_FOUND,
              "no account A-9");
  v1::GetAccountHealthRequest health;
  v1::GetAccountHealthResponse scored;
  health.set_account_id("A-9");
  EXPECT_CODE(Ask(health_, &v1::HealthService::Stub::GetAccountHealth, health, &scored), NOT_FOUND, "no account A-9");
  health.set_as_of_day(60000);
  EXPECT_CODE(Ask(health_, &v1::HealthService::Stub::GetAccountHealth, health, &scored), INVALID_ARGUMENT,
              "as_of_day: must be -25000 to 50000, is 60000");
  v1::ExplainAccountHealthRequest explain;
  v1::ExplainAccountHealthResponse explained;
  EXPECT_CODE(Ask(health_, &v1::HealthService::Stub::ExplainAccountHealth, explain, &explained), INVALID_ARGUMENT,
              "account_id: must not be empty");
}

TEST_F(AccountServiceTest, CallsAnAccountWithoutEvidenceUnknown) {
  const v1::AccountHealth health = Health();
  EXPECT_EQ(health.account_id(), "A-1");
  EXPECT_EQ(health.score_thousandths(), 76700);
  EXPECT_EQ(health.band(), v1::BAND_UNKNOWN);
}

TEST_F(AccountServiceTest, ExplainsTheSameScoreToThePoint) {
  DispatchedVisit("V-1", "T-1");
  Phone phone = Enroll("T-1");
  Push(phone, {ArrivedEntry("V-1"), WorkStartedEntry("V-1"), OutcomeEntry("V-1", v1::OUTCOME_CODE_NOT_RESOLVED)});
  const v1::AccountHealth health = Health();
  EXPECT_LT(health.score_thousandths(), 76700);
  v1::ExplainAccountHealthRequest request;
  request.set_account_id("A-1");
  v1::ExplainAccountHealthResponse response;
  ASSERT_OK(Ask(health_, &v1::HealthService::Stub::ExplainAccountHealth, request, &response));
  EXPECT_EQ(response.health().SerializeAsString(), health.SerializeAsString());
  int64_t sum = response.health().prior_score_thousandths();
  for (const v1::Contribution& contribution : response.contributions()) sum += contribution.points_thousandths();
  EXPECT_EQ(sum, health.score_thousandths());
  ASSERT_GE(response.contributions_size(), 1);
}

TEST_F(AccountServiceTest, KeepsOldAnswersWhenLateFactsArrive) {
  const int64_t before_us = NowUs();
  const int32_t day = CivilDay(before_us, 0);
  const v1::AccountHealth old = Health(day);
  MoveClock(kMinuteUs);
  Import({PastVisitRow("P-1", "E-1", before_us - 2 * kDayUs, v1::OUTCOME_CODE_NOT_RESOLVED)});
  EXPECT_NE(Health(day).receipt(), old.receipt());
  EXPECT_EQ(Health(day, before_us).receipt(), old.receipt());
  EXPECT_EQ(Health(day, NowUs() + kMinuteUs).receipt(), Health(day).receipt());
  EXPECT_EQ(Health(day - 10).receipt(), Health(day - 10, before_us).receipt());
}

}  // namespace
}  // namespace doorstep::testing
