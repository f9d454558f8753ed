// The phone's attachments: durable and whole or not at all, named by entries, sent in order, kept until it is safe to
// let them go.
#include "client_core/store/attachments.h"

#include "tests/support/photo.h"
#include "tests/support/power_vfs.h"
#include "tests/unit/client_core/store/store_fixture.h"

namespace doorstep {
namespace {

using ::testing::ElementsAre;
using testing::HashOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Photo;
using testing::Sha256Of;

constexpr int64_t kNowUs = kNineOClockUs;
constexpr int64_t kDayUs = int64_t{86400} * 1000000;
constexpr uint64_t kPiece = limits::kAttachmentChunkBytesMax;

class AttachmentsTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    OpenEnrolled();
  }
  Attachments& photos() { return store_->attachments(); }

  absl::Status Add(const std::string& photo, v1::AttachmentKind kind = v1::ATTACHMENT_KIND_ORIGINAL) {
    return photos().Add(photo, Sha256Of(photo), kind, "image/jpeg", kNowUs).status();
  }
  static v1::LogEntry Naming(const std::string& photo, const std::string& preview = "",
                             const std::string& visit = "v1") {
    v1::LogEntry entry = EntryOf(visit, v1::LogEntry::kNote);
    v1::AttachmentAdded& added = *entry.mutable_attachment_added();
    added.set_sha256(HashOf(photo));
    added.set_size_bytes(photo.size());
    if (!preview.empty()) {
      added.set_preview_sha256(HashOf(preview));
      added.set_preview_size_bytes(preview.size());
    }
    return entry;
  }
  // Recorded and, unless `at_office` is false, received there.
  void Name(const std::string& photo, const std::string& preview = "", const std::string& visit = "v1",
            bool at_office = true) {
    const uint64_t seq = Append(Naming(photo, preview, visit));
    ASSERT_OK(photos().CatchUp(journal()).status());
    if (at_office) ASSERT_OK(journal().Acknowledge(MarkAt(1, seq)).status());
  }
  std::optional<OutgoingChunk> Next(AttachmentStep step = AttachmentStep::kOriginal, uint64_t bytes_max = kPiece) {
    std::vector<std::string> damaged;
    auto chunk = photos().NextChunk(step, journal(), bytes_max, damaged);
    EXPECT_TRUE(chunk.ok()) << chunk.status();
    return chunk.ok() ? *chunk : std::nullopt;
  }
  AttachmentMove Answer(const std::string& photo, v1::AttachmentState state, uint64_t through = 0,
                        bool backed_up = false, int64_t asked_us = 0) {
    v1::AttachmentProgress progress;
    progress.set_sha256(HashOf(photo));
    progress.set_state(state);
    progress.set_stored_through(through);
    progress.set_backed_up(backed_up);
    const auto move = photos().Take(progress, journal(), asked_us);
    EXPECT_TRUE(move.ok()) << move.status();
    return move.ok() ? *move : AttachmentMove();
  }
  v1::LocalAttachment Listed(const std::string& photo, bool metered = false) {
    v1::AttachmentsListRequest request;
    request.set_sha256(HashOf(photo));
    const auto list = photos().List(request, "d7", metered);
    EXPECT_TRUE(list.ok() && list->attachments_size() == 1) << list.status();
    return list.ok() && list->attachments_size() == 1 ? list->attachments(0) : v1::LocalAttachment();
  }
  absl::StatusOr<std::string> ReadAll(const std::string& photo) {
    v1::AttachmentReadRequest request;
    request.set_sha256(HashOf(photo));
    request.set_length(limits::kAttachmentRangeBytesMax);
    absl::StatusOr<v1::AttachmentReadResponse> read = photos().Read(request);
    if (!read.ok()) return read.status();
    return read->data();
  }
};

TEST_F(AttachmentsTest, NoFileIsMadeBeforeTheFirstAttachment) {
  AppendNotes(3);
  ASSERT_OK(Open());
  EXPECT_NE(access(Path("attachments.db").c_str(), F_OK), 0);
  ASSERT_OK(Add(Photo(10)));
  EXPECT_EQ(access(Path("attachments.db").c_str(), F_OK), 0);
}

