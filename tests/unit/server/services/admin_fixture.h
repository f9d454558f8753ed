// An office with a customer and a technician, and an administrator who looks at it.
#ifndef DOORSTEP_TESTS_UNIT_SERVER_SERVICES_ADMIN_FIXTURE_H_
#define DOORSTEP_TESTS_UNIT_SERVER_SERVICES_ADMIN_FIXTURE_H_

#include "tests/unit/server/services/test_server.h"

namespace doorstep::testing {

class AdminServiceTest : public ServerTest {
 protected:
  AdminServiceTest() { ImportBasics(); }

  v1::GetStatusResponse Status() {
    v1::GetStatusResponse response;
    const grpc::Status status = Ask(admin_, &v1::AdminService::Stub::GetStatus, v1::GetStatusRequest(), &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  v1::GetEntryResponse Entry(uint64_t seq) {
    v1::GetEntryRequest request;
    request.mutable_position()->set_device("d1");
    request.mutable_position()->set_epoch(1);
    request.mutable_position()->set_seq(seq);
    v1::GetEntryResponse response;
    const grpc::Status status = Ask(admin_, &v1::AdminService::Stub::GetEntry, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
};

}  // namespace doorstep::testing

#endif  // DOORSTEP_TESTS_UNIT_SERVER_SERVICES_ADMIN_FIXTURE_H_
