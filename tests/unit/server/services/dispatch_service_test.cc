// What the office may do with work orders and visits, what it is refused and why, and what it reads.

#include <gmock/gmock.h>

#include "client_core/base/limits.h"
#include "tests/unit/server/services/test_server.h"

namespace doorstep::testing {
namespace {

using Stub = v1::DispatchService::Stub;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DispatchServiceTest : public ServerTest {
 protected:
  DispatchServiceTest() { ImportBasics(); }

  v1::CreateWorkOrderRequest NewOrder() {
    v1::CreateWorkOrderRequest request;
    request.set_request_id(NextRequestId());
    request.mutable_work_order()->set_account_id("A-1");
    request.mutable_work_order()->set_kind(v1::WORK_ORDER_KIND_CORRECTIVE);
    return request;
  }
  // A request of this type about visit `id`.
  template <typename Request>
  Request About(const std::string& id) {
    Request request;
    request.set_request_id(NextRequestId());
    request.set_id(id);
    return request;
  }
  v1::Visit Get(const std::string& id) {
    v1::GetVisitRequest request;
    request.set_id(id);
    v1::GetVisitResponse response;
    const grpc::Status status = Ask(dispatch_, &Stub::GetVisit, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.visit();
  }
};

TEST_F(DispatchServiceTest, MakesAWorkOrderWithAnIdAndDefaults) {
  v1::CreateWorkOrderRequest request = NewOrder();
  v1::CreateWorkOrderResponse response;
  ASSERT_OK(Ask(dispatch_, &Stub::CreateWorkOrder, request, &response));
  EXPECT_EQ(response.work_order().id().size(), 36u);
  EXPECT_EQ(response.work_order().priority(), 3u);
  EXPECT_EQ(response.work_order().state(), v1::WORK_ORDER_STATE_OPEN);
  EXPECT_EQ(response.work_order().version(), 1);
  EXPECT_GT(response.work_order().created_time_us(), 0);
}

TEST_F(DispatchServiceTest, NamesFieldAndBoundOfABadWorkOrder) {
  const struct {
    const char* text;
    std::function<void(v1::CreateWorkOrderRequest&)> spoil;
  } kCases[] = {
      {"request_id: must have 16 to 64 bytes, has 3", [](auto& r) { r.set_request_id("abc"); }},
      {"work_order.account_id: must not be empty", [](auto& r) { r.mutable_work_order()->clear_account_id(); }},
      {"work_order.kind: must be", [](auto& r) { r.mutable_work_order()->clear_kind(); }},
      {"work_order.priority: must be 0 to 5, is 6", [](auto& r) { r.mutable_work_order()->set_priority(6); }},
      {"work_order.id: must have at most 64 bytes, has 65",
       [](auto& r) { r.mutable_work_order()->set_id(std::string(65, 'x')); }},
      {"work_order.description: must have at most 4096 bytes",
       [](auto& r) { r.mutable_work_order()->set_description(std::string(4097, 'x')); }},
  };
  for (const auto& c : kCases) {
    v1::CreateWorkOrderRequest request = NewOrder();
    c.spoil(request);
    v1::CreateWorkOrderResponse response;
    EXPECT_CODE(Ask(dispatch_, &Stub::CreateWorkOrder, request, &response), INVALID_ARGUMENT, c.text);
  }
}

TEST_F(DispatchServiceTest, RefusesAWorkOrderForAnAccountNobodyKnows) {
  v1::CreateWorkOrderRequest request = NewOrder();
  request.mutable_work_order()->set_account_id("A-9");
  v1::CreateWorkOrderResponse response;
  EXPECT_CODE(Ask(dispatch_, &Stub::CreateWorkOrder, request, &response), NOT_FOUND,
              "work_order.account_id: no account A-9");
}

TEST_F(DispatchServiceTest, AnOrderNamesOnlyWhatBelongsToItsAccount) {
  Import({AccountRow("A-2", "Hotel Peña")});
  v1::CreateWorkOrderRequest request = NewOrder();
  request.mutable_work_order()->set_account_id("A-2");
  request.mutable_work_order()->clear_site_id();
  request.mutable_work_order()->clear_asset_ids();
  request.mutable_work_order()->add_asset_ids("E-1");
  v1::CreateWorkOrderResponse response;
  EXPECT_CODE(Ask(dispatch_, &Stub::CreateWorkOrder, request, &response), INVALID_ARGUMENT,
              "work_order.asset_ids: asset E-1 belongs to account A-1, not A-2");
}

TEST_F(DispatchServiceTest, AnOrderForAssetsIsForTheSiteWhereTheyStand) {
  v1::ImportRow site;
  site.set_system("erp");
  site.mutable_site()->set_id("S-2");
  site.mutable_site()->set_account_id("A-1");
  site.mutable_site()->set_name("Depot");
  v1::ImportRow asset;
  asset.set_system("erp");
  asset.mutable_asset()->set_id("E-2");
  asset.mutable_asset()->set_account_id("A-1");
  asset.mutable_asset()->set_site_id("S-2");
  v1::ImportRow order;
  order.set_system("erp");
  order.mutable_work_order()->set_id("W-9");
  order.mutable_work_order()->set_account_id("A-1");
  order.mutable_work_order()->set_kind(v1::WORK_ORDER_KIND_PREVENTIVE);
  order.mutable_work_order()->add_asset_ids("E-2");
  Import({site, asset, order});
  EXPECT_EQ(Import({order}).results(0).result(), v1::IMPORT_RESULT_UNCHANGED);
  v1::GetWorkOrderRequest get;
  get.set_id("W-9");
  v1::GetWorkOrderResponse imported;
  ASSERT_OK(Ask(dispatch_, &Stub::GetWorkOrder, get, &imported));
  EXPECT_EQ(imported.work_order().site_id(), "S-2");

  v1::CreateWorkOrderRequest request = NewOrder();
  request.mutable_work_order()->add_asset_ids("E-1");
  v1::CreateWorkOrderResponse response;
  ASSERT_OK(Ask(dispatch_, &Stub::CreateWorkOrder, request, &response));
  EXPECT_EQ(response.work_order().site_id(), "S-1");
  v1::CreateVisitRequest create = About<v1::CreateVisitRequest>("V-1");
  create.set_work_order_id(response.work_order().id());
  v1::CreateVisitResponse created;
  ASSERT_OK(Ask(dispatch_, &Stub::CreateVisit, create, &created));
  EXPECT_EQ(created.visit().site_id(), "S-1");

  request = NewOrder();
  request.mutable_work_order()->add_asset_ids("E-1");
  request.mutable_work_order()->add_asset_ids("E-2");
  ASSERT_OK(Ask(dispatch_, &Stub::CreateWorkOrder, request, &response));
  EXPECT_EQ(response.work_order().site_id(), "") << "the assets stand apart";
}

TEST_F(DispatchServiceTest, GivesARepeatedCallTheFirstAnswerAndRefusesAnotherBody) {
  v1::CreateWorkOrderRequest request = NewOrder();
  v1::CreateWorkOrderResponse first;
  v1::CreateWorkOrderResponse second;
  ASSERT_OK(Ask(dispatch_, &Stub::CreateWorkOrder, request, &first));
  ASSERT_OK(Ask(dispatch_, &Stub::CreateWorkOrder, request, &second));
  EXPECT_EQ(first.SerializeAsString(), second.SerializeAsString());
  Restart();
  ASSERT_OK(Ask(dispatch_, &Stub::CreateWorkOrder, request, &second));
  EXPECT_EQ(first.SerializeAsString(), second.SerializeAsString());

  request.mutable_work_order()->set_description("something else");
  EXPECT_EQ(Ask(dispatch_, &Stub::CreateWorkOrder, request, &second).error_code(), grpc::StatusCode::ALREADY_EXISTS);
  v1::ListWorkOrdersResponse list;
  ASSERT_OK(Ask(dispatch_, &Stub::ListWorkOrders, v1::ListWorkOrdersRequest(), &list));
  EXPECT_EQ(list.work_orders_size(), 1);
}

TEST_F(DispatchServiceTest, TakesAVisitFromItsWorkOrderToTheTechnician) {
  const v1::Visit visit = DispatchedVisit("V-1", "T-1");
  EXPECT_EQ(visit.state(), v1::VISIT_STATE_DISPATCHED);
  EXPECT_EQ(visit.account_id(), "A-1");
  EXPECT_EQ(visit.site_id(), "S-1");
  EXPECT_THAT(visit.asset_ids(), ElementsAre("E-1"));
  EXPECT_EQ(visit.promised().start_time_us(), visit.planned().start_time_us());
  ASSERT_EQ(visit.assignments_size(), 1);
  EXPECT_EQ(visit.assignments(0).role(), v1::ASSIGNMENT_ROLE_LEAD);
  EXPECT_EQ(visit.version(), 4);

  v1::GetWorkOrderRequest request;
  request.set_id("W-V-1");
  v1::GetWorkOrderResponse response;
  ASSERT_OK(Ask(dispatch_, &Stub::GetWorkOrder, request, &response));
  EXPECT_EQ(response.work_order().state(), v1::WORK_ORDER_STATE_SCHEDULED);
  ASSERT_EQ(response.visits_size(), 1);
  EXPECT_EQ(response.visits(0).SerializeAsString(), visit.SerializeAsString());
}

TEST_F(DispatchServiceTest, RefusesWhatTheStateDoesNotAllow) {
  ScheduledVisit("V-1");
  v1::DispatchVisitResponse dispatched;
  EXPECT_CODE(Ask(dispatch_, &Stub::DispatchVisit, About<v1::DispatchVisitRequest>("V-1"), &dispatched),
              FAILED_PRECONDITION, "nobody assigned");
  auto cancel = About<v1::CancelVisitRequest>("V-1");
  cancel.set_reason("customer called");
  v1::CancelVisitResponse cancelled;
  ASSERT_OK(Ask(dispatch_, &Stub::CancelVisit, cancel, &cancelled));
  EXPECT_EQ(cancelled.visit().state(), v1::VISIT_STATE_CANCELED);
  EXPECT_EQ(cancelled.visit().cancel_reason(), "customer called");
  auto assign = About<v1::AssignVisitRequest>("V-1");
  assign.set_technician_id("T-1");
  v1::AssignVisitResponse assigned;
  EXPECT_CODE(Ask(dispatch_, &Stub::AssignVisit, assign, &assigned), FAILED_PRECONDITION, "is cancelled");
}

TEST_F(DispatchServiceTest, RefusesACallerWhoSawAnotherVersion) {
  const v1::Visit visit = ScheduledVisit("V-1");
  auto assign = About<v1::AssignVisitRequest>("V-1");
  assign.set_technician_id("T-1");
  assign.set_expected_version(visit.version());
  v1::AssignVisitResponse assigned;
  ASSERT_OK(Ask(dispatch_, &Stub::AssignVisit, assign, &assigned));
  auto cancel = About<v1::CancelVisitRequest>("V-1");
  cancel.set_reason("too late");
  cancel.set_expected_version(visit.version());
  v1::CancelVisitResponse cancelled;
  EXPECT_CODE(Ask(dispatch_, &Stub::CancelVisit, cancel, &cancelled), ABORTED, "is at version 3, not at 2");
  EXPECT_EQ(Get("V-1").state(), v1::VISIT_STATE_SCHEDULED);
}

TEST_F(DispatchServiceTest, NamesFieldAndBoundOfEveryBadCommand) {
  ScheduledVisit("V-1");
  auto create = About<v1::CreateVisitRequest>("V-2");
  v1::CreateVisitResponse created;
  EXPECT_CODE(Ask(dispatch_, &Stub::CreateVisit, create, &created), INVALID_ARGUMENT, "work_order_id: must not be");
  create.set_work_order_id("W-9");
  EXPECT_CODE(Ask(dispatch_, &Stub::CreateVisit, create, &created), NOT_FOUND, "work_order_id: no work order W-9");
  create.set_id("V-1");
  create.set_work_order_id("W-V-1");
  EXPECT_EQ(Ask(dispatch_, &Stub::CreateVisit, create, &created).error_code(), grpc::StatusCode::ALREADY_EXISTS);

  auto schedule = About<v1::ScheduleVisitRequest>("V-1");
  v1::ScheduleVisitResponse scheduled;
  EXPECT_CODE(Ask(dispatch_, &Stub::ScheduleVisit, schedule, &scheduled), INVALID_ARGUMENT, "planned: must be set");
  schedule.mutable_planned()->set_start_time_us(NowUs());
  schedule.mutable_planned()->set_end_time_us(NowUs() + 32 * kDayUs);
  EXPECT_CODE(Ask(dispatch_, &Stub::ScheduleVisit, schedule, &scheduled), INVALID_ARGUMENT,
              "planned.end_time_us: must be at most 31 days after start_time_us");
  schedule.mutable_planned()->set_end_time_us(NowUs() - kDayUs);
  EXPECT_CODE(Ask(dispatch_, &Stub::ScheduleVisit, schedule, &scheduled), INVALID_ARGUMENT, "must be after");

  auto assign = About<v1::AssignVisitRequest>("V-1");
  v1::AssignVisitResponse assigned;
  EXPECT_CODE(Ask(dispatch_, &Stub::AssignVisit, assign, &assigned), INVALID_ARGUMENT, "technician_id: must not be");
  assign.set_technician_id("T-9");
  EXPECT_CODE(Ask(dispatch_, &Stub::AssignVisit, assign, &assigned), NOT_FOUND, "technician_id: no technician T-9");

  auto reassign = About<v1::ReassignVisitRequest>("V-1");
  reassign.set_from_technician_id("T-1");
  reassign.set_to_technician_id("T-1");
  v1::ReassignVisitResponse reassigned;
  EXPECT_CODE(Ask(dispatch_, &Stub::ReassignVisit, reassign, &reassigned), INVALID_ARGUMENT, "to_technician_id: must");
  reassign.set_to_technician_id("T-2");
  EXPECT_CODE(Ask(dispatch_, &Stub::ReassignVisit, reassign, &reassigned), FAILED_PRECONDITION,
              "technician T-1 is not assigned to visit V-1");

  auto cancel = About<v1::CancelVisitRequest>("V-1");
  v1::CancelVisitResponse cancelled;
  EXPECT_CODE(Ask(dispatch_, &Stub::CancelVisit, cancel, &cancelled), INVALID_ARGUMENT,
              "reason: must have 1 to 256 bytes, is empty");
  auto dispatch = About<v1::DispatchVisitRequest>("V-9");
  v1::DispatchVisitResponse dispatched;
  EXPECT_CODE(Ask(dispatch_, &Stub::DispatchVisit, dispatch, &dispatched), NOT_FOUND, "no visit V-9");
  auto miss = About<v1::RecordMissRequest>("");
  v1::RecordMissResponse missed;
  EXPECT_CODE(Ask(dispatch_, &Stub::RecordMiss, miss, &missed), INVALID_ARGUMENT, "id: must not be empty");
}

TEST_F(DispatchServiceTest, ReassignsFromTheOneWhoLeadsAndKeepsTheOldAssignment) {
  DispatchedVisit("V-1", "T-1");
  auto reassign = About<v1::ReassignVisitRequest>("V-1");
  reassign.set_to_technician_id("T-2");
  reassign.set_reason("T-1 is ill");
  v1::ReassignVisitResponse response;
  ASSERT_OK(Ask(dispatch_, &Stub::ReassignVisit, reassign, &response));
  ASSERT_EQ(response.visit().assignments_size(), 2);
  EXPECT_TRUE(response.visit().assignments(0).revoked());
  EXPECT_EQ(response.visit().assignments(0).successor_id(), "T-2");
  EXPECT_EQ(response.visit().assignments(0).revoked_by(), "admin:a1");
  EXPECT_EQ(response.visit().assignments(1).technician_id(), "T-2");
  EXPECT_EQ(response.visit().assignments(1).role(), v1::ASSIGNMENT_ROLE_LEAD);
}

TEST_F(DispatchServiceTest, ShowsWhoIsSilentUntilTheirPhoneHasReportedPastTheWindow) {
  DispatchedVisit("V-1", "T-1");
  const Phone phone = Enroll("T-1");
  MoveClock(3 * kHourUs);
  v1::GetVisitRequest request;
  request.set_id("V-1");
  v1::GetVisitResponse response;
  ASSERT_OK(Ask(dispatch_, &Stub::GetVisit, request, &response));
  ASSERT_EQ(response.silent_size(), 1);
  EXPECT_EQ(response.silent(0).technician_id(), "T-1");
  // A new phone has told all it knew when it was enrolled: nothing.
  EXPECT_GE(response.silent(0).silent_since_time_us(), phone.enrolled.server_time_us());
  EXPECT_LT(response.silent(0).silent_since_time_us(), NowUs() - 2 * kHourUs);

  v1::HelloRequest hello;
  hello.set_queue_empty(true);
  v1::HelloResponse answer;
  ASSERT_OK(Call(phone.enrolled.token(), sync_, &v1::SyncService::Stub::Hello, hello, &answer));
  ASSERT_OK(Ask(dispatch_, &Stub::GetVisit, request, &response));
  EXPECT_EQ(response.silent_size(), 0);
}

TEST_F(DispatchServiceTest, RecordsAMissOnlyOfAPromisedWindow) {
  ScheduledVisit("V-1");
  v1::RecordMissResponse response;
  ASSERT_OK(Ask(dispatch_, &Stub::RecordMiss, About<v1::RecordMissRequest>("V-1"), &response));
  EXPECT_TRUE(response.visit().miss_recorded());
}

TEST_F(DispatchServiceTest, ListsVisitsByFilterAndInPages) {
  DispatchedVisit("V-1", "T-1");
  DispatchedVisit("V-2", "T-2", 2 * kDayUs);
  ScheduledVisit("V-3");
  const auto list = [&](const v1::ListVisitsRequest& request) {
    v1::ListVisitsResponse response;
    const grpc::Status status = Ask(dispatch_, &Stub::ListVisits, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  };
  EXPECT_EQ(list({}).visits_size(), 3);
  v1::ListVisitsRequest request;
  request.set_technician_id("T-2");
  ASSERT_EQ(list(request).visits_size(), 1);
  EXPECT_EQ(list(request).visits(0).id(), "V-2");
  request.clear_technician_id();
  request.set_state(v1::VISIT_STATE_SCHEDULED);
  ASSERT_EQ(list(request).visits_size(), 1);
  EXPECT_EQ(list(request).visits(0).id(), "V-3");
  request.clear_state();
  request.mutable_between()->set_start_time_us(NowUs() + kDayUs);
  request.mutable_between()->set_end_time_us(NowUs() + 3 * kDayUs);
  EXPECT_EQ(list(request).visits_size(), 1);

  v1::ListVisitsRequest paged;
  paged.set_page_size(2);
  const v1::ListVisitsResponse first = list(paged);
  ASSERT_EQ(first.visits_size(), 2);
  ASSERT_FALSE(first.next_page_token().empty());
  paged.set_page_token(first.next_page_token());
  const v1::ListVisitsResponse second = list(paged);
  ASSERT_EQ(second.visits_size(), 1);
  EXPECT_EQ(second.visits(0).id(), "V-3");
  EXPECT_TRUE(second.next_page_token().empty());
}

TEST_F(DispatchServiceTest, AsksForAttentionUntilALaterVisitOfTheOrderHasFixedIt) {
  Phone phone = Enroll("T-1");
  DispatchedVisit("V-1", "T-1");
  DispatchedVisit("V-2", "T-1");
  Push(phone, {ArrivedEntry("V-1"), OutcomeEntry("V-1", v1::OUTCOME_CODE_PARTS_MISSING), ArrivedEntry("V-2"),
               OutcomeEntry("V-2", v1::OUTCOME_CODE_NOT_RESOLVED)});
  v1::ListVisitsRequest request;
  request.set_needs_attention(true);
  const auto waiting = [&] {
    v1::ListVisitsResponse response;
    const grpc::Status status = Ask(dispatch_, &Stub::ListVisits, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    std::vector<std::string> ids;
    for (const v1::Visit& visit : response.visits()) ids.push_back(visit.id());
    return ids;
  };
  EXPECT_THAT(waiting(), ElementsAre("V-1", "V-2"));

  auto again = About<v1::CreateVisitRequest>("V-3");
  again.set_work_order_id("W-V-1");
  v1::CreateVisitResponse created;
  ASSERT_OK(Ask(dispatch_, &Stub::CreateVisit, again, &created));
  auto assign = About<v1::AssignVisitRequest>("V-3");
  assign.set_technician_id("T-1");
  v1::AssignVisitResponse assigned;
  ASSERT_OK(Ask(dispatch_, &Stub::AssignVisit, assign, &assigned));
  EXPECT_THAT(waiting(), ElementsAre("V-1", "V-2")) << "planned is not fixed";
  MoveClock(kHourUs);
  Push(phone, {ArrivedEntry("V-3"), OutcomeEntry("V-3", v1::OUTCOME_CODE_NOT_RESOLVED)});
  EXPECT_THAT(waiting(), ::testing::Contains("V-1"));
  MoveClock(kHourUs);
  auto last = About<v1::CreateVisitRequest>("V-4");
  last.set_work_order_id("W-V-1");
  ASSERT_OK(Ask(dispatch_, &Stub::CreateVisit, last, &created));
  auto send = About<v1::AssignVisitRequest>("V-4");
  send.set_technician_id("T-1");
  ASSERT_OK(Ask(dispatch_, &Stub::AssignVisit, send, &assigned));
  Push(phone, {ArrivedEntry("V-4"), OutcomeEntry("V-4", v1::OUTCOME_CODE_RESOLVED)});
  const std::vector<std::string> left = waiting();
  EXPECT_THAT(left, ::testing::Not(::testing::Contains("V-1")));
  EXPECT_THAT(left, ::testing::Contains("V-2"));
}

TEST_F(DispatchServiceTest, SchedulesIntoThePastAndSaysSo) {
  ScheduledVisit("V-1");
  auto schedule = About<v1::ScheduleVisitRequest>("V-1");
  schedule.mutable_planned()->set_start_time_us(NowUs() - 2 * kHourUs);
  schedule.mutable_planned()->set_end_time_us(NowUs() + kHourUs);
  v1::ScheduleVisitResponse response;
  ASSERT_OK(Ask(dispatch_, &Stub::ScheduleVisit, schedule, &response));
  EXPECT_EQ(response.note(), "") << "there is still time";
  schedule.set_request_id(NextRequestId());
  schedule.mutable_planned()->set_end_time_us(NowUs() - kHourUs);
  ASSERT_OK(Ask(dispatch_, &Stub::ScheduleVisit, schedule, &response));
  EXPECT_EQ(response.note(), "the planned window has already ended");
  EXPECT_EQ(response.visit().planned().end_time_us(), schedule.planned().end_time_us());
}

TEST_F(DispatchServiceTest, SaysInPlainWordsWhatTheStateDoesNotAllow) {
  DispatchedVisit("V-1", "T-1");
  v1::DispatchVisitResponse dispatched;
  EXPECT_CODE(Ask(dispatch_, &Stub::DispatchVisit, About<v1::DispatchVisitRequest>("V-1"), &dispatched),
              FAILED_PRECONDITION, "visit V-1 is dispatched: it can be dispatched only while it is scheduled");
  auto cancel = About<v1::CancelVisitRequest>("V-1");
  cancel.set_reason("called off");
  v1::CancelVisitResponse cancelled;
  ASSERT_OK(Ask(dispatch_, &Stub::CancelVisit, cancel, &cancelled));
  auto assign = About<v1::AssignVisitRequest>("V-1");
  assign.set_technician_id("T-2");
  v1::AssignVisitResponse assigned;
  EXPECT_CODE(Ask(dispatch_, &Stub::AssignVisit, assign, &assigned), FAILED_PRECONDITION,
              "visit V-1 is cancelled: nobody can be assigned to it any more");
}

TEST_F(DispatchServiceTest, NamesFieldAndBoundOfBadReads) {
  v1::ListVisitsRequest list;
  list.set_page_size(501);
  v1::ListVisitsResponse listed;
  EXPECT_CODE(Ask(dispatch_, &Stub::ListVisits, list, &listed), INVALID_ARGUMENT, "page_size: must be 1 to 500");
  list.set_page_size(0);
  list.set_page_token("?");
  EXPECT_CODE(Ask(dispatch_, &Stub::ListVisits, list, &listed), INVALID_ARGUMENT, "page_token: must be");
  list.clear_page_token();
  list.set_account_id("A-9");
  EXPECT_CODE(Ask(dispatch_, &Stub::ListVisits, list, &listed), NOT_FOUND, "account_id: no account A-9");
  v1::ListWorkOrdersRequest orders;
  orders.set_page_size(1000);
  v1::ListWorkOrdersResponse ordered;
  EXPECT_CODE(Ask(dispatch_, &Stub::ListWorkOrders, orders, &ordered), INVALID_ARGUMENT, "page_size");
  v1::GetVisitRequest visit;
  visit.set_id("V-9");
  v1::GetVisitResponse got;
  EXPECT_CODE(Ask(dispatch_, &Stub::GetVisit, visit, &got), NOT_FOUND, "no visit V-9");
  v1::GetWorkOrderRequest order;
  v1::GetWorkOrderResponse got_order;
  EXPECT_CODE(Ask(dispatch_, &Stub::GetWorkOrder, order, &got_order), INVALID_ARGUMENT, "id: must not be empty");
  v1::GetVisitLogRequest log;
  log.set_id("V-9");
  v1::GetVisitLogResponse logged;
  EXPECT_CODE(Ask(dispatch_, &Stub::GetVisitLog, log, &logged), NOT_FOUND, "no visit V-9");
}

TEST_F(DispatchServiceTest, ShowsALongLogInPagesThatFitAMessage) {
  Phone phone = Enroll("T-1");
  DispatchedVisit("V-1", "T-1");
  for (int frame = 0; frame < 3; ++frame) {
    std::vector<v1::LogEntry> notes(120, NoteEntry("V-1", std::string(4000, 'n')));
    Push(phone, notes);
  }
  v1::GetVisitLogRequest request;
  request.set_id("V-1");
  request.set_page_size(500);
  uint64_t seq = 0;
  int pages = 0;
  do {
    v1::GetVisitLogResponse page;
    ASSERT_OK(Ask(dispatch_, &Stub::GetVisitLog, request, &page));
    EXPECT_LE(page.ByteSizeLong(), limits::kVisitLogPageBytesMax + 4096);
    for (const v1::VisitLogItem& item : page.items()) EXPECT_EQ(item.position().seq(), ++seq);
    request.set_page_token(page.next_page_token());
    ++pages;
  } while (!request.page_token().empty() && pages < 100);
  EXPECT_EQ(seq, 360u);
  EXPECT_EQ(pages, 2);

  request.set_page_token("");
  request.set_page_size(7);
  v1::GetVisitLogResponse few;
  ASSERT_OK(Ask(dispatch_, &Stub::GetVisitLog, request, &few));
  EXPECT_EQ(few.items_size(), 7);
  request.set_page_token("bm90IGEgcGxhY2U");
  EXPECT_CODE(Ask(dispatch_, &Stub::GetVisitLog, request, &few), INVALID_ARGUMENT, "page_token: must be");
}

TEST_F(DispatchServiceTest, ShowsTheLogInTheOrderOfTheFoldWithWhatBecameOfEachEntry) {
  DispatchedVisit("V-1", "T-1");
  Phone phone = Enroll("T-1");
  v1::LogEntry retraction;
  retraction.set_visit_id("V-1");
  retraction.mutable_retraction()->mutable_target()->set_device(phone.enrolled.device());
  retraction.mutable_retraction()->mutable_target()->set_epoch(1);
  retraction.mutable_retraction()->mutable_target()->set_seq(3);
  Push(phone, {ArrivedEntry("V-1"), NoteEntry("V-1", "boiler is cold"), OutcomeEntry("V-1", v1::OUTCOME_CODE_RESOLVED),
               retraction});
  v1::GetVisitLogRequest request;
  request.set_id("V-1");
  v1::GetVisitLogResponse response;
  ASSERT_OK(Ask(dispatch_, &Stub::GetVisitLog, request, &response));
  ASSERT_EQ(response.items_size(), 4);
  EXPECT_TRUE(response.items(0).entry().has_arrived());
  EXPECT_EQ(response.items(0).author(), "T-1");
  EXPECT_EQ(response.items(0).time().quality(), v1::CLOCK_QUALITY_TRUSTED);
  EXPECT_EQ(response.items(1).entry().note().text(), "boiler is cold");
  EXPECT_EQ(response.items(1).judgement(), "counted");
  EXPECT_EQ(response.items(2).judgement(), "retracted by " + phone.enrolled.device() + ".1.4");
  EXPECT_EQ(Get("V-1").state(), v1::VISIT_STATE_ON_SITE);
}

}  // namespace
}  // namespace doorstep::testing
