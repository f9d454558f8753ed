// How an invitation becomes a device, once.

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "client_core/sqlite/database.h"
#include "server/apply/commands/secrets.h"
#include "tests/unit/server/services/test_server.h"

namespace doorstep::testing {
namespace {

using Stub = v1::EnrollmentService::Stub;

class EnrollmentServiceTest : public ServerTest {
 protected:
  EnrollmentServiceTest() { ImportBasics(); }

  v1::EnrollRequest RequestFor(const std::string& code) {
    v1::EnrollRequest request;
    request.set_invitation_code(code);
    request.set_request_id(NextRequestId());
    return request;
  }
  grpc::Status TryEnroll(const v1::EnrollRequest& request, v1::EnrollResponse* response) {
    return Call("", enrollment_, &Stub::Enroll, request, response);
  }
  grpc::Status SayHello(const std::string& token) {
    v1::HelloResponse response;
    return Call(token, sync_, &v1::SyncService::Stub::Hello, v1::HelloRequest(), &response);
  }
};

TEST_F(EnrollmentServiceTest, MakesADeviceWithTwoEpochsAndAToken) {
  const Phone phone = Enroll("T-1");
  EXPECT_EQ(phone.enrolled.device(), "d1");
  EXPECT_EQ(phone.enrolled.token().size(), 43u);
  EXPECT_EQ(phone.enrolled.epoch().epoch(), 1u);
  EXPECT_EQ(phone.enrolled.spare_epoch().epoch(), 2u);
  EXPECT_EQ(phone.enrolled.epoch().salt().size(), 16u);
  EXPECT_NE(phone.enrolled.epoch().salt(), phone.enrolled.spare_epoch().salt());
  ASSERT_EQ(phone.enrolled.technicians_size(), 1);
  EXPECT_EQ(phone.enrolled.technicians(0).name(), "Ana");
  EXPECT_FALSE(phone.enrolled.generation().empty());
  EXPECT_EQ(Enroll("T-2").enrolled.device(), "d2");
  ASSERT_OK(SayHello(phone.enrolled.token()));
}

TEST_F(EnrollmentServiceTest, TakesACodeAsPeopleTypeIt) {
  std::string code = Invite("T-1");
  EXPECT_EQ(code.size(), 29u);
  for (char& c : code) c = c == '-' ? ' ' : static_cast<char>(std::tolower(c));
  v1::EnrollResponse response;
  ASSERT_OK(TryEnroll(RequestFor(code), &response));
}

TEST_F(EnrollmentServiceTest, GivesALostAnswerAgainAndARepeatHarmsNobody) {
  const v1::EnrollRequest request = RequestFor(Invite("T-1"));
  v1::EnrollResponse first;
  v1::EnrollResponse second;
  ASSERT_OK(TryEnroll(request, &first));
  ASSERT_OK(TryEnroll(request, &second));
  second.set_server_time_us(first.server_time_us());
  EXPECT_EQ(first.SerializeAsString(), second.SerializeAsString());
  ASSERT_OK(SayHello(first.token()));
  Restart();
  ASSERT_OK(SayHello(first.token()));
  ASSERT_OK(TryEnroll(request, &second));
  EXPECT_EQ(first.token(), second.token());
  ASSERT_OK(SayHello(first.token()));
}

TEST_F(EnrollmentServiceTest, GivesEveryDeviceATokenOfItsOwn) {
  // The same request id, which a phone chooses, under two invitations.
  v1::EnrollRequest request = RequestFor(Invite("T-1"));
  v1::EnrollResponse first;
  ASSERT_OK(TryEnroll(request, &first));
  request.set_invitation_code(Invite("T-1"));
  v1::EnrollResponse second;
  ASSERT_OK(TryEnroll(request, &second));
  EXPECT_NE(first.device(), second.device());
  EXPECT_NE(first.token(), second.token());
  ASSERT_OK(SayHello(first.token()));
  ASSERT_OK(SayHello(second.token()));
}

TEST_F(EnrollmentServiceTest, ATokenNeedsTheServersSecretTheCodeAndTheRequest) {
  const std::string token = DeviceToken("secret", "ABCD-EFGH", "request");
  EXPECT_EQ(token, DeviceToken("secret", "abcd efgh", "request")) << "as people type it";
  EXPECT_NE(token, DeviceToken("another", "ABCD-EFGH", "request"));
  EXPECT_NE(token, DeviceToken("secret", "ABCD-EFGI", "request"));
  EXPECT_NE(token, DeviceToken("secret", "ABCD-EFGH", "another"));
}

TEST_F(EnrollmentServiceTest, TakesACodeOnce) {
  const std::string code = Invite("T-1");
  v1::EnrollResponse response;
  ASSERT_OK(TryEnroll(RequestFor(code), &response));
  EXPECT_CODE(TryEnroll(RequestFor(code), &response), FAILED_PRECONDITION, "invitation_code: was used already");
}

TEST_F(EnrollmentServiceTest, ForgetsACodeAfterADay) {
  const std::string code = Invite("T-1");
  MoveClock(kDayUs + kMinuteUs);
  v1::EnrollResponse response;
  EXPECT_CODE(TryEnroll(RequestFor(code), &response), NOT_FOUND, "older than 24 hours");
}

TEST_F(EnrollmentServiceTest, NamesFieldAndBoundOfABadEnrolment) {
  v1::EnrollResponse response;
  EXPECT_CODE(TryEnroll(RequestFor("ABC"), &response), INVALID_ARGUMENT,
              "invitation_code: must have 8 to 64 bytes, has 3");
  EXPECT_CODE(TryEnroll(RequestFor("ABCD-EFGH-IJKL"), &response), NOT_FOUND, "invitation_code: unknown");
  v1::EnrollRequest request = RequestFor(Invite("T-1"));
  request.set_request_id("short");
  EXPECT_CODE(TryEnroll(request, &response), INVALID_ARGUMENT, "request_id: must have 16 to 64 bytes");
  request = RequestFor(Invite("T-1"));
  request.set_device_name(std::string(65, 'x'));
  EXPECT_CODE(TryEnroll(request, &response), INVALID_ARGUMENT, "device_name: must have at most 64 bytes, has 65");
}

TEST_F(EnrollmentServiceTest, ShowsARepeatedInvitationTheSameCode) {
  v1::InviteDeviceRequest request;
  request.set_request_id(NextRequestId());
  request.set_technician_id("T-1");
  v1::InviteDeviceResponse first;
  v1::InviteDeviceResponse second;
  const auto invite = &v1::AdminService::Stub::InviteDevice;
  ASSERT_OK(Ask(admin_, invite, request, &first));
  ASSERT_OK(Ask(admin_, invite, request, &second));
  EXPECT_EQ(first.SerializeAsString(), second.SerializeAsString());
  EXPECT_NEAR(static_cast<double>(first.expires_time_us()), static_cast<double>(NowUs() + kDayUs), kMinuteUs);
  request.set_technician_id("T-2");
  EXPECT_EQ(Ask(admin_, invite, request, &second).error_code(), grpc::StatusCode::ALREADY_EXISTS);
  request.set_request_id(NextRequestId());
  request.set_technician_id("T-9");
  EXPECT_CODE(Ask(admin_, invite, request, &second), NOT_FOUND, "technician_id: no technician T-9");
  request.clear_technician_id();
  EXPECT_CODE(Ask(admin_, invite, request, &second), INVALID_ARGUMENT, "technician_id: must not be empty");
}

// Everything the server keeps: the data folder's files, byte for byte.
std::string AllBytesUnder(const std::string& folder) {
  std::string all;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().filename() == "admin.connect") continue;
    std::ifstream in(file.path(), std::ios::binary);
    std::stringstream bytes;
    bytes << in.rdbuf();
    all += bytes.str();
  }
  return all;
}

