#include "tests/unit/client_core/store/local_view_fixture.h"

namespace doorstep {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(LocalViewTest, ShowsOwnEntriesUntilTheRowHasFoldedThem) {
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1"));
  ApplyDelta(ana_feed_);
  EXPECT_EQ(See("v1").visit().state(), v1::VISIT_STATE_DISPATCHED);
  Append(EntryOf("v1", v1::LogEntry::kTravelStarted, 1));
  Append(EntryOf("v1", v1::LogEntry::kArrived, 2));
  Append(EntryOf("v2", v1::LogEntry::kNote, 3));
  EXPECT_EQ(See("v1").visit().state(), v1::VISIT_STATE_ON_SITE);
  EXPECT_EQ(See("v1").own_entries(), 2u);

  // Judged, but the visit's row is still on its way: nothing vanishes meanwhile.
  device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(1, 2));
  ApplyDelta(device_feed_);
  Settle();
  EXPECT_EQ(See("v1").visit().state(), v1::VISIT_STATE_ON_SITE);
  EXPECT_EQ(See("v1").own_entries(), 2u);

  v1::Visit folded = VisitRow("v1", 2);
  folded.set_state(v1::VISIT_STATE_ON_SITE);
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", folded);
  ApplyDelta(ana_feed_);
  EXPECT_EQ(See("v1").own_entries(), 0u);  // Even before C2: the row says what it has folded.
  EXPECT_EQ(See("v1").visit().state(), v1::VISIT_STATE_ON_SITE);
  Settle();
  EXPECT_EQ(journal().pending().at(1).size(), 1u);
  EXPECT_EQ(See("v1").own_entries(), 0u);
}

TEST_F(LocalViewTest, ConvergesWhenKilledBetweenTheTwoSteps) {
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1"));
  ApplyDelta(ana_feed_);
  Append(EntryOf("v1", v1::LogEntry::kTravelStarted, 1));
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1", 1));
  device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(1, 1));
  ApplyDelta(ana_feed_);
  ApplyDelta(device_feed_);
  EXPECT_EQ(journal().epochs().at(1).settled_through, 0u);  // C1 of both feeds, no C2.
  ASSERT_OK(Open());
  EXPECT_EQ(journal().epochs().at(1).received_through, 1u);
  EXPECT_EQ(journal().epochs().at(1).judged_through, 1u);
  EXPECT_EQ(journal().epochs().at(1).settled_through, 1u);
  EXPECT_EQ(Stage(1), v1::ENTRY_STAGE_COUNTED);
  const absl::StatusOr<std::vector<MarkMove>> again = store_->Settle();
  ASSERT_TRUE(again.ok());
  EXPECT_THAT(*again, IsEmpty());
}

TEST_F(LocalViewTest, TellsHowFarMarksMoved) {
  AppendNotes(3);
  ASSERT_OK(journal().Acknowledge(MarkAt(1, 1)).status());
  device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(1, 2));
  ApplyDelta(device_feed_);
  const absl::StatusOr<std::vector<MarkMove>> moves = store_->Settle();
  ASSERT_TRUE(moves.ok());
  ASSERT_EQ(moves->size(), 1u);
  EXPECT_EQ(moves->at(0).received_before, 1u);
  EXPECT_EQ(moves->at(0).received_after, 2u);
  EXPECT_EQ(moves->at(0).judged_before, 0u);
  EXPECT_EQ(moves->at(0).judged_after, 2u);
}

// Its technician came back to the company, or its visit has been made; the visit's row comes with another feed.
TEST_F(LocalViewTest, AnEntryThatWasSettledAsNotCountingAndCountsIsShownUntilTheRowHasIt) {
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1"));
  ApplyDelta(ana_feed_);
  for (const bool judgement_goes : {false, true}) {
    const uint64_t seq = Append(EntryOf("v1", v1::LogEntry::kTravelStarted, 1));
    Quarantine(seq);
    device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(1, seq));
    ApplyDelta(device_feed_);
    Settle();
    ASSERT_EQ(journal().epochs().at(1).settled_through, seq);
    ASSERT_EQ(See("v1").own_entries(), 0u);
    if (judgement_goes) {
      device_feed_.Leave(v1::ENTITY_KIND_JUDGEMENT, "d7.1." + std::to_string(seq), "", "");
    } else {
      Judge(seq, v1::VERDICT_COUNTED);
    }
    EXPECT_FALSE(ApplyDelta(device_feed_).went_back);
    EXPECT_EQ(See("v1").own_entries(), 1u);
    Settle();
    EXPECT_EQ(See("v1").own_entries(), 1u);
    ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1", seq));
    ApplyDelta(ana_feed_);
    Settle();
    EXPECT_EQ(See("v1").own_entries(), 0u);
    EXPECT_EQ(journal().epochs().at(1).settled_through, seq);
  }
}

