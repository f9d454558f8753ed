#include "client_core/session/session.h"

#include <memory>
#include <string>
#include <thread>

#include "client_core/base/ids.h"
#include "tests/unit/client_core/session/session_fixture.h"

namespace doorstep {
namespace {

// A transport that never answers.
class SilentTransport final : public Transport {
 public:
  void Start(uint64_t, UnaryCall, Done) override {}
  void Cancel(uint64_t) override {}
};

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

TEST_F(SessionTest, TapsAndCallsAreMeasured) {
  OpenEnrolled();
  AppendNotes(2);
  EXPECT_FALSE(session_->Append(v1::AppendRequest()).ok());
  Sync();
  EXPECT_THAT(Measured(), testing::IsSupersetOf({"append  OK", "append  OK", "append  INVALID_ARGUMENT",
                                                 "call /doorstep.v1.SyncService/Push OK",
                                                 "call /doorstep.v1.SyncService/Pull OK"}));
}

TEST_F(SessionTest, ACallThatIsGivenUpIsMeasuredAsSuch) {
  OpenEnrolled();
  AppendNotes(1);
  Open(std::make_unique<SilentTransport>());
  EXPECT_FALSE(Sync(20).complete());
  EXPECT_THAT(Measured(), testing::Contains("call /doorstep.v1.SyncService/Push CANCELLED"));
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
  v1::ReadinessRequest request;
  *request.mutable_sync() = budget;
  EXPECT_EQ(session_->PrepareOffline(request).status().message(), "sync.bytes_max: 8191, must be 0 or at least 8192");
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
