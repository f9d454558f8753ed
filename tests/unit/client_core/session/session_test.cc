#include "client_core/session/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client_core/base/ids.h"
#include "tests/unit/client_core/session/fake_server.h"

namespace doorstep {
namespace {

constexpr int64_t kStartUs = int64_t{1763900000} * 1000000;

// Every look at it is a millisecond later.
class TickingClock final : public Clock {
 public:
  ClockReading Now() override {
    const int64_t us = ++looks_ * 1000;
    return {kStartUs + us, 5000000 + us, 3600, boot_};
  }
  explicit TickingClock(std::string boot) : boot_(std::move(boot)) {}

 private:
  const std::string boot_;
  std::atomic<int64_t> looks_{0};
};

// A transport that never answers.
class SilentTransport final : public Transport {
 public:
  void Start(uint64_t, UnaryCall, Done) override {}
  void Cancel(uint64_t) override {}
};

v1::AppendRequest NoteRequest(const std::string& visit, const std::string& text, const std::string& token = "") {
  v1::AppendRequest request;
  request.mutable_entry()->set_visit_id(visit);
  request.mutable_entry()->mutable_note()->set_text(text);
  request.set_token(token);
  return request;
}

class SessionTest : public testing::Test {
 protected:
  SessionTest() {
    std::string path = testing::TempDir() + "/session-XXXXXX";
    directory_ = mkdtemp(path.data());
  }
  ~SessionTest() override {
    session_.reset();
    std::filesystem::remove_all(directory_);
  }

  void Open(std::unique_ptr<Transport> transport = nullptr, const std::string& boot = "boot-1") {
    session_.reset();
    SessionParts parts;
    parts.store.directory = directory_;
    parts.clock = std::make_unique<TickingClock>(boot);
    parts.random = std::make_unique<SeededRandom>(++opened_);
    parts.transport = transport != nullptr ? std::move(transport) : std::make_unique<FakeTransport>(&server_);
    absl::StatusOr<std::unique_ptr<Session>> session = Session::Open(std::move(parts));
    ASSERT_TRUE(session.ok()) << session.status();
    session_ = *std::move(session);
  }

  static void SpoilPage(const std::string& file, size_t page) {
    const std::string garbage(4096, '\x5a');
    std::fstream(file, std::ios::in | std::ios::out | std::ios::binary)
        .seekp(static_cast<std::streamoff>(page * garbage.size()))
        .write(garbage.data(), static_cast<std::streamsize>(garbage.size()));
  }

  absl::Status Enrol() {
    v1::EnrolmentRequest request;
    request.set_invitation_code("invitation");
    request.set_device_name("Ana's phone");
    return session_->Enrol(request);
  }

  void OpenEnrolled() {
    Open();
    const absl::Status enrolled = Enrol();
    ASSERT_TRUE(enrolled.ok()) << enrolled;
  }

  void AppendNotes(int count) {
    for (int i = 0; i < count; ++i) {
      const absl::StatusOr<v1::AppendResponse> response =
          session_->Append(NoteRequest("visit-1", absl::StrCat("note ", ++notes_)));
      ASSERT_TRUE(response.ok()) << response.status();
    }
  }

  v1::SyncReport Sync(uint32_t time_ms = 500) {
    v1::SyncBudget budget;
    budget.set_time_ms_max(time_ms);
    const absl::StatusOr<v1::SyncReport> report = session_->SyncOnce(budget);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *report : v1::SyncReport();
  }

  v1::PhoneStatus Status() {
    const absl::StatusOr<v1::PhoneStatus> status = session_->Status();
    EXPECT_TRUE(status.ok()) << status.status();
    return status.ok() ? *status : v1::PhoneStatus();
  }

  // The notes that the server holds, each once, in order of recording.
  std::vector<std::string> NotesAtServer() const {
    std::vector<std::string> notes;
    for (const v1::LogEntry& entry : server_.Entries()) notes.push_back(entry.note().text());
    return notes;
  }
  std::vector<std::string> NotesRecorded() const {
    std::vector<std::string> notes;
    for (int i = 1; i <= notes_; ++i) notes.push_back(absl::StrCat("note ", i));
    return notes;
  }

