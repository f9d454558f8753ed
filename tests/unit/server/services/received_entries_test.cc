// What an administrator sees of what phones sent: journals, entries and what they moved, quarantine.
#include <gmock/gmock.h>

#include "client_core/sqlite/database.h"
#include "tests/unit/server/services/admin_fixture.h"

namespace doorstep::testing {
namespace {

using Stub = v1::AdminService::Stub;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using ReceivedEntriesTest = AdminServiceTest;

// What a disk does that flips a bit while the server is stopped.
TEST_F(ReceivedEntriesTest, ADamagedFrameHidesNothingButItsOwnEntriesAndNamesThem) {
  DispatchedVisit("V-1", "T-1");
  Phone phone = Enroll("T-1");
  Push(phone, {ArrivedEntry("V-1")});
  Push(phone, {WorkStartedEntry("V-1"), NoteEntry("V-1", "a note")});
  Push(phone, {OutcomeEntry("V-1", v1::OUTCOME_CODE_RESOLVED)});
  server_.reset();
  {
    auto db = sqlite::Database::Open({.path = folder_.path() + "/data/doorstep.db"});
    ASSERT_TRUE(db.ok()) << db.status();
    const absl::Status damaged = (*db)->Execute("UPDATE frame SET bytes = substr(bytes, 1, 40) WHERE first_seq = 2");
    ASSERT_TRUE(damaged.ok()) << damaged;
  }
  Restart();

  v1::GetJournalRequest request;
  request.set_device("d1");
  v1::GetJournalResponse journal;
  ASSERT_OK(Ask(admin_, &Stub::GetJournal, request, &journal));
  ASSERT_EQ(journal.entries_size(), 4);
  EXPECT_TRUE(journal.entries(0).entry().has_arrived());
  EXPECT_TRUE(journal.entries(3).entry().has_outcome_reported());
  EXPECT_FALSE(journal.entries(0).hash().empty());
  for (const int damaged : {1, 2}) {
    const v1::ReceivedEntry& entry = journal.entries(damaged);
    EXPECT_EQ(entry.position().seq(), static_cast<uint64_t>(damaged + 1));
    EXPECT_EQ(entry.hash(), "") << "nothing to hash any more";
    EXPECT_THAT(entry.judgement().message(), HasSubstr("damaged on the server's disk"));
  }
  // The visit had folded it while it could be read; a note is nothing that a visit folds.
  EXPECT_EQ(journal.entries(1).entry().visit_id(), "V-1");
  EXPECT_EQ(journal.entries(1).author(), "T-1");
  EXPECT_THAT(journal.entries(1).judgement().message(), HasSubstr("it was work started"));

  v1::GetVisitLogRequest log_request;
  log_request.set_id("V-1");
  v1::GetVisitLogResponse log;
  ASSERT_OK(Ask(dispatch_, &v1::DispatchService::Stub::GetVisitLog, log_request, &log));
  ASSERT_EQ(log.items_size(), 4);
  EXPECT_EQ(log.items(0).judgement(), "counted");
  EXPECT_THAT(log.items(1).judgement(), ::testing::StartsWith("damaged on the server's disk"));
  EXPECT_THAT(log.items(2).judgement(), HasSubstr("perhaps of another visit"));
  EXPECT_EQ(log.items(3).judgement(), "counted");

  const v1::GetEntryResponse entry = Entry(2);
  EXPECT_EQ(entry.visit().id(), "V-1");
  EXPECT_THAT(entry.entry().judgement().message(), HasSubstr("damaged"));

  v1::RebuildResponse rebuilt;
  ASSERT_OK(Ask(admin_, &Stub::Rebuild, v1::RebuildRequest(), &rebuilt));
  EXPECT_FALSE(rebuilt.equal());
  EXPECT_THAT(rebuilt.differences(), ElementsAre(HasSubstr("entries d1.1.2 to 3")));
}

TEST_F(ReceivedEntriesTest, AJournalSaysWhatCorrectsAndRetractsAnEntry) {
  DispatchedVisit("V-1", "T-1");
  Phone phone = Enroll("T-1");
  Push(phone, {ArrivedEntry("V-1"), OutcomeEntry("V-1", v1::OUTCOME_CODE_RESOLVED), NoteEntry("V-1", "a note")});
  const auto retraction = [](uint64_t seq) {
    v1::LogEntry entry;
    entry.set_visit_id("V-1");
    entry.mutable_retraction()->mutable_target()->set_device("d1");
    entry.mutable_retraction()->mutable_target()->set_epoch(1);
    entry.mutable_retraction()->mutable_target()->set_seq(seq);
    entry.mutable_retraction()->set_reason("a slip");
    return entry;
  };
  v1::LogEntry correction;
  correction.set_visit_id("V-1");
  *correction.mutable_correction()->mutable_target() = retraction(2).retraction().target();
  *correction.mutable_correction()->mutable_replacement() = OutcomeEntry("V-1", v1::OUTCOME_CODE_NOT_RESOLVED);
  correction.mutable_correction()->set_reason("it was not");
  Push(phone, {correction, retraction(3), retraction(1), retraction(6)});

  v1::GetJournalRequest request;
  request.set_device("d1");
  v1::GetJournalResponse journal;
  ASSERT_OK(Ask(admin_, &Stub::GetJournal, request, &journal));
  ASSERT_EQ(journal.entries_size(), 7);
  EXPECT_EQ(journal.entries(0).judgement().message(), "") << "what retracted it was retracted itself";
  EXPECT_EQ(journal.entries(1).judgement().message(), "corrected by d1.1.4");
  EXPECT_EQ(journal.entries(2).judgement().message(), "retracted by d1.1.5");
  EXPECT_EQ(journal.entries(3).judgement().message(), "");
  EXPECT_EQ(journal.entries(5).judgement().message(), "retracted by d1.1.7");
  EXPECT_EQ(Entry(1).superseded_by_size(), 0) << "it counts again";
  EXPECT_EQ(Entry(2).superseded_by_size(), 1);
}

TEST_F(ReceivedEntriesTest, ShowsAJournalAsReceived) {
  DispatchedVisit("V-1", "T-1");
  Phone phone = Enroll("T-1");
  Push(phone, {ArrivedEntry("V-1"), NoteEntry("V-1", "one")});
  Push(phone, {NoteEntry("V-1", "two")});
  v1::GetJournalRequest request;
  request.set_device("d1");
  request.set_limit(2);
  v1::GetJournalResponse response;
  ASSERT_OK(Ask(admin_, &Stub::GetJournal, request, &response));
  ASSERT_EQ(response.entries_size(), 2);
  EXPECT_TRUE(response.more());
  EXPECT_EQ(response.entries(0).author(), "T-1");
  EXPECT_EQ(response.entries(0).judgement().verdict(), v1::VERDICT_COUNTED);
  EXPECT_EQ(response.entries(0).hash().size(), 32u);
  *request.mutable_after() = response.entries(1).position();
  ASSERT_OK(Ask(admin_, &Stub::GetJournal, request, &response));
  ASSERT_EQ(response.entries_size(), 1);
  EXPECT_FALSE(response.more());
  EXPECT_EQ(response.entries(0).entry().note().text(), "two");
  EXPECT_EQ(response.entries(0).hash(), phone.head_hash);
}

TEST_F(ReceivedEntriesTest, NamesFieldAndBoundOfBadJournalReads) {
  v1::GetJournalRequest request;
  v1::GetJournalResponse response;
  EXPECT_CODE(Ask(admin_, &Stub::GetJournal, request, &response), INVALID_ARGUMENT, "device: must have 1 to 32 bytes");
  request.set_device("d9");
  EXPECT_CODE(Ask(admin_, &Stub::GetJournal, request, &response), NOT_FOUND, "no device d9");
  request.set_limit(1001);
  EXPECT_CODE(Ask(admin_, &Stub::GetJournal, request, &response), INVALID_ARGUMENT, "limit: must be 0 to 1000");
  v1::GetEntryRequest entry;
  v1::GetEntryResponse got;
  EXPECT_CODE(Ask(admin_, &Stub::GetEntry, entry, &got), INVALID_ARGUMENT, "position.device: must have 1 to 32 bytes");
  entry.mutable_position()->set_device("d1");
  EXPECT_CODE(Ask(admin_, &Stub::GetEntry, entry, &got), INVALID_ARGUMENT, "position.epoch: must be at least 1");
  Enroll("T-1");
  entry.mutable_position()->set_epoch(1);
  entry.mutable_position()->set_seq(5);
  EXPECT_CODE(Ask(admin_, &Stub::GetEntry, entry, &got), NOT_FOUND, "entry d1.1.5 was not received");
}

TEST_F(ReceivedEntriesTest, SaysInPlainWordsWhatAnEntryMoved) {
  DispatchedVisit("V-1", "T-1");
  Phone phone = Enroll("T-1");
  v1::LogEntry retraction;
  retraction.set_visit_id("V-1");
  retraction.mutable_retraction()->mutable_target()->set_device("d1");
  retraction.mutable_retraction()->mutable_target()->set_epoch(1);
  retraction.mutable_retraction()->mutable_target()->set_seq(2);
  Push(phone, {ArrivedEntry("V-1"), NoteEntry("V-1", "wrong"), WorkStartedEntry("V-1"),
               OutcomeEntry("V-1", v1::OUTCOME_CODE_NOT_RESOLVED), retraction});
  const v1::GetEntryResponse outcome = Entry(4);
  EXPECT_EQ(outcome.visit().state(), v1::VISIT_STATE_INCOMPLETE);
  ASSERT_GE(outcome.effects_size(), 1);
  EXPECT_THAT(outcome.effects(0), HasSubstr("V-1"));
  EXPECT_THAT(outcome.effects(0), HasSubstr("points for account A-1"));
  EXPECT_THAT(outcome.effects(0), HasSubstr(": -"));
  const v1::GetEntryResponse note = Entry(2);
  ASSERT_EQ(note.superseded_by_size(), 1);
  EXPECT_EQ(note.superseded_by(0).seq(), 5u);
  EXPECT_THAT(note.effects(0), HasSubstr("retracted by d1.1.5"));
  EXPECT_THAT(Entry(3).effects(0), Not(HasSubstr("is kept with the visit")));
}

TEST_F(ReceivedEntriesTest, KeepsWhatCannotCountInQuarantineWithItsBytes) {
  Phone phone = Enroll("T-1");
  const v1::LogEntry entry = NoteEntry("V-unknown", "whose visit?");
  Push(phone, {entry, NoteEntry("V-unknown", "again")});
  v1::ListQuarantineRequest request;
  request.set_page_size(1);
  v1::ListQuarantineResponse list;
  ASSERT_OK(Ask(admin_, &Stub::ListQuarantine, request, &list));
  ASSERT_EQ(list.entries_size(), 1);
  EXPECT_EQ(list.entries(0).judgement().reason(), v1::QUARANTINE_REASON_UNKNOWN_VISIT);
  EXPECT_EQ(list.entries(0).envelope().author(), "T-1");
  EXPECT_EQ(list.entries(0).envelope().entry(), "");
  EXPECT_GT(list.entries(0).received_time_us(), 0);
  request.set_page_token(list.next_page_token());
  ASSERT_OK(Ask(admin_, &Stub::ListQuarantine, request, &list));
  ASSERT_EQ(list.entries_size(), 1);
  EXPECT_EQ(list.entries(0).judgement().position().seq(), 2u);
  EXPECT_EQ(list.next_page_token(), "");

  v1::GetQuarantinedRequest one;
  one.mutable_position()->set_device("d1");
  one.mutable_position()->set_epoch(1);
  one.mutable_position()->set_seq(1);
  v1::GetQuarantinedResponse got;
  ASSERT_OK(Ask(admin_, &Stub::GetQuarantined, one, &got));
  v1::LogEntry stored;
  ASSERT_TRUE(stored.ParseFromString(got.entry().envelope().entry()));
  EXPECT_EQ(stored.note().text(), "whose visit?");
  EXPECT_THAT(Entry(1).effects_size(), 0);

  DispatchedVisit("V-unknown", "T-1");
  EXPECT_CODE(Ask(admin_, &Stub::GetQuarantined, one, &got), NOT_FOUND, "no quarantined entry d1.1.1");
  EXPECT_EQ(Status().quarantined(), 0u);
  request.set_page_token("!");
  EXPECT_CODE(Ask(admin_, &Stub::ListQuarantine, request, &list), INVALID_ARGUMENT, "page_token");
}

TEST_F(ReceivedEntriesTest, ListsWhatWasDismissedToWhoeverAsksForIt) {
  Phone phone = Enroll("T-1");
  Push(phone, {NoteEntry("V-unknown", "whose visit?"), NoteEntry("V-unknown", "again")});
  v1::DismissQuarantinedRequest dismiss;
  dismiss.set_request_id(NextRequestId());
  dismiss.mutable_position()->set_device("d1");
  dismiss.mutable_position()->set_epoch(1);
  dismiss.mutable_position()->set_seq(1);
  dismiss.set_reason("a test of the new app");
  v1::DismissQuarantinedResponse dismissed;
  ASSERT_OK(Ask(admin_, &Stub::DismissQuarantined, dismiss, &dismissed));

  v1::ListQuarantineRequest request;
  v1::ListQuarantineResponse list;
  ASSERT_OK(Ask(admin_, &Stub::ListQuarantine, request, &list));
  ASSERT_EQ(list.entries_size(), 1);
  EXPECT_EQ(list.entries(0).judgement().position().seq(), 2u);

  request.set_include_dismissed(true);
  request.set_page_size(1);
  ASSERT_OK(Ask(admin_, &Stub::ListQuarantine, request, &list));
  ASSERT_EQ(list.entries_size(), 1);
  EXPECT_EQ(list.entries(0).judgement().position().seq(), 2u);
  request.set_page_token(list.next_page_token());
  ASSERT_OK(Ask(admin_, &Stub::ListQuarantine, request, &list));
  ASSERT_EQ(list.entries_size(), 1);
  EXPECT_EQ(list.entries(0).judgement().verdict(), v1::VERDICT_DISMISSED);
  EXPECT_THAT(list.entries(0).judgement().message(), HasSubstr("a test of the new app"));
  EXPECT_EQ(list.next_page_token(), "");
}

TEST_F(ReceivedEntriesTest, RepairsAParkedEntryOnceHoweverOftenItIsAskedTo) {
  DispatchedVisit("V-1", "T-1");
  Phone phone = Enroll("T-1");
  Push(phone, {ArrivedEntry("V-1"), OutcomeEntry("V-7", v1::OUTCOME_CODE_RESOLVED)});
  v1::RepairQuarantinedRequest request;
  request.set_request_id(NextRequestId());
  request.mutable_position()->set_device("d1");
  request.mutable_position()->set_epoch(1);
  v1::RepairQuarantinedResponse response;
  EXPECT_CODE(Ask(admin_, &Stub::RepairQuarantined, request, &response), INVALID_ARGUMENT,
              "position.seq: must be at least 1");
  request.mutable_position()->set_seq(2);
  EXPECT_CODE(Ask(admin_, &Stub::RepairQuarantined, request, &response), INVALID_ARGUMENT,
              "reason: must have 1 to 256 bytes");
  request.set_reason("V-7 was a slip for V-1");
  request.set_visit_id(std::string(65, 'v'));
  EXPECT_CODE(Ask(admin_, &Stub::RepairQuarantined, request, &response), INVALID_ARGUMENT, "visit_id: ");
  request.set_visit_id("V-1");
  ASSERT_OK(Ask(admin_, &Stub::RepairQuarantined, request, &response));
  v1::RepairQuarantinedResponse again;
  ASSERT_OK(Ask(admin_, &Stub::RepairQuarantined, request, &again));
  EXPECT_EQ(again.DebugString(), response.DebugString());
  request.set_reason("another reason");
  EXPECT_CODE(Ask(admin_, &Stub::RepairQuarantined, request, &again), ALREADY_EXISTS, "request_id");

  const v1::GetEntryResponse old = Entry(2);
  EXPECT_EQ(old.entry().judgement().verdict(), v1::VERDICT_REPAIRED);
  v1::GetEntryRequest find;
  *find.mutable_position() = old.entry().judgement().repaired_by();
  v1::GetEntryResponse found;
  ASSERT_OK(Ask(admin_, &Stub::GetEntry, find, &found));
  EXPECT_EQ(found.entry().repairs().seq(), 2u);
  EXPECT_EQ(found.entry().author(), "T-1");
  EXPECT_EQ(found.entry().recorded_by(), "admin:a1");
  EXPECT_EQ(found.entry().entry().visit_id(), "V-1");
  EXPECT_EQ(found.visit().state(), v1::VISIT_STATE_COMPLETED);
  ASSERT_GE(found.effects_size(), 1);
  EXPECT_THAT(found.effects(0), HasSubstr("points for account A-1"));
  find.mutable_position()->set_seq(99);
  EXPECT_CODE(Ask(admin_, &Stub::GetEntry, find, &found), NOT_FOUND, "was not received");

  v1::GetVisitLogRequest log_request;
  log_request.set_id("V-1");
  v1::GetVisitLogResponse log;
  ASSERT_OK(Ask(dispatch_, &v1::DispatchService::Stub::GetVisitLog, log_request, &log));
  ASSERT_EQ(log.items_size(), 3);
  EXPECT_THAT(log.items(1).judgement(), HasSubstr("repaired by office."));
  EXPECT_EQ(log.items(2).repairs().seq(), 2u);
  EXPECT_EQ(Status().quarantined(), 0u);
}

TEST_F(ReceivedEntriesTest, DecidesAboutParkedEntriesAndSaysWhatCannotBeDecided) {
  DispatchedVisit("V-1", "T-1");
  Phone phone = Enroll("T-1");
  Push(phone, {ArrivedEntry("V-1"), NoteEntry("V-7", "only trying")});
  v1::ReplayQuarantinedRequest replay;
  replay.set_request_id(NextRequestId());
  v1::ReplayQuarantinedResponse replayed;
  EXPECT_CODE(Ask(admin_, &Stub::ReplayQuarantined, replay, &replayed), INVALID_ARGUMENT,
              "positions: must be 1 to 100");
  for (int i = 0; i < 2; ++i) *replay.add_positions() = Entry(2).entry().position();
  EXPECT_CODE(Ask(admin_, &Stub::ReplayQuarantined, replay, &replayed), INVALID_ARGUMENT, "must name d1.1.2 once");
  replay.mutable_positions()->RemoveLast();
  ASSERT_OK(Ask(admin_, &Stub::ReplayQuarantined, replay, &replayed));
  EXPECT_EQ(replayed.judgements(0).verdict(), v1::VERDICT_QUARANTINED);
  *replay.mutable_positions(0) = Entry(1).entry().position();
  replay.set_request_id(NextRequestId());
  EXPECT_CODE(Ask(admin_, &Stub::ReplayQuarantined, replay, &replayed), FAILED_PRECONDITION,
              "entry d1.1.1 is not in quarantine: it counts");

  v1::DismissQuarantinedRequest dismiss;
  dismiss.set_request_id(NextRequestId());
  *dismiss.mutable_position() = Entry(2).entry().position();
  dismiss.set_reason("a trial");
  v1::DismissQuarantinedResponse dismissed;
  ASSERT_OK(Ask(admin_, &Stub::DismissQuarantined, dismiss, &dismissed));
  EXPECT_EQ(dismissed.judgement().verdict(), v1::VERDICT_DISMISSED);
  EXPECT_THAT(Entry(2).entry().judgement().message(), HasSubstr("a trial"));
  v1::ListQuarantineResponse list;
  ASSERT_OK(Ask(admin_, &Stub::ListQuarantine, v1::ListQuarantineRequest(), &list));
  EXPECT_EQ(list.entries_size(), 0);
}

}  // namespace
}  // namespace doorstep::testing