TEST_F(LocalViewTest, JudgesWhatItHasInCommonWithAClone) {
  AppendNotes(3);
  ASSERT_OK(journal().Acknowledge(MarkAt(1, 2)).status());
  const v1::Fork fork = ForkOf(1, 2, 3);
  ASSERT_OK(store_->Fork(fork).status());
  v1::JournalState of_the_clone;  // It went on from entry 2 to entry 9.
  of_the_clone.mutable_mark()->set_epoch(1);
  of_the_clone.mutable_mark()->set_received_through(9);
  of_the_clone.mutable_mark()->set_hash(std::string(32, 'x'));
  of_the_clone.set_judged_through(9);
  device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", of_the_clone);
  ApplyDelta(device_feed_);
  Settle();
  EXPECT_EQ(journal().epochs().at(1).judged_through, 2u);
  EXPECT_EQ(Stage(1), v1::ENTRY_STAGE_COUNTED);
  EXPECT_EQ(Stage(3), v1::ENTRY_STAGE_SAVED_HERE) << "it goes on in the new epoch";
}

TEST_F(LocalViewTest, KeepsTheEntriesOfAVisitThatLeft) {
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1"));
  ApplyDelta(ana_feed_);
  Append(EntryOf("v1", v1::LogEntry::kTravelStarted, 1));
  ana_feed_.Leave(v1::ENTITY_KIND_VISIT, "v1", "reassigned to Ben", "ben");
  ApplyDelta(ana_feed_);
  EXPECT_TRUE(absl::IsNotFound(store_->view().Visit("v1").status()));
  Append(EntryOf("v1", v1::LogEntry::kArrived, 2));
  EXPECT_EQ(journal().ReadForFrame(1, 0, 10, kNoBound)->entries.size(), 2u);
  const std::string why = ExplainedVisit("v1");
  EXPECT_THAT(why, HasSubstr("reassigned to Ben"));
  EXPECT_THAT(why, HasSubstr("2 entries recorded for it are kept here"));

  device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(1, 2));
  ApplyDelta(device_feed_);
  Settle();
  EXPECT_EQ(Stage(2), v1::ENTRY_STAGE_COUNTED);
  EXPECT_EQ(journal().epochs().at(1).settled_through, 2u);
}

TEST_F(LocalViewTest, WaitsForTheTechnicianFeedBeforeItTakesAVisitForAbsent) {
  ApplyDelta(ana_feed_);
  v1::LogEntry opened = EntryOf("made-here", v1::LogEntry::kNote);
  opened.mutable_visit_opened_on_site()->set_account_id("mill");
  opened.mutable_visit_opened_on_site()->set_kind(v1::WORK_ORDER_KIND_CORRECTIVE);
  Append(opened);
  Append(EntryOf("made-here", v1::LogEntry::kWorkStarted, 2));
  EXPECT_THAT(VisitIds(), ElementsAre("made-here"));
  EXPECT_EQ(See("made-here").visit().account_id(), "mill");
  EXPECT_EQ(See("made-here").visit().state(), v1::VISIT_STATE_IN_PROGRESS);
  device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(1, 2));
  ApplyDelta(device_feed_);
  Settle();
  EXPECT_THAT(VisitIds(), ElementsAre("made-here"));  // Its row may be a page away.
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "made-here", VisitRow("made-here", 2));
  ApplyDelta(ana_feed_);
  Settle();
  EXPECT_THAT(VisitIds(), ElementsAre("made-here"));
  EXPECT_EQ(journal().epochs().at(1).settled_through, 2u);
}