TEST_F(AttachmentsTest, WhatWasAddedIsThereAfterARestartAndOnce) {
  const std::string photo = Photo(3 * kPiece + 5);
  ASSERT_OK(Add(photo));
  ASSERT_OK(Open());
  EXPECT_TRUE(*ReadAll(photo) == photo);
  EXPECT_TRUE(photos().Add(photo, Sha256Of(photo), v1::ATTACHMENT_KIND_ORIGINAL, "", kNowUs)->repeated());
  v1::AttachmentReadRequest range;
  range.set_sha256(HashOf(photo));
  range.set_offset(kPiece - 3);
  range.set_length(6);
  EXPECT_EQ(photos().Read(range)->data(), photo.substr(kPiece - 3, 6)) << "over the end of a piece";
  range.set_offset(photo.size());
  EXPECT_EQ(photos().Read(range)->data(), "");
  range.set_offset(photo.size() + 1);
  EXPECT_EQ(photos().Read(range).status().code(), absl::StatusCode::kOutOfRange);
}

TEST_F(AttachmentsTest, RefusesWhatIsEmptyOrTooLargeAndKeepsNothingOfIt) {
  EXPECT_THAT(Add("").message(), HasSubstr("content: must have 1 to"));
  EXPECT_THAT(Add(Photo(limits::kPreviewBytesMax + 1), v1::ATTACHMENT_KIND_PREVIEW).message(), HasSubstr("65536"));
  EXPECT_THAT(Add(std::string(limits::kAttachmentBytesMax + 1, 'x')).message(), HasSubstr("33554432"));
  EXPECT_NE(access(Path("attachments.db").c_str(), F_OK), 0);
}

TEST_F(AttachmentsTest, NothingGoesBeforeTheOfficeHasTheEntryThatNamesIt) {
  const std::string photo = Photo(100);
  ASSERT_OK(Add(photo));
  EXPECT_EQ(Listed(photo).stage(), v1::ATTACHMENT_STAGE_NOT_NAMED);
  EXPECT_FALSE(Next().has_value());
  Name(photo, "", "v1", /*at_office=*/false);
  EXPECT_EQ(Listed(photo).stage(), v1::ATTACHMENT_STAGE_SAVED_HERE);
  EXPECT_FALSE(photos().Work(journal(), kNowUs)->originals);
  EXPECT_FALSE(Next().has_value());
  ASSERT_OK(journal().Acknowledge(MarkAt(1, 1)).status());
  EXPECT_TRUE(photos().Work(journal(), kNowUs)->originals);
  const auto chunk = Next();
  ASSERT_TRUE(chunk.has_value());
  EXPECT_EQ(chunk->claim.epoch(), 1u);
  EXPECT_EQ(chunk->claim.seq(), 1u);
  EXPECT_EQ(chunk->data, photo);
}

TEST_F(AttachmentsTest, ANameThatAKillKeptFromBeingNotedIsFoundAtTheNextStart) {
  const std::string photo = Photo(100);
  ASSERT_OK(Add(photo));
  Append(Naming(photo));
  ASSERT_OK(Open());
  EXPECT_EQ(Listed(photo).stage(), v1::ATTACHMENT_STAGE_SAVED_HERE);
  EXPECT_EQ(Listed(photo).visit_id(), "v1");
}

TEST_F(AttachmentsTest, AnEntryIsNotForgottenBeforeItsAttachmentIsNamed) {
  const std::string photo = Photo(1000);
  ASSERT_OK(Add(photo));
  const uint64_t seq = Append(Naming(photo));  // And the name could not be noted.
  device_feed_.Put(v1::ENTITY_KIND_JOURNAL, "1", Judged(1, seq));
  ApplyDelta(device_feed_);
  ana_feed_.Put(v1::ENTITY_KIND_VISIT, "v1", VisitRow("v1", seq));
  ApplyDelta(ana_feed_);
  Settle();
  EXPECT_EQ(journal().epochs().at(1).settled_through, seq);
  const std::optional<OutgoingChunk> chunk = Next();
  ASSERT_TRUE(chunk.has_value());
  EXPECT_EQ(chunk->data, photo);
}

