// A device tells a key, and from then on only frames that it has signed are taken.
#include <gmock/gmock.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include <future>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client_core/base/limits.h"
#include "client_core/rules/frame_codec.h"
#include "client_core/rules/frame_signature.h"
#include "client_core/sqlite/database.h"
#include "server/apply/commands/secrets.h"
#include "server/services/authenticator.h"
#include "server/services/parts.h"
#include "server/services/signing_keys.h"
#include "server/services/sync_calls.h"
#include "server/storage/device_description.h"
#include "server/storage/device_table.h"
#include "tests/support/office.h"

namespace doorstep {
namespace {

using testing::FieldPhone;
using ::testing::HasSubstr;
using testing::kHour;
using testing::kMonday;
using testing::Office;

// Made with OpenSSL, as a phone's hardware would: the public point, and signatures in DER.
class Key {
 public:
  static Key P256() { return Key(EVP_EC_gen("P-256"), v1::KEY_ALGORITHM_P256); }
  static Key Ed25519() { return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), v1::KEY_ALGORITHM_ED25519); }

  const v1::SigningKey& key() const { return key_; }
  std::string Sign(const std::string& text) const {
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    const EVP_MD* digest = key_.algorithm() == v1::KEY_ALGORITHM_P256 ? EVP_sha256() : nullptr;
    EXPECT_EQ(EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, pair_.get()), 1);
    std::string signature(limits::kSignatureBytesMax, '\0');
    size_t length = signature.size();
    EXPECT_EQ(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length,
                             reinterpret_cast<const unsigned char*>(text.data()), text.size()),
              1);
    signature.resize(length);
    return signature;
  }

 private:
  Key(EVP_PKEY* pair, v1::KeyAlgorithm algorithm) : pair_(pair, EVP_PKEY_free) {
    key_.set_algorithm(algorithm);
    unsigned char* bytes = nullptr;
    const size_t length = EVP_PKEY_get1_encoded_public_key(pair, &bytes);
    if (length > 0) {
      key_.set_public_key(bytes, length);
      OPENSSL_free(bytes);
    } else {
      std::string raw(32, '\0');
      size_t size = raw.size();
      EXPECT_EQ(EVP_PKEY_get_raw_public_key(pair, reinterpret_cast<unsigned char*>(raw.data()), &size), 1);
      key_.set_public_key(raw);
    }
  }

  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> pair_;
  v1::SigningKey key_;
};

class ServerSigningTest : public ::testing::Test {
 protected:
  ServerSigningTest() : phone_(office_.AddPhone("ana")) {
    office_.AddAccount("acme");
    office_.Plan("v1", "acme", "ana", 8);
    phone_.Record(testing::Arrived(), "v1", kMonday + 8 * kHour);
    phone_.Record(testing::Note("the bell is broken"), "v1", kMonday + 8 * kHour + 1);
    office_.clock().Set(kMonday + 9 * kHour);
    authenticator_.Admit(Role::kDevice, phone_.device(), HashSecret("ana"));
    Begin();
  }
  // As a server that starts on this file.
  void Begin() {
    keys_ = std::make_unique<SigningKeys>();
    EXPECT_TRUE(keys_->TakeStored(office_.storage(), nullptr).ok());
    parts_ = std::make_unique<ServerParts>(ServerParts{office_.storage(), office_.writer(), authenticator_, *keys_,
                                                       office_.clock(), office_.random(), nullptr, "test", kMonday});
  }
  Scope Ana() { return *authenticator_.Authenticate("/doorstep.v1.SyncService/Push", "Bearer ana"); }
  absl::Status Tell(const v1::SigningKey& key) {
    v1::HelloRequest request;
    *request.mutable_signing_key() = key;
    request.set_queue_empty(true);
    std::promise<absl::StatusOr<v1::HelloResponse>> answered;
    HelloCall(*parts_, Ana(), request,
              [&](absl::StatusOr<v1::HelloResponse> answer) { answered.set_value(std::move(answer)); });
    return answered.get_future().get().status();
  }
  // How far the office has it after this push.
  absl::StatusOr<uint64_t> Push(uint64_t first, uint64_t last, const std::string& signature) {
    v1::PushRequest request;
    request.set_frame(phone_.Frame(first, last, kMonday + 9 * kHour));
    AttachSignature(signature, *request.mutable_frame());
    std::promise<absl::StatusOr<v1::PushResponse>> answered;
    PushCall(*parts_, Ana(), request,
             [&](absl::StatusOr<v1::PushResponse> answer) { answered.set_value(std::move(answer)); });
    const absl::StatusOr<v1::PushResponse> answer = answered.get_future().get();
    if (!answer.ok()) return answer.status();
    return answer->mark().received_through();
  }
  absl::StatusOr<uint64_t> PushBy(const Key& key, uint64_t first, uint64_t last) {
    return Push(first, last, key.Sign(TextOf(first, last)));
  }
  std::string TextOf(uint64_t first, uint64_t last) {
    return SignedText(OpenFrame(phone_.Frame(first, last, kMonday + 9 * kHour))->header);
  }
  v1::Device Described() {
    v1::Device device;
    office_.Read(
        [&](SqlSession& sql) { device = DeviceForOffice(sql, *FindDevice(sql, phone_.device()).value()).value(); });
    return device;
  }