TEST_F(LocalViewTest, ListsByPlannedTimeWithNamesAndPerTechnician) {
  v1::Visit late = VisitRow("a");
  late.mutable_planned()->set_start_time_us(kNineOClockUs + 1000);
  late.set_site_id("mill-hall");
  v1::Visit early = VisitRow("b");
  early.mutable_planned()->set_start_time_us(kNineOClockUs);
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "a", late);
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "b", early);
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "unplanned", VisitRow("unplanned"));
  v1::AccountBrief brief;
  brief.set_account_id("mill");
  brief.set_account_name("Hill Mill");
  ana_feed_.Put(v1::ENTITY_KIND_BRIEF, "mill", brief);
  v1::Site site;
  site.set_address("1 Mill Lane");
  site.set_hazards("Mind the race.");
  site.set_access_notes("Ring at gate 2.");
  ana_feed_.Put(v1::ENTITY_KIND_SITE, "mill-hall", site);
  ApplyDelta(ana_feed_);
  EXPECT_THAT(VisitIds(), ElementsAre("b", "a", "unplanned"));
  EXPECT_EQ(See("a").account_name(), "Hill Mill");
  EXPECT_EQ(See("a").site_address(), "1 Mill Lane");
  EXPECT_EQ(See("a").site_hazards(), "Mind the race.");
  EXPECT_EQ(See("a").site_access_notes(), "Ring at gate 2.");
  EXPECT_EQ(store_->view().Visits("ana")->size(), 3u);
  EXPECT_THAT(*store_->view().Visits("ben"), IsEmpty());
  EXPECT_EQ(store_->view().Brief("mill")->account_name(), "Hill Mill");
  EXPECT_TRUE(absl::IsNotFound(store_->view().Brief("nobody").status()));
}

TEST_F(LocalViewTest, ShowsEachEntryOnItsWay) {
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1", 2));
  ApplyDelta(ana_feed_);
  AppendNotes(4);
  ASSERT_OK(journal().Acknowledge(MarkAt(1, 3)).status());
  Quarantine(2);
  device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(1, 2));
  ApplyDelta(device_feed_);
  Settle();
  EXPECT_EQ(Stage(1), v1::ENTRY_STAGE_COUNTED);
  EXPECT_EQ(Stage(2), v1::ENTRY_STAGE_NEEDS_ATTENTION);
  EXPECT_EQ(Stage(3), v1::ENTRY_STAGE_SAFE_AT_OFFICE);
  EXPECT_EQ(Stage(4), v1::ENTRY_STAGE_SAVED_HERE);
  EXPECT_TRUE(absl::IsNotFound(StatusOfEntry(journal(), store_->replica(), MakePosition("d7", 1, 5)).status()));

  const v1::PhoneStatus status = Status();
  EXPECT_TRUE(status.enrolled());
  EXPECT_EQ(status.device(), "d7");
  EXPECT_EQ(status.entries_recorded(), 4u);
  EXPECT_EQ(status.entries_saved_here(), 1u);
  EXPECT_EQ(status.entries_safe(), 1u);
  EXPECT_EQ(status.entries_counted(), 1u);
  EXPECT_EQ(status.entries_needing_attention(), 1u);
  EXPECT_EQ(status.oldest_queued_time_us(), kNineOClockUs + int64_t{3} * 60000000);
  EXPECT_EQ(status.visits(), 1u);
  EXPECT_TRUE(status.feeds_at_head());

  v1::ExplainRequest request;
  *request.mutable_entry() = MakePosition("d7", 1, 2);
  EXPECT_THAT(Explained(request), HasSubstr("does not count yet"));
  EXPECT_THAT(Explained(request), HasSubstr("the office will look for the right visit"));
}

TEST_F(LocalViewTest, ShowsWhatAPersonDecidedAboutAnEntry) {
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1", 5));
  ApplyDelta(ana_feed_);
  AppendNotes(5);
  ASSERT_OK(journal().Acknowledge(MarkAt(1, 5)).status());
  Judge(1, v1::VERDICT_REPAIRED);
  Judge(2, v1::VERDICT_DISMISSED);
  Judge(3, v1::VERDICT_COUNTED);
  Judge(4, static_cast<v1::Verdict>(99));
  device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(1, 5));
  ApplyDelta(device_feed_);
  Settle();
  EXPECT_EQ(Stage(1), v1::ENTRY_STAGE_REPAIRED);
  EXPECT_EQ(Stage(2), v1::ENTRY_STAGE_DISMISSED);
  EXPECT_EQ(Stage(3), v1::ENTRY_STAGE_COUNTED);
  EXPECT_EQ(Stage(4), v1::ENTRY_STAGE_NEEDS_ATTENTION) << "never \"counted\" on a word that is not understood";
  EXPECT_EQ(Status().entries_counted(), 2u);
  EXPECT_EQ(Status().entries_needing_attention(), 1u);
  EXPECT_EQ(Status().entries_repaired(), 1u);
  EXPECT_EQ(Status().entries_dismissed(), 1u);
  v1::ExplainRequest request;
  *request.mutable_entry() = MakePosition("d7", 1, 1);
  EXPECT_THAT(Explained(request), HasSubstr("entry office.77.1 of the office stands in for it"));
  *request.mutable_entry() = MakePosition("d7", 1, 2);
  EXPECT_THAT(Explained(request), HasSubstr("it is kept, and does not count"));
}