TEST_F(AttachmentsTest, GoesOnWhereTheOfficeIsWhateverTheOffset) {
  const std::string photo = Photo(2 * kPiece + 100);
  ASSERT_OK(Add(photo));
  Name(photo);
  for (const uint64_t through : {uint64_t{0}, uint64_t{1}, kPiece - 1, kPiece, kPiece + 12345, 2 * kPiece + 99}) {
    Answer(photo, v1::ATTACHMENT_STATE_RECEIVING, through);
    ASSERT_OK(Open());
    const auto chunk = Next(AttachmentStep::kOriginal, 1000);
    ASSERT_TRUE(chunk.has_value());
    EXPECT_EQ(chunk->offset, through);
    EXPECT_EQ(chunk->data, photo.substr(through, 1000));
  }
}

TEST_F(AttachmentsTest, AVisitCountsItsPhotosAndNotTheirPreviews) {
  const std::string photo = Photo(100, 1);
  const std::string preview = Photo(10, 2);
  const std::string other = Photo(100, 3);
  ASSERT_OK(Add(photo));
  ASSERT_OK(Add(preview, v1::ATTACHMENT_KIND_PREVIEW));
  ASSERT_OK(Add(other));
  Name(photo, preview);
  Name(other);
  EXPECT_EQ(photos().CountVisit("v1")->named, 2u);
  EXPECT_EQ(photos().CountVisit("v1")->safe, 0u);
  EXPECT_EQ(Next(AttachmentStep::kPreview)->data, preview);
  Answer(preview, v1::ATTACHMENT_STATE_STORED);
  EXPECT_EQ(photos().CountVisit("v1")->safe, 0u);
  const AttachmentMove move = Answer(photo, v1::ATTACHMENT_STATE_STORED);
  EXPECT_TRUE(move.became_safe);
  EXPECT_EQ(move.visit_id, "v1");
  EXPECT_EQ(photos().CountVisit("v1")->safe, 1u);
  EXPECT_EQ(photos().CountVisit("v2")->named, 0u);
  EXPECT_EQ(photos().Counts()->queued, 1u);
  EXPECT_EQ(photos().Counts()->queued_bytes, 100u);
}

TEST_F(AttachmentsTest, OneThatTheOfficeDoesNotTakeLetsTheOthersPass) {
  const std::string bad = Photo(100, 1);
  const std::string good = Photo(100, 2);
  ASSERT_OK(Add(bad));
  ASSERT_OK(Add(good));
  Name(bad);
  Name(good);
  EXPECT_EQ(Next()->data, bad);
  ASSERT_OK(photos().NoteFailure(HashOf(bad), "not good"));
  EXPECT_EQ(Next()->data, good);
  EXPECT_THAT(Listed(bad).text(), HasSubstr("not good"));
  Answer(good, v1::ATTACHMENT_STATE_STORED);
  EXPECT_EQ(Next()->data, bad);
}

TEST_F(AttachmentsTest, AMismatchBeginsAnewWhenTheBytesHereAreGood) {
  const std::string photo = Photo(1000);
  ASSERT_OK(Add(photo));
  Name(photo);
  Answer(photo, v1::ATTACHMENT_STATE_RECEIVING, 400);
  const AttachmentMove move = Answer(photo, v1::ATTACHMENT_STATE_MISMATCH);
  EXPECT_FALSE(move.became_damaged);
  EXPECT_FALSE(move.progressed);
  EXPECT_EQ(Next()->offset, 0u);
}

// One byte of the stored photo changes, as a failing flash would do it.
TEST_F(AttachmentsTest, DamagedBytesAreNeverSentAndTheOthersGoOn) {
  const std::string photo = Photo(2 * kPiece, 1);
  const std::string other = Photo(100, 2);
  ASSERT_OK(Add(photo));
  ASSERT_OK(Add(other));
  Name(photo);
  Name(other);
  store_.reset();
  const size_t at = ReadFile("attachments.db").find(photo.substr(kPiece + 9000, 50));
  ASSERT_NE(at, std::string::npos);
  OverwriteFile("attachments.db", at, "spoiled");
  ASSERT_OK(Open());
  EXPECT_EQ(Next()->data, photo.substr(0, kPiece)) << "this piece is good";
  Answer(photo, v1::ATTACHMENT_STATE_RECEIVING, kPiece);
  std::vector<std::string> damaged;
  const auto chunk = photos().NextChunk(AttachmentStep::kOriginal, journal(), kPiece, damaged);
  ASSERT_TRUE(chunk.ok() && chunk->has_value()) << chunk.status();
  EXPECT_EQ((*chunk)->data, other);
  EXPECT_THAT(damaged, ElementsAre(HashOf(photo)));
  EXPECT_EQ(Listed(photo).stage(), v1::ATTACHMENT_STAGE_DAMAGED);
  EXPECT_THAT(Listed(photo).text(), HasSubstr("not what was added"));
  EXPECT_EQ(photos().Counts()->damaged, 1u);
  EXPECT_TRUE(absl::IsDataLoss(ReadAll(photo).status()));
  ASSERT_OK(Add(photo));  // Added once more it is good again.
  EXPECT_TRUE(*ReadAll(photo) == photo);
  EXPECT_EQ(Listed(photo).stage(), v1::ATTACHMENT_STAGE_SAVED_HERE);
}

