// Who may call what, over every method of the contract: a method added without a right shows up here by itself.

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <grpcpp/generic/generic_stub.h>

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/apply/commands/secrets.h"
#include "server/services/authenticator.h"
#include "tests/unit/server/services/test_server.h"

namespace doorstep::testing {
namespace {

std::vector<std::string> MethodsOfTheContract() {
  std::vector<std::string> methods;
  for (const char* service : {"SyncService", "EnrollmentService", "DispatchService", "AccountService", "ImportService",
                              "HealthService", "AdminService", "AttachmentService"}) {
    const auto* descriptor =
        google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(absl::StrCat("doorstep.v1.", service));
    for (int i = 0; descriptor != nullptr && i < descriptor->method_count(); ++i) {
      methods.push_back(absl::StrCat("/doorstep.v1.", service, "/", descriptor->method(i)->name()));
    }
  }
  return methods;
}

// What phones do; offices do all the rest.
bool IsForPhones(const std::string& method) {
  return absl::StrContains(method, "SyncService") || absl::EndsWith(method, "/PutChunk") ||
         absl::EndsWith(method, "/CheckAttachments");
}

class AuthenticationTest : public ServerTest {
 protected:
  // Calls the method with an empty request. Every method refuses that, or reads nothing.
  grpc::Status CallByName(const std::string& method, const std::string& authorization, std::string* answer = nullptr) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    if (!authorization.empty()) context.AddMetadata("authorization", authorization);
    grpc::CompletionQueue queue;
    grpc::GenericStub stub(channel_);
    grpc::ByteBuffer request(nullptr, 0);
    grpc::ByteBuffer response;
    grpc::Status status;
    auto call = stub.PrepareUnaryCall(&context, method, request, &queue);
    call->StartCall();
    call->Finish(&response, &status, &call);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    grpc::Slice bytes;
    if (answer != nullptr && status.ok() && response.DumpToSingleSlice(&bytes).ok()) {
      answer->assign(reinterpret_cast<const char*>(bytes.begin()), bytes.size());
    }
    return status;
  }
};

TEST_F(AuthenticationTest, RefusesEveryMethodButEnrollWithoutAToken) {
  const std::vector<std::string> methods = MethodsOfTheContract();
  ASSERT_EQ(methods.size(), 49u);
  for (const std::string& method : methods) {
    if (absl::EndsWith(method, "/Enroll")) continue;
    for (const char* authorization : {"", "Bearer ", "Bearer not-a-token", "Basic YTph"}) {
      const grpc::Status status = CallByName(method, authorization);
      EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED) << method << " " << authorization;
      EXPECT_EQ(status.error_message(), "not authenticated") << method;
    }
  }
}

TEST_F(AuthenticationTest, LetsDevicesSyncAndNothingElse) {
  ImportBasics();
  const Phone phone = Enroll("T-1");
  for (const std::string& method : MethodsOfTheContract()) {
    if (absl::EndsWith(method, "/Enroll")) continue;
    if (absl::EndsWith(method, "/Watch")) continue;  // A stream does not end; watch_test.cc opens it.
    const grpc::Status status = CallByName(method, "Bearer " + phone.enrolled.token());
    const bool denied = status.error_code() == grpc::StatusCode::PERMISSION_DENIED;
    EXPECT_EQ(denied, !IsForPhones(method)) << method << ": " << status.error_message();
    EXPECT_NE(status.error_code(), grpc::StatusCode::UNAUTHENTICATED) << method;
  }
}

TEST_F(AuthenticationTest, LetsAdministratorsDoAllButSync) {
  for (const std::string& method : MethodsOfTheContract()) {
    if (absl::EndsWith(method, "/Enroll")) continue;
    const grpc::Status status = CallByName(method, "Bearer " + admin_token_);
    const bool denied = status.error_code() == grpc::StatusCode::PERMISSION_DENIED;
    EXPECT_EQ(denied, IsForPhones(method)) << method << ": " << status.error_message();
  }
}

TEST_F(AuthenticationTest, HasNothingBehindAMethodNobodyWasGiven) {
  EXPECT_EQ(CallByName("/doorstep.v1.AdminService/Erase", "Bearer " + admin_token_).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(AuthenticationTest, RefusesACallWithoutADeadline) {
  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer " + admin_token_);
  v1::GetStatusResponse status;
  EXPECT_CODE(admin_->GetStatus(&context, v1::GetStatusRequest(), &status), FAILED_PRECONDITION,
              "deadline: must be set");
}

TEST_F(AuthenticationTest, TellsAnybodyThatItServes) {
  std::string answer;
  ASSERT_OK(CallByName("/grpc.health.v1.Health/Check", "", &answer));
  EXPECT_EQ(answer, "\x08\x01");  // HealthCheckResponse{status: SERVING}
}

TEST(MethodTableTest, StopsTheServerWhenAMethodHasNoRight) {
  EXPECT_TRUE(CheckEveryMethodHasARole({"doorstep.v1.SyncService", "doorstep.v1.AdminService"}).ok());
  EXPECT_EQ(CheckEveryMethodHasARole({"doorstep.v1.Unheard"}).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(CheckEveryMethodHasARole({"grpc.health.v1.Health"}).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(RoleOf("/doorstep.v1.SyncService/Erase").status().code(), absl::StatusCode::kUnimplemented);
}

TEST(AuthenticatorTest, ForgetsATokenWhenAnotherTakesItsPlace) {
  Authenticator authenticator;
  const std::string hello = "/doorstep.v1.SyncService/Hello";
  authenticator.Admit(Role::kDevice, "d1", HashSecret("first"));
  authenticator.Admit(Role::kDevice, "d2", HashSecret("other"));
  ASSERT_TRUE(authenticator.Authenticate(hello, "Bearer first").ok());
  EXPECT_EQ(authenticator.Authenticate(hello, "Bearer first")->principal(), "device:d1");

  authenticator.Admit(Role::kDevice, "d1", HashSecret("second"));
  EXPECT_EQ(authenticator.Authenticate(hello, "Bearer first").status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(authenticator.Authenticate(hello, "Bearer second")->name(), "d1");
  EXPECT_EQ(authenticator.Authenticate(hello, "Bearer other")->name(), "d2");
}

}  // namespace
}  // namespace doorstep::testing
