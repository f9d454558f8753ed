// What the office may decide about conflicts and about who has left, and what it is told when it may not.

#include <gmock/gmock.h>

#include "tests/unit/server/services/test_server.h"

namespace doorstep::testing {
namespace {

using Admin = v1::AdminService::Stub;
using Dispatch = v1::DispatchService::Stub;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ConflictServiceTest : public ServerTest {
 protected:
  ConflictServiceTest() { ImportBasics(); }

  // T-2, whom nobody had sent, worked on the visit of T-1.
  void WorkUnsent() {
    DispatchedVisit("V-1", "T-1");
    Phone phone = Enroll("T-2");
    Push(phone, {ArrivedEntry("V-1"), WorkStartedEntry("V-1"), OutcomeEntry("V-1", v1::OUTCOME_CODE_RESOLVED)});
  }
  grpc::Status Resolve(v1::AttentionResolution resolution, const std::string& new_visit_id = "",
                       std::vector<v1::AttentionFlag> flags = {}) {
    v1::ResolveAttentionRequest request;
    request.set_request_id(NextRequestId());
    request.set_id("V-1");
    request.set_reason("decided");
    request.set_resolution(resolution);
    request.set_new_visit_id(new_visit_id);
    for (const v1::AttentionFlag flag : flags) request.add_flags(flag);
    return Ask(dispatch_, &Dispatch::ResolveAttention, request, &resolved_);
  }
  v1::RecordLeaveRequest LeaveRequest(const std::string& technician, int64_t left_us) {
    v1::RecordLeaveRequest request;
    request.set_request_id(NextRequestId());
    request.set_technician_id(technician);
    request.set_left_time_us(left_us);
    return request;
  }
  v1::ImportRow AssetRow(const std::string& id, const std::string& serial, const std::string& model = "") {
    v1::ImportRow row;
    row.set_system("erp");
    row.mutable_asset()->set_id(id);
    row.mutable_asset()->set_account_id("A-1");
    row.mutable_asset()->set_serial(serial);
    row.mutable_asset()->set_model(model);
    return row;
  }
  std::vector<std::string> ProposedMerges() {
    std::vector<std::string> ids;
    v1::ListAttentionRequest request;
    request.set_page_size(1);
    while (true) {
      v1::ListAttentionResponse response;
      const grpc::Status status = Ask(admin_, &Admin::ListAttention, request, &response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      for (const v1::AttentionCase& item : response.cases()) {
        std::string joined;
        for (const v1::Asset& asset : item.asset_merge().assets()) joined += asset.id() + " ";
        if (item.has_asset_merge()) ids.push_back(joined);
      }
      if (response.next_page_token().empty()) return ids;
      request.set_page_token(response.next_page_token());
    }
  }

  v1::ResolveAttentionResponse resolved_;
};

TEST_F(ConflictServiceTest, ADecisionThatDoesNotFitNamesThoseThatDo) {
  WorkUnsent();
  EXPECT_CODE(Resolve(v1::ATTENTION_RESOLUTION_KEEP_A, "V-2"), INVALID_ARGUMENT,
              "new_visit_id: must be empty unless the resolution is NEW_VISIT");
  EXPECT_CODE(Resolve(v1::ATTENTION_RESOLUTION_NEW_VISIT, "V-1"), ALREADY_EXISTS, "visit V-1 exists");
  EXPECT_CODE(Resolve(v1::ATTENTION_RESOLUTION_KEEP_A, "", {v1::ATTENTION_FLAG_AFTER_CANCEL}), FAILED_PRECONDITION,
              "not flagged AFTER_CANCEL");
  ASSERT_OK(Resolve(v1::ATTENTION_RESOLUTION_KEEP_B));
  EXPECT_EQ(resolved_.visit().state(), v1::VISIT_STATE_COMPLETED);
  EXPECT_CODE(Resolve(v1::ATTENTION_RESOLUTION_SEEN), FAILED_PRECONDITION, "nothing that needs attention");

  DispatchedVisit("V-3", "T-1");
  Phone phone = Enroll("T-1");
  Push(phone, {ArrivedEntry("V-3"), OutcomeEntry("V-3", v1::OUTCOME_CODE_NOT_RESOLVED)});
  v1::ResolveAttentionRequest request;
  request.set_request_id(NextRequestId());
  request.set_id("V-3");
  request.set_reason("decided");
  request.set_resolution(v1::ATTENTION_RESOLUTION_KEEP_A);
  EXPECT_CODE(Ask(dispatch_, &Dispatch::ResolveAttention, request, &resolved_), FAILED_PRECONDITION,
              "resolution: KEEP_A does not fit NOT_FIXED of visit V-3: SEEN does");
}

TEST_F(ConflictServiceTest, ANewVisitIsOfTheSameWorkOrderAndRepeatingTheCallMakesNoOther) {
  WorkUnsent();
  v1::ResolveAttentionRequest request;
  request.set_request_id(NextRequestId());
  request.set_id("V-1");
  request.set_reason("decided");
  request.set_resolution(v1::ATTENTION_RESOLUTION_NEW_VISIT);
  ASSERT_OK(Ask(dispatch_, &Dispatch::ResolveAttention, request, &resolved_));
  const v1::Visit made = resolved_.new_visit();
  EXPECT_EQ(made.work_order_id(), resolved_.visit().work_order_id());
  EXPECT_EQ(made.credited_from_visit_id(), "V-1");
  EXPECT_EQ(made.state(), v1::VISIT_STATE_COMPLETED);
  EXPECT_EQ(resolved_.visit().state(), v1::VISIT_STATE_DISPATCHED);
  ASSERT_OK(Ask(dispatch_, &Dispatch::ResolveAttention, request, &resolved_));
  EXPECT_EQ(resolved_.new_visit().id(), made.id());
  v1::RebuildResponse rebuilt;
  ASSERT_OK(Ask(admin_, &Admin::Rebuild, v1::RebuildRequest(), &rebuilt));
  EXPECT_THAT(rebuilt.differences(), IsEmpty());
}

TEST_F(ConflictServiceTest, RecordsALeavingAndTellsWhoHasToGoInstead) {
  DispatchedVisit("V-1", "T-1");
  Phone phone = Enroll("T-1");
  Push(phone, {ArrivedEntry("V-1"), NoteEntry("V-1", "a"), NoteEntry("", "b")});
  v1::RecordLeaveResponse response;
  EXPECT_CODE(Ask(admin_, &Admin::RecordLeave, LeaveRequest("T-9", NowUs()), &response), NOT_FOUND, "technician T-9");
  EXPECT_CODE(Ask(admin_, &Admin::RecordLeave, LeaveRequest("T-1", NowUs() + kDayUs), &response), INVALID_ARGUMENT,
              "left_time_us: must not be later than now");
  ASSERT_OK(Ask(admin_, &Admin::RecordLeave, LeaveRequest("T-1", NowUs() - kDayUs), &response));
  EXPECT_EQ(response.parked(), 3u);
  EXPECT_THAT(response.open_visit_ids(), ElementsAre("V-1"));
  v1::ListDevicesResponse devices;
  ASSERT_OK(Ask(admin_, &Admin::ListDevices, v1::ListDevicesRequest(), &devices));
  EXPECT_EQ(devices.devices(0).lane(), v1::LANE_DRAIN_ONLY);
  v1::InviteDeviceRequest invite;
  invite.set_request_id(NextRequestId());
  invite.set_technician_id("T-1");
  v1::InviteDeviceResponse invited;
  EXPECT_CODE(Ask(admin_, &Admin::InviteDevice, invite, &invited), FAILED_PRECONDITION, "has left the company");
  // A file that says nothing of it changes nothing about it.
  Import({TechnicianRow("T-1", "Ana Maria")});
  v1::ListTechniciansResponse technicians;
  ASSERT_OK(Ask(admin_, &Admin::ListTechnicians, v1::ListTechniciansRequest(), &technicians));
  EXPECT_NE(technicians.technicians(0).left_time_us(), 0);
  ASSERT_OK(Ask(admin_, &Admin::RecordLeave, LeaveRequest("T-1", 0), &response));
  EXPECT_EQ(response.counted_again(), 3u);
  ASSERT_OK(Ask(admin_, &Admin::ListDevices, v1::ListDevicesRequest(), &devices));
  EXPECT_EQ(devices.devices(0).lane(), v1::LANE_ACTIVE);
  v1::RebuildResponse rebuilt;
  ASSERT_OK(Ask(admin_, &Admin::Rebuild, v1::RebuildRequest(), &rebuilt));
  EXPECT_THAT(rebuilt.differences(), IsEmpty());
}

TEST_F(ConflictServiceTest, ProposesToMergeWhatHasOneSerialNumber) {
  Import({AssetRow("P-1", "SN 77"), AssetRow("P-2", "sn77"), AssetRow("P-3", "SN77", "X"), AssetRow("P-4", "SN88"),
          AssetRow("P-5", "SN99", "X"), AssetRow("P-6", "SN99", "Y")});
  EXPECT_THAT(ProposedMerges(), ElementsAre("P-1 P-2 P-3 "));
  v1::ResolveAssetMergeRequest request;
  request.set_request_id(NextRequestId());
  request.add_asset_ids("P-2");
  request.add_asset_ids("P-4");
  request.set_reason("seen");
  v1::ResolveAssetMergeResponse response;
  EXPECT_CODE(Ask(admin_, &Admin::ResolveAssetMerge, request, &response), FAILED_PRECONDITION,
              "P-2 and P-4 do not have the same serial number");
  request.set_asset_ids(1, "P-1");
  request.set_kept_asset_id("P-3");
  EXPECT_CODE(Ask(admin_, &Admin::ResolveAssetMerge, request, &response), INVALID_ARGUMENT, "kept_asset_id");
  request.set_kept_asset_id("P-1");
  request.set_request_id(NextRequestId());
  ASSERT_OK(Ask(admin_, &Admin::ResolveAssetMerge, request, &response));
  ASSERT_EQ(response.assets_size(), 2);
  EXPECT_EQ(response.assets(1).merged_into_id(), "P-1");
  EXPECT_EQ(response.assets(1).status(), v1::ASSET_STATUS_RETIRED);
  EXPECT_THAT(ProposedMerges(), ElementsAre("P-1 P-3 ")) << "nobody has looked at P-3";
  // Importing it once more does not take the decision back.
  Import({AssetRow("P-2", "sn77")});
  EXPECT_THAT(ProposedMerges(), ElementsAre("P-1 P-3 "));
  v1::RebuildResponse rebuilt;
  ASSERT_OK(Ask(admin_, &Admin::Rebuild, v1::RebuildRequest(), &rebuilt));
  EXPECT_THAT(rebuilt.differences(), IsEmpty());
}

}  // namespace
}  // namespace doorstep::testing