// The office may have the entry; only the office can say.
TEST_F(AttachmentsTest, OneWhoseEntryIsDamagedHereIsSentAllTheSame) {
  const std::string photo = Photo(100);
  ASSERT_OK(Add(photo));
  Name(photo);
  store_.reset();
  size_t page = 0;
  {
    sqlite::OpenOptions file;
    file.path = Path("journal.db");
    const auto db = sqlite::Database::Open(file);
    ASSERT_OK(db.status());
    auto read = (*db)->Prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'entry'");
    ASSERT_TRUE(read.ok() && *read->Step());
    page = static_cast<size_t>(read->Int(0));
  }
  OverwriteFile("journal.db", (page - 1) * 4096, std::string(4096, '\x5a'));
  ASSERT_OK(Open());
  ASSERT_EQ(store_->repairs().size(), 1u);
  ASSERT_TRUE(absl::IsNotFound(journal().Read(1, 1).status()));
  const auto chunk = Next();
  ASSERT_TRUE(chunk.has_value());
  EXPECT_EQ(chunk->claim.epoch(), 1u);
  EXPECT_EQ(chunk->claim.seq(), 1u);
  EXPECT_EQ(chunk->data, photo);
}

TEST_F(AttachmentsTest, OneWhoseEntryWentOnElsewhereWaitsForItThere) {
  const std::string photo = Photo(100);
  ASSERT_OK(Add(photo));
  Name(photo);
  v1::Fork fork;
  fork.set_epoch(1);
  fork.set_new_epoch(2);
  fork.set_new_epoch_salt(std::string(16, 't'));
  ASSERT_OK(journal().Fork(fork).status());
  ASSERT_OK(photos().CatchUp(journal()).status());
  EXPECT_FALSE(Next().has_value()) << "the office does not have it yet";
  ASSERT_OK(journal().Acknowledge(MarkAt(2, 1)).status());
  EXPECT_EQ(Next()->claim.epoch(), 2u);
}

TEST_F(AttachmentsTest, ADamagedFileIsSetAsideAndReportedAndEntriesAreNotTouched) {
  const std::string photo = Photo(100);
  ASSERT_OK(Add(photo));
  Name(photo);
  AppendNotes(2);
  store_.reset();
  OverwriteFile("attachments.db", 0, std::string(200, '\7'));
  ASSERT_OK(Open());
  EXPECT_THAT(store_->repairs(), ElementsAre(HasSubstr("photos and documents on this phone were damaged")));
  EXPECT_EQ(journal().Counts().recorded, 3u);
  EXPECT_EQ(Listed(photo).stage(), v1::ATTACHMENT_STAGE_DAMAGED) << "the visit does not look complete";
  EXPECT_FALSE(Next().has_value());
  EXPECT_EQ(access(Path("attachments.db.damaged-1").c_str(), F_OK), 0);
  EXPECT_THAT(Listed(photo).text(), HasSubstr("lost when the file of photos was damaged; add it once more"));
  ASSERT_OK(Add(photo));
  EXPECT_EQ(Next()->data, photo);
}

TEST_F(AttachmentsTest, AnAttachmentThatWasNeverAddedIsMissing) {
  const std::string photo = Photo(100);
  Append(Naming(photo));
  const auto not_here = photos().CatchUp(journal());
  ASSERT_OK(not_here.status());
  EXPECT_THAT(*not_here, ElementsAre(HashOf(photo)));
  EXPECT_EQ(photos().CountVisit("v1")->named, 1u);
  EXPECT_THAT(Listed(photo).text(), HasSubstr("never added"));
}

