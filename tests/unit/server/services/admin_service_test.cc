// What an administrator sees of the office: devices, technicians, what needs a person, status, rebuild.
#include <gmock/gmock.h>

#include "client_core/base/limits.h"
#include "client_core/rules/frame_codec.h"
#include "tests/unit/server/services/admin_fixture.h"

namespace doorstep::testing {
namespace {

using Stub = v1::AdminService::Stub;
using ::testing::ElementsAre;

// What a page holds, unpacked.
std::string Raw(const v1::PullResponse& page) {
  const absl::StatusOr<std::string> raw =
      Decompress(page.page(), page.codec(), page.raw_bytes(), limits::kMessageBytesDownMax);
  EXPECT_TRUE(raw.ok()) << raw.status();
  return raw.ok() ? *raw : "";
}

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

// Two phones may be using one identity, and nobody but the administrator can end that.
TEST_F(AdminServiceTest, ShowsWhichPhonesHaveForked) {
  DispatchedVisit("V-1", "T-1");
  Phone phone = Enroll("T-1");
  Push(phone, {NoteEntry("V-1", "common past")});
  Phone copy = phone;
  Push(phone, {NoteEntry("V-1", "on the first")});
  Enroll("T-2");
  for (int i = 0; i < 2; ++i) {
    v1::PushRequest request;
    Phone again = copy;
    request.set_frame(MakeFrame(again, {NoteEntry("V-1", "on the copy")}));
    v1::PushResponse response;
    ASSERT_OK(Call(copy.enrolled.token(), sync_, &v1::SyncService::Stub::Push, request, &response));
    ASSERT_TRUE(response.has_fork());
    // The proof that the server had what both have in common, should its file be put back.
    EXPECT_EQ(response.fork().common().received_through(), 1u);
    EXPECT_FALSE(response.fork().common().countersign().empty());
  }
  v1::ListDevicesResponse response;
  ASSERT_OK(Ask(admin_, &Stub::ListDevices, v1::ListDevicesRequest(), &response));
  ASSERT_EQ(response.devices_size(), 2);
  ASSERT_GE(response.devices(0).forks_size(), 1);
  EXPECT_EQ(response.devices(0).forks(0).epoch(), 1u);
  EXPECT_EQ(response.devices(0).forks(0).last_common_seq(), 1u);
  EXPECT_GT(response.devices(0).forks(0).new_epoch(), 1u);
  EXPECT_EQ(response.devices(1).forks_size(), 0);
}

TEST_F(AdminServiceTest, APhoneMayBeSharedByThoseWhomTheOfficeLets) {
  DispatchedVisit("V-2", "T-2");
  const Phone phone = Enroll("T-1");
  const std::string& token = phone.enrolled.token();
  v1::PullRequest pull;
  pull.set_feed("technician:T-2");
  v1::PullResponse page;
  EXPECT_CODE(Call(token, sync_, &v1::SyncService::Stub::Pull, pull, &page), PERMISSION_DENIED, "feed");

  v1::PullRequest device_pull;
  device_pull.set_feed("device");
  ASSERT_OK(Call(token, sync_, &v1::SyncService::Stub::Pull, device_pull, &page));
  device_pull.set_cursor(page.cursor());

  v1::SetDeviceTechnicianRequest request;
  request.set_request_id(NextRequestId());
  request.set_device("d1");
  request.set_technician_id("T-2");
  request.set_allowed(true);
  v1::SetDeviceTechnicianResponse response;
  ASSERT_OK(Ask(admin_, &Stub::SetDeviceTechnician, request, &response));
  EXPECT_THAT(response.device().technician_ids(), ElementsAre("T-1", "T-2"));
  const uint64_t commands = Status().commands();
  request.set_request_id(NextRequestId());
  ASSERT_OK(Ask(admin_, &Stub::SetDeviceTechnician, request, &response));
  EXPECT_EQ(Status().commands(), commands) << "it was so already";

  ASSERT_OK(Call(token, sync_, &v1::SyncService::Stub::Pull, pull, &page));
  v1::PullPage changes;
  ASSERT_TRUE(changes.ParseFromString(Raw(page)));
  EXPECT_GT(changes.changes_size(), 0);
  v1::HelloRequest hello;
  v1::HelloResponse heads;
  ASSERT_OK(Call(token, sync_, &v1::SyncService::Stub::Hello, hello, &heads));
  EXPECT_EQ(heads.feeds_size(), 3);
  ASSERT_OK(Call(token, sync_, &v1::SyncService::Stub::Pull, device_pull, &page));
  ASSERT_TRUE(changes.ParseFromString(Raw(page)));
  v1::DeviceState told;
  for (const v1::Change& change : changes.changes()) {
    if (change.kind() == v1::ENTITY_KIND_DEVICE) {
      ASSERT_TRUE(told.ParseFromString(change.entity()));
    }
  }
  EXPECT_THAT(told.technician_ids(), ElementsAre("T-1", "T-2"));

  request.set_request_id(NextRequestId());
  request.set_technician_id("T-1");
  request.set_allowed(false);
  ASSERT_OK(Ask(admin_, &Stub::SetDeviceTechnician, request, &response));
  EXPECT_THAT(response.device().technician_ids(), ElementsAre("T-2"));
  request.set_request_id(NextRequestId());
  request.set_technician_id("T-2");
  EXPECT_CODE(Ask(admin_, &Stub::SetDeviceTechnician, request, &response), FAILED_PRECONDITION, "the only one");
  request.set_request_id(NextRequestId());
  request.set_technician_id("nobody");
  EXPECT_CODE(Ask(admin_, &Stub::SetDeviceTechnician, request, &response), NOT_FOUND, "technician_id");
  request.set_request_id(NextRequestId());
  request.set_device("d9");
  EXPECT_CODE(Ask(admin_, &Stub::SetDeviceTechnician, request, &response), NOT_FOUND, "device");

  v1::RebuildResponse rebuilt;
  ASSERT_OK(Ask(admin_, &Stub::Rebuild, v1::RebuildRequest(), &rebuilt));
  EXPECT_TRUE(rebuilt.equal());
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

TEST_F(AdminServiceTest, ListsEverythingThatNeedsAPersonInPages) {
  for (const char* id : {"V-1", "V-2", "V-3"}) DispatchedVisit(id, "T-1");
  Phone phone = Enroll("T-1");
  Push(phone, {NoteEntry("V-7", "a"), NoteEntry("V-7", "b"), ArrivedEntry("V-1"),
               OutcomeEntry("V-1", v1::OUTCOME_CODE_NOT_RESOLVED), ArrivedEntry("V-3"),
               OutcomeEntry("V-3", v1::OUTCOME_CODE_NOT_RESOLVED)});
  v1::ListAttentionRequest request;
  request.set_page_size(1);
  std::vector<std::string> seen;
  for (int pages = 0; pages < 6; ++pages) {
    v1::ListAttentionResponse response;
    ASSERT_OK(Ask(admin_, &Stub::ListAttention, request, &response));
    for (const v1::AttentionCase& item : response.cases()) {
      seen.push_back(item.has_visit() ? item.visit().id() : std::to_string(item.entry().judgement().position().seq()));
    }
    request.set_page_token(response.next_page_token());
    if (response.next_page_token().empty()) break;
  }
  EXPECT_THAT(seen, ElementsAre("1", "2", "V-1", "V-3"));
  EXPECT_EQ(request.page_token(), "");
  v1::ListAttentionResponse response;
  request.set_page_token("x");
  EXPECT_CODE(Ask(admin_, &Stub::ListAttention, request, &response), INVALID_ARGUMENT, "page_token");

  v1::ResolveAttentionRequest resolve;
  resolve.set_request_id(NextRequestId());
  resolve.set_id("V-1");
  v1::ResolveAttentionResponse resolved;
  EXPECT_CODE(Ask(dispatch_, &v1::DispatchService::Stub::ResolveAttention, resolve, &resolved), INVALID_ARGUMENT,
              "reason: must have 1 to 256 bytes");
  resolve.set_reason("a new visit is planned");
  ASSERT_OK(Ask(dispatch_, &v1::DispatchService::Stub::ResolveAttention, resolve, &resolved));
  ASSERT_OK(Ask(dispatch_, &v1::DispatchService::Stub::ResolveAttention, resolve, &resolved));
  EXPECT_EQ(resolved.visit().attention_size(), 0);
  resolve.set_id("V-2");
  resolve.set_request_id(NextRequestId());
  EXPECT_CODE(Ask(dispatch_, &v1::DispatchService::Stub::ResolveAttention, resolve, &resolved), FAILED_PRECONDITION,
              "visit V-2 has nothing that needs attention");
  request.set_page_token("");
  request.set_page_size(0);
  ASSERT_OK(Ask(admin_, &Stub::ListAttention, request, &response));
  EXPECT_EQ(response.cases_size(), 2);
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