  Office office_;
  FieldPhone phone_;
  Authenticator authenticator_;
  std::unique_ptr<SigningKeys> keys_;
  std::unique_ptr<ServerParts> parts_;
};

TEST_F(ServerSigningTest, FramesOfAPhoneThatToldNoKeyAreTaken) {
  EXPECT_EQ(Push(1, 1, "").value(), 1u);
  EXPECT_EQ(Push(2, 2, "signed with what is told later").value(), 2u);
}

TEST_F(ServerSigningTest, OnceAKeyIsToldOnlyItsFramesAreTaken) {
  for (const Key& key : {Key::P256(), Key::Ed25519()}) {
    ASSERT_TRUE(Tell(key.key()).ok());
    const Key other = key.key().algorithm() == v1::KEY_ALGORITHM_P256 ? Key::P256() : Key::Ed25519();
    std::string broken = key.Sign(TextOf(1, 2));
    broken.back() = static_cast<char>(broken.back() ^ 1);
    for (const std::string& signature :
         {std::string(), std::string("no signature"), other.Sign(TextOf(1, 2)), key.Sign(TextOf(1, 1)), broken}) {
      const absl::Status refused = Push(1, 2, signature).status();
      // Which makes a phone say Hello, and blames no entry.
      EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << refused;
      EXPECT_THAT(refused.message(), HasSubstr("frame.signature: is"));
    }
    EXPECT_EQ(PushBy(key, 1, 2).value(), 2u);
  }
}

TEST_F(ServerSigningTest, TheKeyIsKnownAfterARestartAndARebuild) {
  const Key key = Key::P256();
  ASSERT_TRUE(Tell(key.key()).ok());
  office_.Reopen();
  Begin();
  EXPECT_FALSE(Push(1, 1, "").ok());
  EXPECT_EQ(PushBy(key, 1, 1).value(), 1u);
  office_.ExpectRebuildEqual();
}

TEST_F(ServerSigningTest, AnotherKeyIsNotedAndTheOneBeforeIsGoodNoMore) {
  const Key first = Key::Ed25519();
  const Key second = Key::P256();
  ASSERT_TRUE(Tell(first.key()).ok());
  ASSERT_TRUE(Tell(first.key()).ok());
  ASSERT_TRUE(PushBy(first, 1, 1).ok());
  office_.clock().Set(kMonday + 10 * kHour);
  ASSERT_TRUE(Tell(second.key()).ok());
  EXPECT_FALSE(PushBy(first, 2, 2).ok());
  EXPECT_EQ(PushBy(second, 2, 2).value(), 2u);
  const v1::Device device = Described();
  ASSERT_EQ(device.signing_keys_size(), 2) << "telling it again is no news";
  EXPECT_EQ(device.signing_keys(0).key().public_key(), first.key().public_key());
  EXPECT_EQ(device.signing_keys(1).key().public_key(), second.key().public_key());
  EXPECT_GT(device.signing_keys(1).told_time_us(), device.signing_keys(0).told_time_us());
}