TEST_F(AttachmentsTest, BytesGoWhenTheyAreBackedUpAndSevenDaysOldAndNotBefore) {
  const std::string photo = Photo(3 * kPiece);
  ASSERT_OK(Add(photo));
  Name(photo);
  Answer(photo, v1::ATTACHMENT_STATE_STORED);
  EXPECT_EQ(*photos().Retain(kNowUs + 30 * kDayUs), 0u) << "the office has no backup of it";
  Answer(photo, v1::ATTACHMENT_STATE_STORED, 0, /*backed_up=*/true, kNowUs + kDayUs);
  EXPECT_EQ(*photos().Retain(kNowUs + 6 * kDayUs), 0u) << "it is not old enough";
  EXPECT_TRUE(*ReadAll(photo) == photo);
  EXPECT_EQ(*photos().Retain(kNowUs + 8 * kDayUs), 1u);
  EXPECT_TRUE(absl::IsNotFound(ReadAll(photo).status()));
  EXPECT_EQ(Listed(photo).stage(), v1::ATTACHMENT_STAGE_SAFE_AT_OFFICE);
  EXPECT_FALSE(Listed(photo).kept_here());
  EXPECT_EQ(photos().CountVisit("v1")->safe, 1u);
  store_.reset();
  EXPECT_LT(ReadFile("attachments.db").size(), kPiece) << "the phone has its room back";
}

TEST_F(AttachmentsTest, WhatNobodyNamesGoesAfterSevenDays) {
  const std::string photo = Photo(100, 1);
  const std::string named = Photo(100, 2);
  ASSERT_OK(Add(photo));
  ASSERT_OK(Add(named));
  Name(named, "", "v1", /*at_office=*/false);
  EXPECT_EQ(*photos().Retain(kNowUs + 6 * kDayUs), 0u);
  EXPECT_EQ(*photos().Retain(kNowUs + 60 * kDayUs), 1u);
  EXPECT_TRUE(absl::IsNotFound(ReadAll(photo).status()));
  EXPECT_TRUE(*ReadAll(named) == named);
}

// The entry comes after the photo: between the two nothing may delete it.
TEST_F(AttachmentsTest, WhatIsAddedAgainIsKeptAsLongAsIfItWereNew) {
  const std::string photo = Photo(100);
  ASSERT_OK(Add(photo));
  const auto again = photos().Add(photo, Sha256Of(photo), v1::ATTACHMENT_KIND_ORIGINAL, "", kNowUs + 6 * kDayUs);
  ASSERT_OK(again.status());
  EXPECT_TRUE(again->repeated());
  EXPECT_EQ(*photos().Retain(kNowUs + 8 * kDayUs), 0u);
  EXPECT_TRUE(*ReadAll(photo) == photo);
  EXPECT_EQ(*photos().Retain(kNowUs + 14 * kDayUs), 1u);
}

TEST_F(AttachmentsTest, WhatIsAddedAgainAfterItsBytesWentIsHereAgain) {
  const std::string photo = Photo(100);
  ASSERT_OK(Add(photo));
  Name(photo);
  Answer(photo, v1::ATTACHMENT_STATE_STORED, 0, /*backed_up=*/true);
  ASSERT_EQ(*photos().Retain(kNowUs + 8 * kDayUs), 1u);
  const auto again = photos().Add(photo, Sha256Of(photo), v1::ATTACHMENT_KIND_ORIGINAL, "", kNowUs + 9 * kDayUs);
  ASSERT_OK(again.status());
  EXPECT_FALSE(again->repeated());
  EXPECT_TRUE(*ReadAll(photo) == photo);
  EXPECT_EQ(Listed(photo).stage(), v1::ATTACHMENT_STAGE_SAFE_AT_OFFICE);
  EXPECT_TRUE(photos().Work(journal(), kNowUs)->ask) << "the office may have lost it since";
  Answer(photo, v1::ATTACHMENT_STATE_RECEIVING, 0, false, kNowUs + 9 * kDayUs);
  EXPECT_EQ(Next()->data, photo);
}

