// A server that does not have what it had: put back, forked by a clone, or without memory of the phone.
#include <string>
#include <vector>

#include "client_core/base/ids.h"
#include "tests/unit/client_core/session/session_fixture.h"

namespace doorstep {
namespace {

TEST_F(SessionTest, OtherPastAtTheServerIsAForkAndLosesNothing) {
  OpenEnrolled();
  AppendNotes(3);
  ASSERT_TRUE(Sync().complete());
  // What a clone of this phone sent meanwhile.
  server_.journals[1].entries[2].envelope.set_entry("other bytes");
  server_.journals[1].entries[2].hash[0] ^= 1;
  server_.journals[1].entries.push_back(server_.journals[1].entries[2]);
  AppendNotes(4);
  for (int i = 0; i < 5 && !Sync().complete(); ++i) {
  }
  EXPECT_TRUE(HasEvent(v1::PhoneEvent::KIND_FORKED));
  const v1::PhoneStatus status = Status();
  EXPECT_EQ(status.epoch(), 3u);
  EXPECT_EQ(status.entries_saved_here(), 0u);
  EXPECT_EQ(status.entries_recorded(), 7u);
  std::vector<std::string> moved;
  for (const FakeServer::Stored& stored : server_.journals[3].entries) {
    v1::LogEntry entry;
    ASSERT_TRUE(entry.ParseFromString(stored.envelope.entry()));
    EXPECT_EQ(stored.envelope.from_epoch(), 1u);
    moved.push_back(entry.note().text());
  }
  EXPECT_THAT(moved, testing::IsSupersetOf({"note 4", "note 5", "note 6", "note 7"}));
}

class SetBackServerTest : public SessionTest {
 protected:
  // A phone has sent six notes, of which the server loses four.
  void HealsWithGeneration(const std::string& generation) {
    OpenEnrolled();
    AppendNotes(6);
    ASSERT_TRUE(Sync().complete());
    server_.Restore(generation, 1, 2);
    AppendNotes(1);
    for (int i = 0; i < 5 && !Sync().complete(); ++i) {
    }
    EXPECT_EQ(NotesAtServer(), NotesRecorded());
    EXPECT_EQ(Status().entries_saved_here(), 0u);
  }
};

TEST_F(SetBackServerTest, IsHealedAfterARestore) { HealsWithGeneration("g2"); }

// Without a new generation, it is found out when what a frame goes on from is gone.
TEST_F(SetBackServerTest, IsHealedAfterAnOlderFileWasPutThereByHand) { HealsWithGeneration("g1"); }

// The office takes them before the phone knows that it is another generation's.
TEST_F(SessionTest, WhatARestoredServerTookIsCountedAsSent) {
  OpenEnrolled();
  AppendNotes(3);
  ASSERT_TRUE(Sync().complete());
  server_.Restore("g2", 1, 3);
  AppendNotes(2);
  const v1::SyncReport report = Sync();
  EXPECT_TRUE(report.complete()) << report.stopped_because();
  EXPECT_EQ(report.entries_sent(), 2u);
}

class ForkedPhoneTest : public SessionTest {
 protected:
  // Three notes arrive, of which this phone is not told; a clone sends a fourth, and this phone goes on in epoch 3.
  void BeForked() {
    OpenEnrolled();
    AppendNotes(3);
    server_.fate = [](const std::string& method, const std::string&) {
      return FakeServer::Fate{absl::UnavailableError("lost"), method == "/doorstep.v1.SyncService/Push"};
    };
    Sync(50);
    server_.fate = nullptr;
    ASSERT_EQ(server_.journals[1].entries.size(), 3u);
    server_.journals[1].entries.push_back(server_.journals[1].entries[2]);
    server_.journals[1].entries[3].hash[0] ^= 1;
    AppendNotes(1);
    for (int i = 0; i < 5 && !Sync().complete(); ++i) {
    }
    ASSERT_EQ(Status().epoch(), 3u);
  }
};

// The mark that the server has of an epoch this phone has left is a clone's; what it lost must not stop the rest.
TEST_F(ForkedPhoneTest, HealsARestoredServer) {
  ASSERT_NO_FATAL_FAILURE(BeForked());
  server_.Restore("g2", 1, 4);
  AppendNotes(1);
  for (int i = 0; i < 5 && !Sync().complete(); ++i) {
  }
  EXPECT_EQ(Status().entries_saved_here(), 0u);
  EXPECT_EQ(server_.journals[3].entries.size(), 2u);
}

// As above, and the clone has put other entries where this phone's had been before the backup came back.
TEST_F(ForkedPhoneTest, SendsItsEntriesAnewToARestoredServerThatAClonesFilled) {
  ASSERT_NO_FATAL_FAILURE(BeForked());
  server_.journals[1].entries[2].hash[0] ^= 1;  // The clone's third.
  server_.Restore("g2", 1, 3);
  AppendNotes(1);
  for (int i = 0; i < 5 && !Sync().complete(); ++i) {
  }
  EXPECT_EQ(Status().entries_saved_here(), 0u);
  EXPECT_EQ(server_.journals[3].entries.size(), 2u) << "the two recorded later, which the server kept";
  ASSERT_EQ(Status().epoch(), 4u);
  ASSERT_EQ(server_.journals[4].entries.size(), 1u) << "the one that was displaced came before those two";
  EXPECT_EQ(server_.journals[4].entries[0].envelope.from_epoch(), 1u);
  EXPECT_EQ(server_.journals[4].entries[0].envelope.from_seq(), 3u);
}

// A server that was restored from before the enrolment has lost what it once said it had.
TEST_F(SessionTest, WhatAnOfficeHadThatDoesNotKnowThePhoneAnyMoreIsNotSaidToCount) {
  OpenEnrolled();
  AppendNotes(1);
  ASSERT_TRUE(Sync().complete());
  v1::ExplainRequest request;
  *request.mutable_entry() = Status().last_entry();
  const auto explained = [&] {
    const absl::StatusOr<v1::Explanation> answer = session_->Explain(request);
    return answer.ok() ? absl::StrJoin(answer->lines(), "\n") : answer.status().ToString();
  };
  EXPECT_EQ(explained().find("It counts."), 0u);
  EXPECT_FALSE(Status().not_known_by_office());
  server_.refuse_token = true;
  AppendNotes(1);
  EXPECT_FALSE(Sync().complete());
  for (const bool opened_again : {false, true}) {
    if (opened_again) Open();
    EXPECT_TRUE(Status().not_known_by_office());
    EXPECT_EQ(explained().find("The office may have lost it."), 0u) << explained();
    EXPECT_NE(explained().find("enrol it again"), std::string::npos) << explained();
    EXPECT_NE(explained().find("Nothing recorded is lost"), std::string::npos) << explained();
  }
  server_.refuse_token = false;
  ASSERT_TRUE(Sync().complete());
  EXPECT_FALSE(Status().not_known_by_office());
  EXPECT_EQ(explained().find("It counts."), 0u) << explained();
}

}  // namespace
}  // namespace doorstep