TEST_F(LocalViewTest, TheCountsOfTheStatusAddUpToWhatWasRecorded) {
  const auto add_up = [&](const char* when) {
    const v1::PhoneStatus status = Status();
    EXPECT_EQ(status.entries_recorded(), status.entries_saved_here() + status.entries_safe() +
                                             status.entries_counted() + status.entries_needing_attention() +
                                             status.entries_repaired() + status.entries_dismissed())
        << when << ": " << status.ShortDebugString();
  };
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1", 5));
  ApplyDelta(ana_feed_);
  AppendNotes(8);
  ASSERT_OK(journal().Acknowledge(MarkAt(1, 7)).status());
  Judge(1, v1::VERDICT_REPAIRED);
  Judge(2, v1::VERDICT_DISMISSED);
  Judge(3, v1::VERDICT_APPLIED_WITH_ATTENTION);
  Judge(4, v1::VERDICT_QUARANTINED);
  Judge(6, v1::VERDICT_QUARANTINED);  // Told before the office says that it has judged so far.
  Judge(8, v1::VERDICT_QUARANTINED);  // A restored server does not have it any more.
  device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(1, 5));
  ApplyDelta(device_feed_);
  Settle();
  add_up("judged");
  EXPECT_EQ(Status().entries_counted(), 1u) << "the fifth";
  EXPECT_EQ(Status().entries_needing_attention(), 3u);
  EXPECT_EQ(Status().entries_safe(), 1u) << "the seventh";
  EXPECT_EQ(Status().entries_saved_here(), 1u);
  EXPECT_EQ(Stage(8), v1::ENTRY_STAGE_SAVED_HERE) << "what is said of it is no word of an office that has it";
}

// The judgement that a replay brings may come a page before the visit's row.
TEST_F(LocalViewTest, AnEntryThatCountsAgainIsShownUntilTheRowHasIt) {
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1"));
  ApplyDelta(ana_feed_);
  Append(EntryOf("v1", v1::LogEntry::kWorkStarted));
  ASSERT_OK(journal().Acknowledge(MarkAt(1, 1)).status());
  Judge(1, v1::VERDICT_COUNTED);
  device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(1, 1));
  ApplyDelta(device_feed_);
  Settle();
  EXPECT_EQ(See("v1").visit().state(), v1::VISIT_STATE_IN_PROGRESS);
}

TEST_F(LocalViewTest, StatusKnowsTheLastContactAndTheLastEntryAfterReopening) {
  EXPECT_FALSE(Status().has_last_entry());
  v1::ClockSample exchange;
  exchange.set_boot_id("boot-1");
  exchange.set_monotonic_us(1000);
  exchange.set_server_time_us(kNineOClockUs);
  ASSERT_OK(journal().boots().Record(exchange));
  ASSERT_OK(store_->replica().NoteContact(kNineOClockUs, /*write=*/true));
  exchange.set_monotonic_us(2000);  // Too soon after the first to be written.
  exchange.set_server_time_us(kNineOClockUs + 1000);
  ASSERT_OK(journal().boots().Record(exchange));
  ASSERT_OK(store_->replica().NoteContact(kNineOClockUs + 1000, /*write=*/true));
  AppendNotes(3);
  ASSERT_OK(Open());
  EXPECT_EQ(Status().last_contact_time_us(), kNineOClockUs + 1000);
  EXPECT_EQ(FormatPosition(Status().last_entry()), "d7.1.3");

  const v1::Fork fork = ForkOf(1, 3, 3);
  ASSERT_OK(store_->Fork(fork).status());
  EXPECT_EQ(FormatPosition(Status().last_entry()), "d7.1.3") << "nothing was recorded in the new epoch yet";
  AppendNotes(1);
  EXPECT_EQ(FormatPosition(Status().last_entry()), "d7.3.1");
}