TEST_F(AttachmentsTest, AnOldOneIsAskedAboutOnceADayUntilItIsBackedUp) {
  const std::string photo = Photo(100);
  ASSERT_OK(Add(photo));
  Name(photo);
  Answer(photo, v1::ATTACHMENT_STATE_STORED);
  EXPECT_FALSE(photos().Work(journal(), kNowUs + 6 * kDayUs)->ask);
  EXPECT_TRUE(photos().Work(journal(), kNowUs + 8 * kDayUs)->ask);
  EXPECT_EQ(photos().NextQuestions(journal(), kNowUs + 8 * kDayUs)->size(), 1u);
  Answer(photo, v1::ATTACHMENT_STATE_STORED, 0, false, kNowUs + 8 * kDayUs);
  EXPECT_FALSE(photos().Work(journal(), kNowUs + 8 * kDayUs + 1)->ask);
  EXPECT_TRUE(photos().Work(journal(), kNowUs + 10 * kDayUs)->ask);
  Answer(photo, v1::ATTACHMENT_STATE_STORED, 0, true, kNowUs + 10 * kDayUs);
  EXPECT_FALSE(photos().Work(journal(), kNowUs + 99 * kDayUs)->ask);
}

TEST_F(AttachmentsTest, ARestoredOfficeIsAskedAndSentAgainWhatItLost) {
  const std::string lost = Photo(100, 1);
  const std::string there = Photo(100, 2);
  ASSERT_OK(Add(lost));
  ASSERT_OK(Add(there));
  Name(lost);
  Name(there);
  EXPECT_FALSE(*photos().TakeGeneration("g1"));
  Answer(lost, v1::ATTACHMENT_STATE_STORED);
  Answer(there, v1::ATTACHMENT_STATE_STORED);
  EXPECT_FALSE(*photos().TakeGeneration("g1"));
  EXPECT_FALSE(photos().Work(journal(), kNowUs)->ask);
  EXPECT_TRUE(*photos().TakeGeneration("g2"));
  EXPECT_TRUE(photos().Work(journal(), kNowUs)->ask);
  Answer(there, v1::ATTACHMENT_STATE_STORED, 0, false, kNowUs);
  EXPECT_FALSE(Answer(lost, v1::ATTACHMENT_STATE_UNKNOWN_ENTRY, 0, false, kNowUs).progressed);
  EXPECT_TRUE(photos().Work(journal(), kNowUs)->ask) << "nothing was learned about it";
  Answer(lost, v1::ATTACHMENT_STATE_RECEIVING, 0, false, kNowUs);
  EXPECT_FALSE(photos().Work(journal(), kNowUs)->ask);
  EXPECT_EQ(Next()->data, lost);
  EXPECT_EQ(Listed(lost).stage(), v1::ATTACHMENT_STAGE_SAVED_HERE);
}

// A restore may have lost an entry that this phone has deleted since: nobody names the photo any more.
TEST_F(AttachmentsTest, OneWhoseEntryTheOfficeHasLostHoldsUpNoOtherAndGoesWhenTheEntryIsBack) {
  const std::string orphan = Photo(3 * kPiece, 1);
  const std::string other = Photo(100, 2);
  ASSERT_OK(Add(orphan));
  ASSERT_OK(Add(other));
  Name(orphan);
  Name(other);
  EXPECT_EQ(Next()->claim.sha256(), HashOf(orphan));
  const AttachmentMove move = Answer(orphan, v1::ATTACHMENT_STATE_UNKNOWN_ENTRY);
  EXPECT_TRUE(move.failed);
  AttachmentWork work = *photos().Work(journal(), kNowUs);
  EXPECT_GT(work.ask_failed, 0) << "it is asked about, and no piece of it is sent in vain";
  EXPECT_TRUE(work.originals);
  EXPECT_EQ(work.originals_failed, 0) << "the other goes first";
  EXPECT_EQ(Next()->data, other);

  Answer(other, v1::ATTACHMENT_STATE_STORED);
  EXPECT_FALSE(photos().Work(journal(), kNowUs)->originals);
  Answer(orphan, v1::ATTACHMENT_STATE_UNKNOWN_ENTRY, 0, false, kNowUs);
  EXPECT_EQ(photos().Counts()->queued, 1u) << "it is not given up";
  Answer(orphan, v1::ATTACHMENT_STATE_RECEIVING, 0, false, kNowUs);
  EXPECT_EQ(Next()->data, orphan.substr(0, kPiece));
  EXPECT_EQ(photos().Work(journal(), kNowUs)->originals_failed, 0);
}