  bool HasEvent(v1::PhoneEvent::Kind kind) {
    const absl::StatusOr<v1::EventsPollResponse> response = session_->EventsPoll(1000, 0);
    if (!response.ok()) return false;
    for (const v1::PhoneEvent& event : response->events()) seen_.push_back(event);
    for (const v1::PhoneEvent& event : seen_) {
      if (event.kind() == kind) return true;
    }
    return false;
  }

  std::string directory_;
  FakeServer server_;
  std::unique_ptr<Session> session_;
  std::vector<v1::PhoneEvent> seen_;
  int notes_ = 0;
  uint64_t opened_ = 0;
};

// Some damage comes to light only when somebody looks.
TEST_F(SessionTest, EverythingCanBeReadWhateverPageOfAFileIsDamaged) {
  OpenEnrolled();
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(session_->Append(NoteRequest("v1", "text", absl::StrCat("t", i))).ok());
  v1::AppendRequest retraction;
  *retraction.mutable_entry()->mutable_retraction()->mutable_target() = MakePosition("d1", 1, 60);
  retraction.mutable_entry()->set_visit_id("v1");
  ASSERT_TRUE(session_->Append(retraction).ok());
  session_.reset();
  const std::string whole = directory_ + ".whole";
  std::filesystem::copy(directory_, whole, std::filesystem::copy_options::recursive);
  for (const char* name : {"journal.db", "replica.db"}) {
    const size_t pages = std::filesystem::file_size(absl::StrCat(whole, "/", name)) / 4096;
    for (size_t page = 1; page < pages; ++page) {
      session_.reset();
      std::filesystem::remove_all(directory_);
      std::filesystem::copy(whole, directory_, std::filesystem::copy_options::recursive);
      SpoilPage(absl::StrCat(directory_, "/", name), page);
      ASSERT_NO_FATAL_FAILURE(Open());
      v1::ExplainRequest explain;
      explain.set_visit_id("v1");
      v1::QueueListRequest all;
      all.set_all(true);
      const absl::Status answers[] = {session_->Status().status(), session_->QueueList(all).status(),
                                      session_->VisitsList({}).status(), session_->Explain(explain).status()};
      for (const absl::Status& answer : answers) EXPECT_FALSE(absl::IsDataLoss(answer)) << name << page << answer;
      EXPECT_TRUE(session_->Append(NoteRequest("v1", "after")).ok()) << name << page;
    }
  }
  std::filesystem::remove_all(whole);
}

TEST_F(SessionTest, WhatIsCarriedToTheOfficeIsWholeWhereverMakingItMeetsDamage) {
  OpenEnrolled();
  AppendNotes(400);
  session_.reset();
  const std::string whole = directory_ + ".whole";
  std::filesystem::copy(directory_, whole, std::filesystem::copy_options::recursive);
  const size_t pages = std::filesystem::file_size(whole + "/journal.db") / 4096;
  ASSERT_GT(pages, 15u);
  for (size_t page = 1; page < pages; ++page) {
    session_.reset();
    std::filesystem::remove_all(directory_);
    std::filesystem::copy(whole, directory_, std::filesystem::copy_options::recursive);
    SpoilPage(directory_ + "/journal.db", page);
    ASSERT_NO_FATAL_FAILURE(Open());
    const absl::StatusOr<v1::Bundle> bundle = session_->ExportBundle();
    ASSERT_TRUE(bundle.ok()) << page << bundle.status();
    EXPECT_EQ(bundle->entries(), Status().entries_saved_here()) << page;
    EXPECT_EQ(bundle->entries_left_out(), 0u) << page;
    uint64_t entries = 0;
    for (const std::string& bytes : bundle->frames()) {
      v1::Frame frame;
      ASSERT_TRUE(frame.ParseFromString(bytes));
      EXPECT_EQ(frame.header().epoch(), Status().epoch()) << page;
      entries += frame.header().last_seq() - frame.header().first_seq() + 1;
    }
    EXPECT_EQ(entries, bundle->entries()) << page;
  }
  std::filesystem::remove_all(whole);
}

TEST_F(SessionTest, WhatIsRecordedIsSafeAndCountedAfterOneSync) {
  OpenEnrolled();
  AppendNotes(20);
  EXPECT_EQ(Status().entries_saved_here(), 20u);
  const v1::SyncReport report = Sync();
  EXPECT_TRUE(report.complete()) << report.stopped_because();
  EXPECT_EQ(report.entries_sent(), 20u);
  EXPECT_EQ(report.entries_left(), 0u);
  EXPECT_GT(report.bytes_up(), 0u);
  EXPECT_EQ(NotesAtServer(), NotesRecorded());
  const v1::PhoneStatus status = Status();
  EXPECT_EQ(status.entries_recorded(), 20u);
  EXPECT_EQ(status.entries_counted(), 20u);
  EXPECT_EQ(status.entries_saved_here(), 0u);
  EXPECT_EQ(status.last_error(), "");
  EXPECT_TRUE(HasEvent(v1::PhoneEvent::KIND_ENTRIES_SAFE));
  EXPECT_TRUE(HasEvent(v1::PhoneEvent::KIND_ENTRIES_COUNTED));
}

TEST_F(SessionTest, CoreSetsTimeAuthorAndNonce) {
  OpenEnrolled();
  v1::AppendRequest request = NoteRequest("visit-1", "private words");
  request.mutable_entry()->mutable_time()->set_wall_time_us(1);
  request.mutable_entry()->set_nonce("mine");
  ASSERT_TRUE(session_->Append(request).ok());
  Sync();
  ASSERT_EQ(server_.Entries().size(), 1u);
  const v1::LogEntry entry = server_.Entries()[0];
  EXPECT_GT(entry.time().wall_time_us(), kStartUs);
  EXPECT_EQ(entry.time().utc_offset_s(), 3600);
  EXPECT_EQ(entry.time().boot_id(), "boot-1");
  EXPECT_EQ(entry.nonce().size(), 16u);
  EXPECT_EQ(server_.journals[1].entries[0].envelope.author(), "ana");
}

TEST_F(SessionTest, FactsAreAdvisedOnAndNeverRefused) {
  OpenEnrolled();
  const absl::StatusOr<v1::AppendResponse> response = session_->Append(NoteRequest("nobody-knows-it", "text"));
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->warnings_size(), 1);
  EXPECT_THAT(response->warnings(0), testing::HasSubstr("nobody-knows-it is not on this phone"));
}

TEST_F(SessionTest, EntryWithoutAFactOrBeyondABoundIsRefusedByName) {
  OpenEnrolled();
  v1::AppendRequest empty;
  empty.mutable_entry()->set_visit_id("v");
  EXPECT_THAT(session_->Append(empty).status().message(), testing::HasSubstr("entry.fact"));
  const absl::Status large = session_->Append(NoteRequest("v", std::string(17000, 'x'))).status();
  EXPECT_TRUE(absl::IsInvalidArgument(large)) << large;
  EXPECT_EQ(Status().entries_recorded(), 0u);
}

TEST_F(SessionTest, SameTokenIsRecordedOnce) {
  OpenEnrolled();
  const absl::StatusOr<v1::AppendResponse> first = session_->Append(NoteRequest("v", "once", "token"));
  const absl::StatusOr<v1::AppendResponse> second = session_->Append(NoteRequest("v", "once", "token"));
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_FALSE(first->repeated());
  EXPECT_TRUE(second->repeated());
  EXPECT_EQ(ComparePositions(first->position(), second->position()), 0);
  Sync();
  EXPECT_EQ(server_.Entries().size(), 1u);
}

TEST_F(SessionTest, NothingIsLostWhenTheCoreIsClosedBeforeItSent) {
  OpenEnrolled();
  AppendNotes(7);
  Open(nullptr, "boot-2");
  EXPECT_EQ(Status().entries_saved_here(), 7u);
  AppendNotes(3);
  EXPECT_TRUE(Sync().complete());
  EXPECT_EQ(NotesAtServer(), NotesRecorded());
}

TEST_F(SessionTest, LostEnrolAnswerGivesTheSameDevice) {
  Open();
  server_.fate = [](const std::string&, const std::string&) {
    return FakeServer::Fate{absl::UnavailableError("cut"), /*after=*/true};
  };
  EXPECT_TRUE(absl::IsUnavailable(Enrol()));
  EXPECT_TRUE(absl::IsFailedPrecondition(session_->Append(NoteRequest("v", "x")).status()));
  Open();  // Also after a restart.
  server_.fate = nullptr;
  ASSERT_TRUE(Enrol().ok());
  EXPECT_EQ(server_.enrol_request_ids.size(), 2u);
  EXPECT_EQ(server_.enrol_request_ids[0], server_.enrol_request_ids[1]);
  EXPECT_EQ(Status().device(), "d7");
}

TEST_F(SessionTest, LostPushAnswersDoubleNothing) {
  OpenEnrolled();
  AppendNotes(5);
  int lost = 2;
  server_.fate = [&lost](const std::string& method, const std::string&) {
    if (lost == 0 || method.find("Enroll") != std::string::npos) return FakeServer::Fate();
    if (method.find("Push") != std::string::npos) --lost;
    return FakeServer::Fate{absl::UnavailableError("cut"), /*after=*/true};
  };
  for (int i = 0; i < 10 && !Sync().complete(); ++i) {
  }
  EXPECT_EQ(lost, 0);
  EXPECT_EQ(NotesAtServer(), NotesRecorded());
  EXPECT_EQ(server_.journals[1].entries.size(), 5u);
}

TEST_F(SessionTest, WhatIsOnlyHereCanBeCarriedToTheOfficeAndIsSentAllTheSame) {
  Open();
  EXPECT_EQ(session_->ExportBundle().status().code(), absl::StatusCode::kFailedPrecondition) << "not enrolled";
  ASSERT_TRUE(Enrol().ok());
  AppendNotes(3);
  Sync();
  AppendNotes(5);
  const absl::StatusOr<v1::Bundle> bundle = session_->ExportBundle();
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  EXPECT_EQ(bundle->format(), "doorstep bundle 1");
  EXPECT_EQ(bundle->entries(), 5u);
  EXPECT_EQ(bundle->entries_left_out(), 0u);
  EXPECT_EQ(bundle->status().entries_saved_here(), 5u);
  EXPECT_EQ(Status().entries_saved_here(), 5u) << "nothing is given away before the office says that it has it";
  for (const std::string& frame : bundle->frames()) {
    v1::PushRequest push;
    push.set_frame(frame);
    ASSERT_TRUE(server_.Handle("/doorstep.v1.SyncService/Push", "Bearer token-1", push.SerializeAsString()).ok());
  }
  EXPECT_EQ(NotesAtServer(), NotesRecorded());
  EXPECT_TRUE(Sync().complete());
  EXPECT_EQ(Status().entries_counted(), 8u);
  EXPECT_EQ(NotesAtServer(), NotesRecorded());
  EXPECT_EQ(session_->ExportBundle()->frames_size(), 0);
}

TEST_F(SessionTest, DeadServerIsReportedAndKeepsNobodyFromRecording) {
  OpenEnrolled();
  AppendNotes(2);
  server_.fate = [](const std::string&, const std::string&) {
    return FakeServer::Fate{absl::UnavailableError("connection refused"), false};
  };
  const v1::SyncReport report = Sync();
  EXPECT_FALSE(report.complete());
  EXPECT_THAT(report.stopped_because(), testing::HasSubstr("connection refused"));
  EXPECT_EQ(report.entries_left(), 2u);
  EXPECT_EQ(Status().last_error(), "connection refused");
  AppendNotes(1);
  server_.fate = nullptr;
  EXPECT_TRUE(Sync().complete());
  EXPECT_EQ(NotesAtServer(), NotesRecorded());
}

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

// The mark that the server has of an epoch this phone has left is a clone's; what it lost must not stop the rest.
TEST_F(SessionTest, ARestoredServerIsHealedByAPhoneThatHadForked) {
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
  server_.Restore("g2", 1, 4);
  AppendNotes(1);
  for (int i = 0; i < 5 && !Sync().complete(); ++i) {
  }
  EXPECT_EQ(Status().entries_saved_here(), 0u);
  EXPECT_EQ(server_.journals[3].entries.size(), 2u);
}

// As above, and the clone has put other entries where this phone's had been before the backup came back.
TEST_F(SessionTest, ARestoredServerThatAClonesEntriesFilledGetsThisPhonesAnew) {
  OpenEnrolled();
  AppendNotes(3);
  server_.fate = [](const std::string& method, const std::string&) {
    return FakeServer::Fate{absl::UnavailableError("lost"), method == "/doorstep.v1.SyncService/Push"};
  };
  Sync(50);
  server_.fate = nullptr;
  server_.journals[1].entries.push_back(server_.journals[1].entries[2]);
  server_.journals[1].entries[3].hash[0] ^= 1;
  AppendNotes(1);
  for (int i = 0; i < 5 && !Sync().complete(); ++i) {
  }
  ASSERT_EQ(Status().epoch(), 3u);
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

TEST_F(SessionTest, EntryThatKillsItsFrameArrivesOpaqueAndTheRestAsItIs) {
  OpenEnrolled();
  AppendNotes(9);
  server_.on_frame = [](const v1::FrameHeader&, const v1::FrameBody& body) {
    for (const v1::EntryEnvelope& envelope : body.entries()) {
      if (!envelope.opaque() && envelope.entry().find("note 4") != std::string::npos) {
        return absl::InternalError("boom");
      }
    }
    return absl::OkStatus();
  };
  // Each budget begins without backoff, and ends when the next try would come too late.
  for (int i = 0; i < 60 && !Sync().complete(); ++i) {
  }
  EXPECT_EQ(NotesAtServer(), NotesRecorded());
  for (const FakeServer::Stored& stored : server_.journals[1].entries) {
    EXPECT_EQ(stored.envelope.opaque(), stored.envelope.entry().find("note 4") != std::string::npos);
  }
  EXPECT_EQ(Status().entries_needing_attention(), 1u);
}

TEST_F(SessionTest, QuarantinedEntryIsToldWithItsReason) {
  OpenEnrolled();
  server_.quarantines = [](const v1::LogEntry& entry) { return entry.visit_id() == "unknown"; };
  AppendNotes(2);
  const absl::StatusOr<v1::AppendResponse> odd = session_->Append(NoteRequest("unknown", "text"));
  ASSERT_TRUE(odd.ok());
  ASSERT_TRUE(Sync().complete());
  EXPECT_TRUE(HasEvent(v1::PhoneEvent::KIND_ENTRY_NEEDS_ATTENTION));
  const absl::StatusOr<v1::EntryStatus> status = session_->EntryStatus(odd->position());
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(status->stage(), v1::ENTRY_STAGE_NEEDS_ATTENTION);
  EXPECT_EQ(status->judgement().message(), "no such visit");
  EXPECT_EQ(Status().entries_counted(), 2u);

  v1::Judgement repaired = status->judgement();
  repaired.set_verdict(v1::VERDICT_REPAIRED);
  repaired.set_message("the office recorded it anew");
  *repaired.mutable_repaired_by() = MakePosition("office", 77, 1);
  server_.Put("device", v1::ENTITY_KIND_JUDGEMENT, FormatPosition(odd->position()), repaired.SerializeAsString());
  ASSERT_TRUE(Sync().complete());
  EXPECT_TRUE(HasEvent(v1::PhoneEvent::KIND_ENTRY_SETTLED));
  EXPECT_EQ(session_->EntryStatus(odd->position())->stage(), v1::ENTRY_STAGE_REPAIRED);
  EXPECT_EQ(Status().entries_needing_attention(), 0u);
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

TEST_F(SessionTest, VisitsArriveAndOwnEntriesStandAboveThem) {
  OpenEnrolled();
  v1::Visit visit;
  visit.set_id("visit-1");
  visit.set_account_id("account-1");
  visit.set_state(v1::VISIT_STATE_DISPATCHED);
  visit.add_assignments()->set_technician_id("ana");
  server_.Put("technician:ana", v1::ENTITY_KIND_VISIT, "visit-1", visit.SerializeAsString());
  ASSERT_TRUE(Sync().complete());
  EXPECT_TRUE(HasEvent(v1::PhoneEvent::KIND_VISIT_CHANGED));
  v1::AppendRequest arrived;
  arrived.mutable_entry()->set_visit_id("visit-1");
  arrived.mutable_entry()->mutable_arrived();
  ASSERT_TRUE(session_->Append(arrived).ok());
  const absl::StatusOr<v1::LocalVisit> shown = session_->VisitGet("visit-1");
  ASSERT_TRUE(shown.ok()) << shown.status();
  EXPECT_EQ(shown->visit().state(), v1::VISIT_STATE_ON_SITE);
  EXPECT_EQ(shown->own_entries(), 1u);
  EXPECT_TRUE(absl::IsNotFound(session_->VisitGet("other").status()));
  EXPECT_EQ(session_->VisitsList({})->visits_size(), 1);
}

TEST_F(SessionTest, FramesCarryTheClocksThatTellTheirTimes) {
  OpenEnrolled();
  ASSERT_TRUE(Sync().complete());  // An exchange of boot 1.
  AppendNotes(1);
  Open(nullptr, "boot-2");
  AppendNotes(1);
  ASSERT_TRUE(Sync().complete());
  ASSERT_FALSE(server_.headers.empty());
  const v1::FrameHeader& header = server_.headers.back();
  EXPECT_EQ(header.clock(0).boot_id(), "boot-2");
  bool first_boot = false;
  for (const v1::ClockSample& sample : header.clock()) {
    first_boot = first_boot || (sample.boot_id() == "boot-1" && sample.server_time_us() > 0);
  }
  EXPECT_TRUE(first_boot);
  EXPECT_TRUE(header.empties_queue());
  EXPECT_TRUE(server_.hellos.back().queue_empty());
}

// The office counts on silence up to the moment that an idle phone names: what is recorded while the Hello travels is
// not told by it.
TEST_F(SessionTest, AnIdlePhoneSaysAtWhichOfTheServersMomentsItWasIdle) {
  OpenEnrolled();  // An exchange.
  ASSERT_TRUE(Sync().complete());
  ASSERT_FALSE(server_.hellos.empty());
  EXPECT_TRUE(server_.hellos.back().queue_empty());
  const int64_t first_us = server_.hellos.back().clock().server_time_us();
  EXPECT_GT(first_us, int64_t{1764000000} * 1000000) << "the fake server's time, and what has passed since";

  Open(nullptr, "boot-2");  // Nothing ties these clocks to the server's yet.
  const size_t hellos = server_.hellos.size();
  ASSERT_TRUE(Sync().complete());
  ASSERT_GT(server_.hellos.size(), hellos);
  EXPECT_EQ(server_.hellos[hellos].clock().server_time_us(), 0);
}

TEST_F(SessionTest, AFrameSaysAtWhichOfTheServersMomentsItWasMade) {
  OpenEnrolled();
  AppendNotes(1);
  Open(nullptr, "boot-2");
  server_.fate = [](const std::string& method, const std::string&) {
    return FakeServer::Fate{
        method.find("Push") == std::string::npos ? absl::OkStatus() : absl::UnavailableError("not yet"), false};
  };
  EXPECT_FALSE(Sync().complete());  // Its Hello is this boot's exchange.
  server_.fate = nullptr;
  ASSERT_TRUE(Sync().complete());
  ASSERT_EQ(server_.headers.size(), 1u);
  EXPECT_TRUE(server_.headers[0].empties_queue());
  EXPECT_EQ(server_.headers[0].clock(0).boot_id(), "boot-2");
  EXPECT_GT(server_.headers[0].clock(0).server_time_us(), 0);
}

TEST_F(SessionTest, GrantsBoundFrames) {
  OpenEnrolled();
  server_.grant.set_frame_entries_max(10);
  EXPECT_TRUE(Sync().complete());  // Nothing to send yet; the Hello's answer grants.
  AppendNotes(25);
  EXPECT_TRUE(Sync().complete());
  ASSERT_EQ(server_.headers.size(), 3u);
  for (const v1::FrameHeader& header : server_.headers) EXPECT_LE(header.last_seq() - header.first_seq() + 1, 10u);
}

TEST_F(SessionTest, RefusedTokenStopsAndSaysSo) {
  OpenEnrolled();
  AppendNotes(1);
  server_.refuse_token = true;
  const v1::SyncReport report = Sync();
  EXPECT_THAT(report.stopped_because(), testing::HasSubstr("refuses this device"));
  server_.refuse_token = false;
  EXPECT_TRUE(Sync().complete());
}

TEST_F(SessionTest, ABoundOfBytesIsOneWithWhichSomethingIsSent) {
  OpenEnrolled();
  AppendNotes(1);
  v1::SyncBudget budget;
  budget.set_time_ms_max(500);
  budget.set_bytes_max(8191);
  const absl::Status refused = session_->SyncOnce(budget).status();
  EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
  EXPECT_EQ(refused.message(), "bytes_max: 8191, must be 0 or at least 8192");
  budget.set_bytes_max(8192);
  const absl::StatusOr<v1::SyncReport> report = session_->SyncOnce(budget);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->entries_sent(), 1u);
}

TEST_F(SessionTest, EnrollingAgainBringsATokenThatWorks) {
  OpenEnrolled();
  AppendNotes(1);
  ASSERT_TRUE(Enrol().ok());
  EXPECT_EQ(server_.enrol_request_ids.size(), 2u);
  EXPECT_TRUE(Sync().complete());
  EXPECT_EQ(NotesAtServer(), NotesRecorded());
}

TEST_F(SessionTest, StartedSyncSendsWhatIsRecordedByItself) {
  OpenEnrolled();
  ASSERT_TRUE(session_->SyncStart().ok());
  ASSERT_TRUE(session_->SyncStart().ok());
  AppendNotes(3);
  // Each poll waits for the next event; the last one tells that all three are safe.
  bool safe = false;
  for (int i = 0; i < 100 && !safe; ++i) {
    const absl::StatusOr<v1::EventsPollResponse> response = session_->EventsPoll(10, 5000);
    ASSERT_TRUE(response.ok());
    for (const v1::PhoneEvent& event : response->events()) {
      safe = safe || (event.kind() == v1::PhoneEvent::KIND_ENTRIES_SAFE && event.position().seq() == 3);
    }
  }
  EXPECT_TRUE(safe);
  EXPECT_TRUE(session_->SyncStop().ok());
  EXPECT_EQ(Status().engine_state(), "stopped");
  EXPECT_EQ(NotesAtServer(), NotesRecorded());
}

TEST_F(SessionTest, NoticesThatDoNotExistAreRefused) {
  OpenEnrolled();
  EXPECT_TRUE(session_->Notify(v1::PHONE_NOTICE_FOREGROUND).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(session_->Notify(v1::PHONE_NOTICE_UNSPECIFIED)));
  EXPECT_TRUE(absl::IsInvalidArgument(session_->Notify(static_cast<v1::PhoneNotice>(99))));
}

TEST_F(SessionTest, UnenrolledPhoneNeitherSyncsNorRecords) {
  Open();
  EXPECT_TRUE(absl::IsFailedPrecondition(session_->SyncOnce({}).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(session_->SyncStart()));
  EXPECT_TRUE(absl::IsFailedPrecondition(session_->Append(NoteRequest("v", "x")).status()));
  EXPECT_FALSE(Status().enrolled());
}

TEST_F(SessionTest, ClosingWakesEverybodyWhoWaits) {
  OpenEnrolled();
  Open(std::make_unique<SilentTransport>());
  absl::Status polled;
  absl::Status synced;
  std::thread poll([&] { polled = session_->EventsPoll(1, 60000).status(); });
  v1::SyncBudget budget;
  budget.set_time_ms_max(60000);
  std::thread sync([&] { synced = session_->SyncOnce(budget).status(); });
  // The sync has begun when the mode is told.
  for (int i = 0; i < 100000 && Status().engine_state() != "syncing"; ++i) std::this_thread::yield();
  session_->Close();
  poll.join();
  sync.join();
  EXPECT_TRUE(absl::IsCancelled(synced)) << synced;
  EXPECT_TRUE(polled.ok() || absl::IsCancelled(polled)) << polled;
}

}  // namespace
}  // namespace doorstep
