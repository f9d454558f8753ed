// Frames are signed: by the core's own key, or by the app's in the phone's hardware, which may take its time or fail.
#include <gmock/gmock.h>
#include <sodium.h>

#include <atomic>
#include <functional>
#include <future>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "client_core/rules/frame_codec.h"
#include "client_core/rules/frame_signature.h"
#include "tests/unit/client_core/session/session_fixture.h"

namespace doorstep {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class SigningTest : public SessionTest {
 protected:
  SigningTest() {
    server_.fate = [this](const std::string& method, const std::string& request) {
      v1::PushRequest push;
      if (method == "/doorstep.v1.SyncService/Push" && push.ParseFromString(request)) {
        pushed_.push_back(OpenFrame(push.frame()).value());
      }
      return FakeServer::Fate();
    };
  }
  void OpenWith(std::function<absl::StatusOr<std::string>(const std::string&)> sign) {
    HostSigner signer;
    signer.key.set_algorithm(v1::KEY_ALGORITHM_P256);
    signer.key.set_public_key(std::string(65, '\4'));
    signer.sign = std::move(sign);
    Open(nullptr, "boot-1", std::move(signer));
    ASSERT_TRUE(Enrol().ok());
  }
  static bool IsBy(const v1::SigningKey& key, const OpenedFrame& frame) {
    const std::string text = SignedText(frame.header);
    const auto bytes = [](const std::string& s) { return reinterpret_cast<const unsigned char*>(s.data()); };
    return frame.signature.size() == kEd25519SignatureBytes &&
           crypto_sign_verify_detached(bytes(frame.signature), bytes(text), text.size(), bytes(key.public_key())) == 0;
  }

  std::vector<OpenedFrame> pushed_;
};

TEST_F(SigningTest, TheCoresOwnKeySignsEveryFrameAndIsTold) {
  OpenEnrolled();
  AppendNotes(3);
  ASSERT_TRUE(Sync().complete());
  ASSERT_THAT(pushed_, SizeIs(1));
  const v1::SigningKey key = server_.hellos.back().signing_key();
  EXPECT_EQ(key.algorithm(), v1::KEY_ALGORITHM_ED25519);
  EXPECT_TRUE(IsBy(key, pushed_[0]));
  OpenedFrame changed = pushed_[0];
  changed.header.set_last_seq(2);
  EXPECT_FALSE(IsBy(key, changed));
}

TEST_F(SigningTest, TheCoresKeyStaysTheSame) {
  OpenEnrolled();
  ASSERT_TRUE(Sync().complete());
  const std::string before = server_.hellos.back().signing_key().public_key();
  Open();
  ASSERT_TRUE(Enrol().ok());  // Again: another token, the same key.
  AppendNotes(1);
  ASSERT_TRUE(Sync().complete());
  EXPECT_EQ(server_.hellos.back().signing_key().public_key(), before);
  EXPECT_TRUE(IsBy(server_.hellos.back().signing_key(), pushed_.back()));
}

TEST_F(SigningTest, TheAppsKeySignsWhereItHasOne) {
  std::vector<std::string> texts;
  OpenWith([&](const std::string& text) {
    texts.push_back(text);
    return "by the hardware";
  });
  AppendNotes(2);
  ASSERT_TRUE(Sync().complete());
  ASSERT_THAT(pushed_, SizeIs(1));
  EXPECT_EQ(pushed_[0].signature, "by the hardware");
  EXPECT_THAT(texts, testing::ElementsAre(SignedText(pushed_[0].header)));
  EXPECT_EQ(server_.hellos.back().signing_key().algorithm(), v1::KEY_ALGORITHM_P256);
}

TEST_F(SigningTest, ASignerThatThrowsIsAskedAgain) {
  int asked = 0;
  OpenWith([&](const std::string&) -> absl::StatusOr<std::string> {
    if (++asked == 1) throw std::bad_alloc();
    return "signed";
  });
  AppendNotes(1);
  EXPECT_FALSE(Sync(50).complete());
  EXPECT_THAT(Status().last_error(), testing::HasSubstr("the app's signer failed"));
  ASSERT_TRUE(Sync(60000).complete());
  EXPECT_EQ(NotesAtServer(), NotesRecorded());
}

TEST_F(SigningTest, EntriesWaitWhileTheAppCannotSign) {
  bool locked = true;
  OpenWith([&](const std::string&) -> absl::StatusOr<std::string> {
    if (locked) return absl::UnavailableError("the app's signer gave no signature");
    return "signed";
  });
  AppendNotes(1);
  const v1::SyncReport report = Sync();
  EXPECT_FALSE(report.complete());
  EXPECT_EQ(report.entries_left(), 1u);
  EXPECT_THAT(Status().last_error(), HasSubstr("signer gave no signature"));
  EXPECT_THAT(pushed_, SizeIs(0));
  locked = false;
  ASSERT_TRUE(session_->Notify(v1::PHONE_NOTICE_USER_PULLED).ok());
  EXPECT_TRUE(Sync().complete());
  EXPECT_EQ(NotesAtServer(), NotesRecorded());
}

// Secure hardware may take seconds, and longer when a person is asked.
TEST_F(SigningTest, ATapDoesNotWaitForTheAppsSigner) {
  std::promise<void> asked;
  std::promise<void> answered;
  std::atomic<int> calls = 0;
  OpenWith([&](const std::string&) {
    if (++calls == 1) {
      asked.set_value();
      answered.get_future().wait();
    }
    return "signed";
  });
  AppendNotes(1);
  ASSERT_TRUE(session_->SyncStart().ok());
  asked.get_future().wait();
  AppendNotes(2);
  EXPECT_EQ(Status().entries_recorded(), 3u);
  const absl::StatusOr<v1::QuiesceResult> quiet = session_->Quiesce(0);
  ASSERT_TRUE(quiet.ok()) << quiet.status();
  EXPECT_THAT(quiet->calls_given_up(), testing::Contains("sending entries up to 1.1"));
  answered.set_value();
  // Its thread may still be on its way back, and the clock of this test stands still, so no wait would end.
  for (int i = 0; i < 1000 && !Sync().complete(); ++i) {
    ASSERT_TRUE(session_->Notify(v1::PHONE_NOTICE_USER_PULLED).ok());
  }
  EXPECT_EQ(NotesAtServer(), NotesRecorded());
}

TEST_F(SigningTest, ClosingWaitsForTheAppsSigner) {
  std::promise<void> asked;
  std::promise<void> answered;
  bool left = false;
  OpenWith([&](const std::string&) {
    asked.set_value();
    answered.get_future().wait();
    left = true;
    return "signed";
  });
  AppendNotes(1);
  ASSERT_TRUE(session_->SyncStart().ok());
  asked.get_future().wait();
  std::thread closing([this] { session_.reset(); });
  answered.set_value();
  closing.join();
  EXPECT_TRUE(left);
  EXPECT_THAT(pushed_, SizeIs(testing::Le(1u)));
}

// What an answer says of the phone's own key is not believed.
TEST_F(SigningTest, TheServerDoesNotChooseTheKey) {
  OpenEnrolled();
  ASSERT_TRUE(Sync().complete());
  unsigned char public_key[crypto_sign_PUBLICKEYBYTES];
  unsigned char secret_key[crypto_sign_SECRETKEYBYTES];
  crypto_sign_seed_keypair(public_key, secret_key, reinterpret_cast<const unsigned char*>(std::string(32, 'x').data()));
  EXPECT_NE(server_.hellos.back().signing_key().public_key(),
            std::string(reinterpret_cast<const char*>(public_key), sizeof(public_key)));
}

}  // namespace
}  // namespace doorstep