// A page of the journal was damaged before the office had what stood on it.
TEST_F(AttachmentsTest, OneWhoseEntryNobodyHasIsAskedAboutOnlyAfterARestore) {
  const std::string photo = Photo(100);
  ASSERT_OK(Add(photo));
  Name(photo, "", "v1", /*at_office=*/false);
  EXPECT_FALSE(*photos().TakeGeneration("g1"));
  ASSERT_OK(journal().Fork(ForkOf(1, 0, 3)).status());  // The entry goes on elsewhere, and no name was read there.
  for (const char* restored : {"g2", "g3"}) {
    Answer(photo, v1::ATTACHMENT_STATE_UNKNOWN_ENTRY, 0, false, kNowUs);
    const AttachmentWork work = *photos().Work(journal(), kNowUs);
    EXPECT_FALSE(work.ask || work.previews || work.originals);
    EXPECT_EQ(photos().Counts()->queued, 0u);
    EXPECT_EQ(Listed(photo).stage(), v1::ATTACHMENT_STAGE_NOT_NAMED);
    EXPECT_TRUE(*photos().TakeGeneration(restored));
    EXPECT_TRUE(photos().Work(journal(), kNowUs)->ask);
  }
  Answer(photo, v1::ATTACHMENT_STATE_UNKNOWN_ENTRY, 0, false, kNowUs);
  ASSERT_OK(photos().CatchUp(journal()).status());
  EXPECT_EQ(photos().Counts()->queued, 1u) << "another entry names it";
}

TEST_F(AttachmentsTest, TheOneThatFailedLongestAgoIsNext) {
  std::vector<std::string> all;
  for (uint64_t i = 1; i <= 3; ++i) {
    all.push_back(Photo(100, i));
    ASSERT_OK(Add(all.back()));
    Name(all.back());
  }
  for (int round = 0; round < 3; ++round) {
    for (const std::string& photo : all) {
      EXPECT_EQ(Next()->data, photo) << round;
      EXPECT_TRUE(Answer(photo, v1::ATTACHMENT_STATE_MISMATCH).failed);
    }
  }
  EXPECT_FALSE(Answer(all[0], v1::ATTACHMENT_STATE_DISK_FULL).failed) << "the photo is not to blame";
}

TEST_F(AttachmentsTest, WhatIsCalledSafeAndTheOfficeKnowsNothingOfIsNotSafe) {
  const std::string photo = Photo(100);
  ASSERT_OK(Add(photo));
  Name(photo);
  EXPECT_FALSE(*photos().TakeGeneration("g1"));
  Answer(photo, v1::ATTACHMENT_STATE_STORED);
  EXPECT_TRUE(*photos().TakeGeneration("g2"));
  Answer(photo, v1::ATTACHMENT_STATE_UNKNOWN_ENTRY, 0, false, kNowUs);
  EXPECT_EQ(Listed(photo).stage(), v1::ATTACHMENT_STAGE_SAVED_HERE);
  EXPECT_EQ(photos().CountVisit("v1")->safe, 0u);
}

TEST_F(AttachmentsTest, OfSeveralEntriesThatNameItTheNewestIsShown) {
  const std::string photo = Photo(100);
  ASSERT_OK(Add(photo));
  Name(photo);
  Name(photo);
  Name(photo, "", "v1", /*at_office=*/false);
  EXPECT_EQ(Next()->claim.seq(), 2u) << "the newest that the office has";
}

TEST_F(AttachmentsTest, AnOfficeThatWasPutBackByHandIsAskedAndNothingIsDeletedMeanwhile) {
  const std::string photo = Photo(100);
  ASSERT_OK(Add(photo));
  Name(photo);
  EXPECT_FALSE(*photos().TakeGeneration("g1"));
  Answer(photo, v1::ATTACHMENT_STATE_STORED, photo.size(), /*backed_up=*/true);
  EXPECT_FALSE(photos().Work(journal(), kNowUs)->ask);
  ASSERT_OK(store_->StepBack(MarkAt(1, 1)));
  EXPECT_TRUE(photos().Work(journal(), kNowUs)->ask);
  EXPECT_EQ(*photos().Retain(kNowUs + 365 * kDayUs), 0u);
  EXPECT_TRUE(*ReadAll(photo) == photo);
}

