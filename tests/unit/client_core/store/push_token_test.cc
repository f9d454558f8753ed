// By what a phone is woken: kept over restarts and damage, and told until the office has it.
#include "client_core/store/push_token.h"

#include "absl/strings/str_cat.h"
#include "tests/unit/client_core/store/repair_fixture.h"

namespace doorstep {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class PushTokenTest : public RepairTest {
 protected:
  PushToken& token() { return journal().push_token(); }
  // "-": nothing.
  std::string Untold(const std::string& generation = "g1") { return token().Untold(generation).value_or("-"); }
};

TEST_F(PushTokenTest, IsThereBeforeThePhoneIsEnrolledAndAfterARestart) {
  ASSERT_OK(Open());
  EXPECT_FALSE(token().token().has_value());
  EXPECT_EQ(Untold(), "-") << "an app without a push service has nothing to tell";
  EXPECT_EQ(*store_->SetPushToken("fcm-1"), true);
  ASSERT_OK(Open());
  EXPECT_EQ(token().token(), "fcm-1");
  EXPECT_EQ(Untold(), "fcm-1");
}

TEST_F(PushTokenTest, IsToldUntilAnOfficeOfThisGenerationHasIt) {
  OpenEnrolled();
  ASSERT_OK(store_->SetPushToken("fcm-1").status());
  ASSERT_OK(token().NoteTold("fcm-1", "g1"));
  EXPECT_EQ(Untold("g1"), "-");
  EXPECT_EQ(Untold("g2"), "fcm-1") << "restored from before";
  EXPECT_EQ(Untold(""), "fcm-1") << "it is not known who has it";
  ASSERT_OK(Open());
  EXPECT_EQ(Untold("g1"), "-");
  EXPECT_EQ(*store_->SetPushToken("fcm-1"), false);
  EXPECT_EQ(Untold("g1"), "-") << "the same again is no news";
  EXPECT_EQ(*store_->SetPushToken("fcm-2"), true);
  EXPECT_EQ(Untold("g1"), "fcm-2");
  ASSERT_OK(token().NoteTold("fcm-1", "g1"));
  EXPECT_EQ(Untold("g1"), "fcm-2") << "it was replaced while it was told";
  ASSERT_OK(token().NoteTold("fcm-2", "g1"));
  EXPECT_EQ(*store_->SetPushToken(""), true);
  EXPECT_EQ(Untold("g1"), "") << "that there is none any more is told as well";
  ASSERT_OK(token().NoteTold("", "g1"));
  EXPECT_EQ(Untold("g1"), "-");
  ASSERT_OK(token().ForgetTold());
  EXPECT_EQ(Untold("g1"), "");
}

TEST_F(PushTokenTest, AnEnrolmentIsToldAnew) {
  OpenEnrolled();
  ASSERT_OK(store_->SetPushToken("fcm-1").status());
  ASSERT_OK(token().NoteTold("fcm-1", "g1"));
  ASSERT_OK(store_->CompleteEnrolment(Enrolment()));
  EXPECT_EQ(Untold("g1"), "fcm-1");
}

TEST_F(PushTokenTest, BoundsAreNamedAndTheTokenIsNot) {
  ASSERT_OK(Open());
  const struct {
    const char* name;
    std::string token;
    bool taken;
  } kCases[] = {
      {"as long as may be", std::string(4096, 'x'), true},
      {"a byte more", std::string(4097, 'x'), false},
      {"no UTF-8", "secret\xff", false},
  };
  for (const auto& c : kCases) {
    const absl::Status set = store_->SetPushToken(c.token).status();
    EXPECT_EQ(set.ok(), c.taken) << c.name << ": " << set;
    if (c.taken) continue;
    EXPECT_TRUE(absl::IsInvalidArgument(set)) << c.name;
    EXPECT_THAT(set.ToString(), HasSubstr("4096")) << c.name;
    EXPECT_THAT(set.ToString(), Not(HasSubstr("secret"))) << c.name;
    EXPECT_THAT(set.ToString(), Not(HasSubstr("xxx"))) << c.name;
  }
  EXPECT_EQ(token().token(), std::string(4096, 'x')) << "what was refused changed nothing";
}

TEST_F(PushTokenTest, ASalvagedJournalHasItAndTellsItAgain) {
  OpenEnrolled();
  AppendNotes(200);
  ASSERT_OK(store_->SetPushToken("fcm-1").status());
  ASSERT_OK(token().NoteTold("fcm-1", "g1"));
  store_.reset();
  CloseAndDamage(ReadFile("journal.db").size() / 4096 - 4, 1);  // A leaf in the midst of the entries.
  ASSERT_OK(Open());
  ASSERT_OK(store_->ReadForFrame(1, 3, kNoBound, kNoBound).status());
  ASSERT_EQ(store_->repairs().size(), 1u);
  EXPECT_EQ(Untold("g1"), "fcm-1");
}

TEST_F(PushTokenTest, ARowThatDamageHasSpoiltIsNone) {
  OpenEnrolled();
  ASSERT_OK(store_->SetPushToken("fcm-1").status());
  EditFile("journal.db", "UPDATE push_token SET token = CAST(x'ff' AS TEXT)");
  ASSERT_OK(Open());
  EXPECT_FALSE(token().token().has_value());
  ASSERT_OK(store_->SetPushToken("fcm-1").status());
  EXPECT_EQ(Untold(), "fcm-1");
}

}  // namespace
}  // namespace doorstep
