// What the server keeps of the tokens by which phones are woken, and that it shows none to who does not need them.

#include <gmock/gmock.h>

#include <map>
#include <string>

#include "client_core/sqlite/database.h"
#include "tests/unit/server/services/test_server.h"

namespace doorstep::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Stub = v1::SyncService::Stub;

class PushTokenServiceTest : public ServerTest {
 protected:
  PushTokenServiceTest() {
    ImportBasics();
    phone_ = Enroll("T-1");
  }
  grpc::Status SayHello(const Phone& phone, const v1::HelloRequest& request) {
    v1::HelloResponse response;
    return Call(phone.enrolled.token(), sync_, &Stub::Hello, request, &response);
  }
  void Tell(const Phone& phone, const std::string& token) {
    v1::HelloRequest request;
    request.mutable_push_token()->set_token(token);
    ASSERT_OK(SayHello(phone, request));
  }
  // What the phone is told of it.
  bool IsKnown(const Phone& phone) {
    v1::HelloResponse response;
    EXPECT_TRUE(Call(phone.enrolled.token(), sync_, &Stub::Hello, v1::HelloRequest(), &response).ok());
    return response.push_token_known();
  }
  // Read from the file, because no call of an office tells it.
  std::string StoredOf(const Phone& phone) {
    sqlite::OpenOptions options;
    options.path = folder_.path() + "/data/doorstep.db";
    options.read_only = true;
    const auto db = sqlite::Database::Open(options);
    EXPECT_TRUE(db.ok()) << db.status();
    auto read =
        (*db)->Prepare("SELECT c.push_token FROM device d JOIN device_contact c ON c.device = d.n WHERE d.id = $1");
    EXPECT_TRUE(read.ok()) << read.status();
    const absl::StatusOr<bool> row = read->BindText(1, phone.enrolled.device()).Step();
    EXPECT_TRUE(row.ok() && *row);
    return std::string(read->Text(0));
  }
  bool IsListedAsWakeable(const Phone& phone) {
    v1::ListDevicesResponse devices;
    EXPECT_TRUE(Ask(admin_, &v1::AdminService::Stub::ListDevices, v1::ListDevicesRequest(), &devices).ok());
    EXPECT_THAT(devices.SerializeAsString(), Not(HasSubstr("fcm-")));
    for (const v1::Device& device : devices.devices()) {
      if (device.id() == phone.enrolled.device()) return device.has_push_token();
    }
    return false;
  }

  Phone phone_;
};

TEST_F(PushTokenServiceTest, StaysUntilAnotherOrNoneIsTold) {
  ASSERT_OK(SayHello(phone_, v1::HelloRequest()));
  EXPECT_FALSE(IsListedAsWakeable(phone_));
  Tell(phone_, "fcm-1");
  ASSERT_OK(SayHello(phone_, v1::HelloRequest()));
  EXPECT_EQ(StoredOf(phone_), "fcm-1") << "a Hello that tells none changes none";
  EXPECT_TRUE(IsListedAsWakeable(phone_));
  Restart();
  EXPECT_TRUE(IsListedAsWakeable(phone_));
  Tell(phone_, "fcm-2");
  EXPECT_EQ(StoredOf(phone_), "fcm-2");
  Tell(phone_, "");
  EXPECT_EQ(StoredOf(phone_), "");
  EXPECT_FALSE(IsListedAsWakeable(phone_));
}

TEST_F(PushTokenServiceTest, OfAnAppThatWasInstalledAgainIsTheNewDevices) {
  Tell(phone_, "fcm-1");
  const Phone again = Enroll("T-1");
  EXPECT_TRUE(IsKnown(phone_));
  EXPECT_FALSE(IsKnown(again));
  Tell(again, "fcm-1");
  EXPECT_FALSE(IsKnown(phone_));
  EXPECT_TRUE(IsKnown(again));
  EXPECT_EQ(StoredOf(phone_), "");
  EXPECT_EQ(StoredOf(again), "fcm-1");
}

TEST_F(PushTokenServiceTest, IsBoundedAndTheErrorDoesNotSayIt) {
  v1::HelloRequest request;
  request.mutable_push_token()->set_token(std::string(4096, 'x'));
  ASSERT_OK(SayHello(phone_, request));
  request.mutable_push_token()->set_token(std::string(4097, 'x'));
  const grpc::Status status = SayHello(phone_, request);
  EXPECT_CODE(status, INVALID_ARGUMENT, "push_token.token: must have at most 4096 bytes, has 4097");
  EXPECT_THAT(status.error_message(), Not(HasSubstr("xxx")));
  EXPECT_EQ(StoredOf(phone_), std::string(4096, 'x'));
}

}  // namespace
}  // namespace doorstep::testing