TEST_F(ServerSigningTest, WhatIsNoKeyIsRefusedByName) {
  v1::SigningKey short_one;
  short_one.set_algorithm(v1::KEY_ALGORITHM_P256);
  short_one.set_public_key(std::string(33, '\2'));
  EXPECT_THAT(Tell(short_one).message(), HasSubstr("signing_key.public_key: must have 65 bytes"));
  v1::SigningKey off_the_curve = short_one;
  off_the_curve.set_public_key(std::string(65, '\4'));
  const absl::Status refused = Tell(off_the_curve);
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(refused.message(), HasSubstr("signing_key.public_key: is not a key of its algorithm"));
  EXPECT_EQ(Described().signing_keys_size(), 0);
}

// A newer app is not refused for what this server does not know yet.
TEST_F(ServerSigningTest, AKeyOfAnUnknownAlgorithmIsNone) {
  v1::SigningKey newer;
  newer.set_algorithm(static_cast<v1::KeyAlgorithm>(7));
  newer.set_public_key("of next year");
  EXPECT_TRUE(Tell(newer).ok());
  EXPECT_EQ(Push(1, 1, "of next year").value(), 1u);
}

// Its app was set back to an older version, say: nothing that it recorded waits for that, and the office sees it.
TEST_F(ServerSigningTest, APhoneThatTellsNoKeyAnyMoreGoesOnUnsigned) {
  const Key key = Key::Ed25519();
  ASSERT_TRUE(Tell(key.key()).ok());
  EXPECT_FALSE(Push(1, 1, "").ok());
  ASSERT_TRUE(Tell(v1::SigningKey()).ok());
  EXPECT_EQ(Push(1, 1, "").value(), 1u);
  ASSERT_EQ(Described().signing_keys_size(), 2);
  EXPECT_EQ(Described().signing_keys(1).key().algorithm(), v1::KEY_ALGORITHM_UNSPECIFIED);
  Begin();
  EXPECT_EQ(Push(2, 2, "").value(), 2u);
  ASSERT_TRUE(Tell(key.key()).ok());
  EXPECT_FALSE(Push(2, 2, "").ok());
}

// Nobody is turned away for having told many: what is too old is forgotten, and the log of commands still has it.
TEST_F(ServerSigningTest, TheNewestKeysAreKept) {
  for (int64_t i = 0; i < limits::kSigningKeysMax; ++i) ASSERT_TRUE(Tell(Key::Ed25519().key()).ok());
  const Key last = Key::Ed25519();
  ASSERT_TRUE(Tell(last.key()).ok());
  ASSERT_EQ(Described().signing_keys_size(), limits::kSigningKeysMax);
  EXPECT_EQ(Described().signing_keys(limits::kSigningKeysMax - 1).key().public_key(), last.key().public_key());
  EXPECT_EQ(PushBy(last, 1, 1).value(), 1u);
}

// Two copies of one phone, each with hardware of its own.
TEST_F(ServerSigningTest, AKeyThatIsToldAgainCountsAgainAndStandsOnce) {
  const Key one = Key::Ed25519();
  const Key other = Key::Ed25519();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(Tell(one.key()).ok());
    ASSERT_TRUE(Tell(other.key()).ok());
  }
  ASSERT_TRUE(Tell(one.key()).ok());
  ASSERT_EQ(Described().signing_keys_size(), 2);
  EXPECT_EQ(Described().signing_keys(1).key().public_key(), one.key().public_key());
  EXPECT_FALSE(PushBy(other, 1, 1).ok());
  EXPECT_EQ(PushBy(one, 1, 1).value(), 1u);
}

TEST_F(ServerSigningTest, AKeyThatNobodyCanReadKeepsOneDeviceWaitingUntilItIsToldAgain) {
  const Key key = Key::Ed25519();
  ASSERT_TRUE(Tell(key.key()).ok());
  {
    auto db = sqlite::Database::Open({.path = office_.path()});
    ASSERT_TRUE(db.ok()) << db.status();
    ASSERT_TRUE((*db)->Execute("UPDATE signing_key SET public_key = x'00'").ok());
  }
  Begin();
  EXPECT_EQ(PushBy(key, 1, 1).status().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(Tell(key.key()).ok());
  EXPECT_EQ(PushBy(key, 1, 1).value(), 1u);
}

}  // namespace
}  // namespace doorstep