// Else what the office lost would wait for photos that nobody can read, and the journal would be blamed for them.
TEST_F(AttachmentsTest, ADamagedFileDoesNotKeepBackWhatAnOfficeThatWasPutBackHasLost) {
  constexpr int kPhotos = 100;
  for (uint64_t i = 1; i <= kPhotos; ++i) ASSERT_OK(Add(Photo(100, i)));
  AppendNotes(1);
  ASSERT_OK(journal().Acknowledge(MarkAt(1, 1)).status());
  store_.reset();
  // Where the table has the photo in its midst, and not an index, nor the photo itself.
  constexpr size_t kPageBytes = 4096;
  const char size = 100;
  const size_t at = ReadFile("attachments.db").find(HashOf(Photo(static_cast<size_t>(size), kPhotos / 2)) + size);
  ASSERT_NE(at, std::string::npos);
  OverwriteFile("attachments.db", at / kPageBytes * kPageBytes, std::string(kPageBytes, '\x5a'));
  ASSERT_OK(Open());
  ASSERT_THAT(store_->repairs(), ::testing::IsEmpty());

  ASSERT_OK(store_->StepBack(MarkAt(1, 0)));
  EXPECT_EQ(journal().UnsentEpoch(), 1u);
  EXPECT_THAT(store_->repairs(), ElementsAre(HasSubstr("photos and documents on this phone were damaged")));
}

TEST_F(AttachmentsTest, WhatADiskKeptFromBeingOpenedGoesOnWhenTheDiskWorksAgain) {
  testing::PowerDisk disk;
  sqlite::OpenOptions file;
  file.path = Path("photos.db");
  file.vfs = disk.vfs();
  file.exclusive = true;
  const std::string photo = Photo(1000);
  std::unique_ptr<Attachments> attachments = Attachments::Unopened(file);
  ASSERT_OK(attachments->Add(photo, Sha256Of(photo), v1::ATTACHMENT_KIND_ORIGINAL, "image/jpeg", kNowUs).status());
  const uint64_t seq = Append(Naming(photo));
  ASSERT_OK(attachments->CatchUp(journal()).status());
  ASSERT_OK(journal().Acknowledge(MarkAt(1, seq)).status());

  for (int64_t calls = 0;; ++calls) {
    SCOPED_TRACE(calls);
    attachments.reset();
    const int64_t failures = disk.failures();
    disk.FailAfter(calls, testing::DiskFault::kIoError, /*once=*/false);
    absl::StatusOr<std::unique_ptr<Attachments>> opened = Attachments::Open(file);
    const bool failed = disk.failures() > failures;
    attachments = opened.ok() ? *std::move(opened) : Attachments::Unopened(file);
    disk.Heal();
    ASSERT_TRUE(attachments->Work(journal(), kNowUs)->originals);
    ASSERT_EQ(attachments->Counts()->queued, 1u);
    if (!failed) break;
  }
  attachments.reset();
}

TEST_F(AttachmentsTest, AMeteredNetworkIsSaidWhereItHoldsSomethingUp) {
  const std::string photo = Photo(3 * 1024 * 1024);
  ASSERT_OK(Add(photo));
  Name(photo);
  Answer(photo, v1::ATTACHMENT_STATE_RECEIVING, kPiece);
  EXPECT_EQ(Listed(photo).text(), "256 KiB of 3.0 MiB sent");
  EXPECT_THAT(Listed(photo, /*metered=*/true).text(), HasSubstr("goes on over a network that is not metered"));
}

#ifdef DOORSTEP_SQLITE_CIPHER
TEST_F(AttachmentsTest, PhotosAreEncryptedWithThePhonesKey) {
  store_.reset();
  ASSERT_EQ(system(("rm -f " + Path("*.db*")).c_str()), 0);
  options_.key = std::string(32, 'k');
  ASSERT_OK(Open());
  const std::string photo = "a plain sentence that nobody else may read" + Photo(1000);
  ASSERT_OK(Add(photo));
  EXPECT_TRUE(*ReadAll(photo) == photo);
  store_.reset();
  EXPECT_EQ(ReadFile("attachments.db").find("a plain sentence"), std::string::npos);
  EXPECT_EQ(ReadFile("attachments.db-wal").find("a plain sentence"), std::string::npos);
}
#endif

}  // namespace
}  // namespace doorstep