TEST_F(LocalViewTest, ListsTheQueueAPageAtATime) {
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1", 4));
  ApplyDelta(ana_feed_);
  AppendNotes(7);
  ASSERT_OK(journal().Acknowledge(MarkAt(1, 5)).status());
  Quarantine(2);
  device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(1, 4));
  ApplyDelta(device_feed_);
  Settle();
  const auto list = [&](bool all, uint32_t limit) {
    std::vector<uint64_t> seqs;
    v1::QueueListRequest request;
    request.set_all(all);
    request.set_limit(limit);
    while (true) {
      const absl::StatusOr<v1::QueueListResponse> page = ListQueue(journal(), store_->replica(), request);
      EXPECT_TRUE(page.ok());
      if (!page.ok()) return seqs;
      EXPECT_LE(page->entries_size(), static_cast<int>(limit));
      for (const v1::EntryStatus& entry : page->entries()) seqs.push_back(entry.position().seq());
      if (!page->more()) return seqs;
      *request.mutable_after() = page->entries().rbegin()->position();
    }
  };
  for (const uint32_t limit : {1u, 2u, 3u, 100u}) {
    EXPECT_THAT(list(false, limit), ElementsAre(2, 5, 6, 7)) << limit;
    EXPECT_THAT(list(true, limit), ElementsAre(1, 2, 3, 4, 5, 6, 7)) << limit;
  }
  v1::QueueListRequest too_many;
  too_many.set_limit(1001);
  EXPECT_TRUE(absl::IsInvalidArgument(ListQueue(journal(), store_->replica(), too_many).status()));

  const v1::Fork fork = ForkOf(1, 5, 3);
  ASSERT_OK(store_->Fork(fork).status());
  for (const uint32_t limit : {1u, 3u, 100u}) {
    EXPECT_THAT(list(false, limit), ElementsAre(2, 5, 6, 7)) << limit;  // Named by their first positions.
  }
}

TEST_F(LocalViewTest, OneMoreEntryCostsOneEntryHoweverManyWait) {
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1"));
  ApplyDelta(ana_feed_);
  for (int i = 0; i < 300; ++i) {
    Append(EntryOf(i % 3 == 0 ? "v2" : "v1", i % 2 == 0 ? v1::LogEntry::kArrived : v1::LogEntry::kNote, i));
    const absl::StatusOr<v1::Visit> visit = store_->view().VisitAlone("v1");
    ASSERT_TRUE(visit.ok()) << visit.status();
  }
  ASSERT_TRUE(store_->shown().has_value());
  EXPECT_EQ(store_->shown()->overlay->added(), 200u);
  EXPECT_EQ(store_->shown()->overlay->laid(), 100u) << "each arrival once";
  EXPECT_EQ(See("v1").own_entries(), 200u);
}

TEST_F(LocalViewTest, WhatItRemembersIsForgottenWhenTheFilesChange) {
  EXPECT_TRUE(absl::IsNotFound(store_->view().VisitAlone("v1").status()));
  Append(EntryOf("v1", v1::LogEntry::kArrived, 1));
  EXPECT_TRUE(absl::IsNotFound(store_->view().VisitAlone("v1").status()));
  v1::LogEntry opened = EntryOf("v1", v1::LogEntry::kNote, 2);
  opened.mutable_visit_opened_on_site()->set_account_id("mill");
  opened.mutable_visit_opened_on_site()->set_reason("look at the other boiler");
  Append(opened);
  EXPECT_EQ(See("v1").own_entries(), 2u) << "opened since";

  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1", 1));
  ApplyDelta(ana_feed_);
  EXPECT_EQ(See("v1").own_entries(), 1u) << "a page came";
  Quarantine(2);
  ApplyDelta(device_feed_);
  EXPECT_EQ(See("v1").own_entries(), 0u) << "a judgement came";

  Append(EntryOf("v1", v1::LogEntry::kNote, 3));
  EXPECT_EQ(See("v1").own_entries(), 1u);
  const v1::Fork fork = ForkOf(1, 0, 3);
  ASSERT_OK(store_->Fork(fork).status());
  EXPECT_EQ(See("v1").own_entries(), 3u) << "the journal moved on, and nothing is known about its new epoch";
  device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "3", Judged(3, 3));
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1", 3, 3));
  ApplyDelta(device_feed_);
  ApplyDelta(ana_feed_);
  Settle();
  EXPECT_TRUE(journal().PendingOf("v1").empty());
  Append(EntryOf("v1", v1::LogEntry::kNote, 4));
  EXPECT_EQ(See("v1").own_entries(), 1u);
  ASSERT_OK(store_->RepairJournal(absl::DataLossError("found by a check")));
  EXPECT_EQ(See("v1").own_entries(), 1u);
}

TEST_F(LocalViewTest, ExplainsVisitsItDoesNotHave) {
  EXPECT_THAT(ExplainedVisit("v9"), HasSubstr("Nothing has been fetched"));
  ApplyDelta(ana_feed_);
  EXPECT_THAT(ExplainedVisit("v9"), HasSubstr("never sent this visit"));
  EXPECT_THAT(Explained(v1::ExplainRequest()), HasSubstr("INVALID_ARGUMENT"));
}

}  // namespace
}  // namespace doorstep