TEST_F(EnrollmentServiceTest, KeepsNoSecretInTheDataFolder) {
  const std::string code = Invite("T-1");
  v1::EnrollResponse enrolled;
  ASSERT_OK(TryEnroll(RequestFor(code), &enrolled));
  server_.reset();
  const std::string all = AllBytesUnder(folder_.path() + "/data");
  ASSERT_THAT(all, ::testing::HasSubstr("Bakery Sommer"));
  for (const std::string& secret : {code, enrolled.token(), admin_token_}) {
    EXPECT_EQ(all.find(secret), std::string::npos);
  }
}

// Who has an old copy of the folder, and with it the codes that the administrator's token leads to, computes no token.
TEST_F(EnrollmentServiceTest, ForgetsWhatTokensAreMadeOfWithTheInvitation) {
  const auto secrets = [this] {
    const std::string path = folder_.path() + "/data/doorstep.db";
    auto db = sqlite::Database::Open({.path = path, .read_only = true});
    EXPECT_TRUE(db.ok()) << db.status();
    auto rows = (*db)->Prepare("SELECT value FROM meta WHERE key LIKE 'enrolment_secret:%'");
    std::vector<std::string> values;
    while (rows->Step().value()) values.emplace_back(rows->Text(0));
    return values;
  };
  const Phone first = Enroll("T-1");
  const std::vector<std::string> before = secrets();
  ASSERT_EQ(before.size(), 1u);
  MoveClock(3 * kDayUs);
  const Phone second = Enroll("T-2");
  const std::vector<std::string> after = secrets();
  ASSERT_EQ(after.size(), 1u);
  EXPECT_NE(after, before);
  EXPECT_TRUE(SayHello(first.enrolled.token()).ok());
  EXPECT_TRUE(SayHello(second.enrolled.token()).ok());
}

}  // namespace
}  // namespace doorstep::testing
