// What an administrator sees: devices, journals, entries and what they moved, quarantine, status, rebuild.

#include <gmock/gmock.h>

#include "tests/unit/server/services/test_server.h"

namespace doorstep::testing {
namespace {

using Stub = v1::AdminService::Stub;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class AdminServiceTest : public ServerTest {
 protected:
  AdminServiceTest() { ImportBasics(); }

  v1::GetStatusResponse Status() {
    v1::GetStatusResponse response;
    const grpc::Status status = Ask(admin_, &Stub::GetStatus, v1::GetStatusRequest(), &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  v1::GetEntryResponse Entry(uint64_t seq) {
    v1::GetEntryRequest request;
    request.mutable_position()->set_device("d1");
    request.mutable_position()->set_epoch(1);
    request.mutable_position()->set_seq(seq);
    v1::GetEntryResponse response;
    const grpc::Status status = Ask(admin_, &Stub::GetEntry, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
};

TEST_F(AdminServiceTest, ListsDevicesAndInvitationsNobodyUsed) {
  Enroll("T-1");
  Invite("T-2");
  v1::ListDevicesResponse response;
  ASSERT_OK(Ask(admin_, &Stub::ListDevices, v1::ListDevicesRequest(), &response));
  ASSERT_EQ(response.devices_size(), 1);
  EXPECT_EQ(response.devices(0).name(), "Phone of T-1");
  EXPECT_EQ(response.devices(0).lane(), v1::LANE_ACTIVE);
  EXPECT_EQ(response.devices(0).current_epoch(), 1u);
  EXPECT_THAT(response.devices(0).technician_ids(), ElementsAre("T-1"));
  EXPECT_THAT(response.invited_technician_ids(), ElementsAre("T-2"));
  v1::ListDevicesRequest bad;
  bad.set_page_size(501);
  EXPECT_CODE(Ask(admin_, &Stub::ListDevices, bad, &response), INVALID_ARGUMENT, "page_size");
}

TEST_F(AdminServiceTest, ListsTechniciansInPages) {
  v1::ListTechniciansRequest request;
  request.set_page_size(1);
  v1::ListTechniciansResponse first;
  ASSERT_OK(Ask(admin_, &Stub::ListTechnicians, request, &first));
  ASSERT_EQ(first.technicians_size(), 1);
  EXPECT_EQ(first.technicians(0).name(), "Ana");
  request.set_page_token(first.next_page_token());
  v1::ListTechniciansResponse second;
  ASSERT_OK(Ask(admin_, &Stub::ListTechnicians, request, &second));
  ASSERT_EQ(second.technicians_size(), 1);
  EXPECT_EQ(second.technicians(0).name(), "Bo");
  EXPECT_EQ(second.next_page_token(), "");
  request.set_page_token("!");
  EXPECT_CODE(Ask(admin_, &Stub::ListTechnicians, request, &second), INVALID_ARGUMENT, "page_token");
}

TEST_F(AdminServiceTest, ShowsAJournalAsReceived) {
  DispatchedVisit("V-1", "T-1");
  Phone phone = Enroll("T-1");
  Push(phone, {ArrivedEntry("V-1"), NoteEntry("V-1", "one")});
  Push(phone, {NoteEntry("V-1", "two")});
  v1::GetJournalRequest request;
  request.set_device("d1");
  request.set_limit(2);
  v1::GetJournalResponse response;
  ASSERT_OK(Ask(admin_, &Stub::GetJournal, request, &response));
  ASSERT_EQ(response.entries_size(), 2);
  EXPECT_TRUE(response.more());
  EXPECT_EQ(response.entries(0).author(), "T-1");
  EXPECT_EQ(response.entries(0).judgement().verdict(), v1::VERDICT_COUNTED);
  EXPECT_EQ(response.entries(0).hash().size(), 32u);
  *request.mutable_after() = response.entries(1).position();
  ASSERT_OK(Ask(admin_, &Stub::GetJournal, request, &response));
  ASSERT_EQ(response.entries_size(), 1);
  EXPECT_FALSE(response.more());
  EXPECT_EQ(response.entries(0).entry().note().text(), "two");
  EXPECT_EQ(response.entries(0).hash(), phone.head_hash);
}

TEST_F(AdminServiceTest, NamesFieldAndBoundOfBadJournalReads) {
  v1::GetJournalRequest request;
  v1::GetJournalResponse response;
  EXPECT_CODE(Ask(admin_, &Stub::GetJournal, request, &response), INVALID_ARGUMENT, "device: must have 1 to 32 bytes");
  request.set_device("d9");
  EXPECT_CODE(Ask(admin_, &Stub::GetJournal, request, &response), NOT_FOUND, "no device d9");
  request.set_limit(1001);
  EXPECT_CODE(Ask(admin_, &Stub::GetJournal, request, &response), INVALID_ARGUMENT, "limit: must be 0 to 1000");
  v1::GetEntryRequest entry;
  v1::GetEntryResponse got;
  EXPECT_CODE(Ask(admin_, &Stub::GetEntry, entry, &got), INVALID_ARGUMENT, "position.device: must have 1 to 32 bytes");
  entry.mutable_position()->set_device("d1");
  EXPECT_CODE(Ask(admin_, &Stub::GetEntry, entry, &got), INVALID_ARGUMENT, "position.epoch: must be at least 1");
  Enroll("T-1");
  entry.mutable_position()->set_epoch(1);
  entry.mutable_position()->set_seq(5);
  EXPECT_CODE(Ask(admin_, &Stub::GetEntry, entry, &got), NOT_FOUND, "entry d1.1.5 was not received");
}

TEST_F(AdminServiceTest, SaysInPlainWordsWhatAnEntryMoved) {
  DispatchedVisit("V-1", "T-1");
  Phone phone = Enroll("T-1");
  v1::LogEntry retraction;
  retraction.set_visit_id("V-1");
  retraction.mutable_retraction()->mutable_target()->set_device("d1");
  retraction.mutable_retraction()->mutable_target()->set_epoch(1);
  retraction.mutable_retraction()->mutable_target()->set_seq(2);
  Push(phone, {ArrivedEntry("V-1"), NoteEntry("V-1", "wrong"), WorkStartedEntry("V-1"),
               OutcomeEntry("V-1", v1::OUTCOME_CODE_NOT_RESOLVED), retraction});
  const v1::GetEntryResponse outcome = Entry(4);
  EXPECT_EQ(outcome.visit().state(), v1::VISIT_STATE_INCOMPLETE);
  ASSERT_GE(outcome.effects_size(), 1);
  EXPECT_THAT(outcome.effects(0), HasSubstr("V-1"));
  EXPECT_THAT(outcome.effects(0), HasSubstr("points for account A-1"));
  EXPECT_THAT(outcome.effects(0), HasSubstr(": -"));
  const v1::GetEntryResponse note = Entry(2);
  ASSERT_EQ(note.superseded_by_size(), 1);
  EXPECT_EQ(note.superseded_by(0).seq(), 5u);
  EXPECT_THAT(note.effects(0), HasSubstr("retracted by d1.1.5"));
  EXPECT_THAT(Entry(3).effects(0), Not(HasSubstr("is kept with the visit")));
}

TEST_F(AdminServiceTest, KeepsWhatCannotCountInQuarantineWithItsBytes) {
  Phone phone = Enroll("T-1");
  const v1::LogEntry entry = NoteEntry("V-unknown", "whose visit?");
  Push(phone, {entry, NoteEntry("V-unknown", "again")});
  v1::ListQuarantineRequest request;
  request.set_page_size(1);
  v1::ListQuarantineResponse list;
  ASSERT_OK(Ask(admin_, &Stub::ListQuarantine, request, &list));
  ASSERT_EQ(list.entries_size(), 1);
  EXPECT_EQ(list.entries(0).judgement().reason(), v1::QUARANTINE_REASON_UNKNOWN_VISIT);
  EXPECT_EQ(list.entries(0).envelope().author(), "T-1");
  EXPECT_EQ(list.entries(0).envelope().entry(), "");
  EXPECT_GT(list.entries(0).received_time_us(), 0);
  request.set_page_token(list.next_page_token());
  ASSERT_OK(Ask(admin_, &Stub::ListQuarantine, request, &list));
  ASSERT_EQ(list.entries_size(), 1);
  EXPECT_EQ(list.entries(0).judgement().position().seq(), 2u);
  EXPECT_EQ(list.next_page_token(), "");

  v1::GetQuarantinedRequest one;
  one.mutable_position()->set_device("d1");
  one.mutable_position()->set_epoch(1);
  one.mutable_position()->set_seq(1);
  v1::GetQuarantinedResponse got;
  ASSERT_OK(Ask(admin_, &Stub::GetQuarantined, one, &got));
  v1::LogEntry stored;
  ASSERT_TRUE(stored.ParseFromString(got.entry().envelope().entry()));
  EXPECT_EQ(stored.note().text(), "whose visit?");
  EXPECT_THAT(Entry(1).effects_size(), 0);

  DispatchedVisit("V-unknown", "T-1");
  EXPECT_CODE(Ask(admin_, &Stub::GetQuarantined, one, &got), NOT_FOUND, "no quarantined entry d1.1.1");
  EXPECT_EQ(Status().quarantined(), 0u);
  request.set_page_token("!");
  EXPECT_CODE(Ask(admin_, &Stub::ListQuarantine, request, &list), INVALID_ARGUMENT, "page_token");
}

TEST_F(AdminServiceTest, CountsWhatItHolds) {
  DispatchedVisit("V-1", "T-1");
  Phone phone = Enroll("T-1");
  Push(phone, {ArrivedEntry("V-1"), NoteEntry("V-1", "one")});
  const v1::GetStatusResponse status = Status();
  EXPECT_EQ(status.version(), "0.1.0");
  EXPECT_EQ(status.frames(), 1u);
  EXPECT_EQ(status.entries(), 2u);
  EXPECT_EQ(status.visits(), 1u);
  EXPECT_EQ(status.accounts(), 1u);
  EXPECT_EQ(status.devices(), 1u);
  EXPECT_GT(status.commands(), 5u);
  EXPECT_GT(status.database_bytes(), 4096u);
  EXPECT_GT(status.started_time_us(), 0);
  EXPECT_EQ(status.generation(), phone.enrolled.generation());
}

TEST_F(AdminServiceTest, RebuildsTheSameProjectionsFromFramesAndCommands) {
  DispatchedVisit("V-1", "T-1");
  Phone phone = Enroll("T-1");
  v1::EnrollRequest again;
  Push(phone, {ArrivedEntry("V-1"), WorkStartedEntry("V-1"), OutcomeEntry("V-1", v1::OUTCOME_CODE_RESOLVED),
               NoteEntry("V-late", "before its visit")});
  v1::ReassignVisitRequest reassign;
  reassign.set_request_id(NextRequestId());
  DispatchedVisit("V-2", "T-1");
  reassign.set_id("V-2");
  reassign.set_to_technician_id("T-2");
  v1::ReassignVisitResponse reassigned;
  ASSERT_OK(Ask(dispatch_, &v1::DispatchService::Stub::ReassignVisit, reassign, &reassigned));
  DispatchedVisit("V-late", "T-1");
  Import({PastVisitRow("P-1", "E-1", NowUs() - 50 * kDayUs, v1::OUTCOME_CODE_RESOLVED)});
  Import({PastVisitRow("P-1", "E-1", NowUs() - 50 * kDayUs, v1::OUTCOME_CODE_TEMPORARY_FIX)});
  v1::HelloRequest hello;
  hello.set_queue_empty(true);
  v1::HelloResponse answer;
  ASSERT_OK(Call(phone.enrolled.token(), sync_, &v1::SyncService::Stub::Hello, hello, &answer));

  v1::RebuildResponse response;
  ASSERT_OK(Ask(admin_, &Stub::Rebuild, v1::RebuildRequest(), &response));
  EXPECT_TRUE(response.equal()) << response.DebugString();
  EXPECT_EQ(response.entries(), 4u);
  EXPECT_EQ(response.projection_hash().size(), 32u);
}

}  // namespace
}  // namespace doorstep::testing
