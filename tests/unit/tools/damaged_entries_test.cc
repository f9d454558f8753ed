// What a command says of entries that the server cannot read any more.
#include "tools/doorstep/damaged_entries.h"

#include <gmock/gmock.h>

#include "client_core/base/ids.h"
#include "tools/doorstep/entry_words.h"
#include "tools/doorstep/errors.h"

namespace doorstep::cli {
namespace {

using ::testing::HasSubstr;

TEST(DamagedEntriesTest, NamesEveryDamagedEntryThoseInARowAsOne) {
  EXPECT_TRUE(DamageError(std::vector<v1::JournalPosition>()).ok());
  const absl::Status status = DamageError({MakePosition("d7", 1, 4), MakePosition("d2", 1, 9), MakePosition("d7", 1, 3),
                                           MakePosition("d7", 2, 5), MakePosition("d7", 1, 5)});
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot be read: d2.1.9, d7.1.3 to d7.1.5, d7.2.5"));
  EXPECT_TRUE(HasTry(status));
}

TEST(DamagedEntriesTest, AnEntryWithoutAHashIsDamagedUnlessTheOfficeRecordedIt) {
  v1::ReceivedEntry entry;
  *entry.mutable_position() = MakePosition("d7", 1, 4);
  EXPECT_TRUE(IsDamaged(entry));
  *entry.mutable_repairs() = MakePosition("d7", 1, 3);
  EXPECT_FALSE(IsDamaged(entry));
  entry.clear_repairs();
  entry.set_hash(std::string(32, 'h'));
  EXPECT_FALSE(IsDamaged(entry));

  v1::QuarantinedEntry parked;
  EXPECT_TRUE(IsDamaged(parked));
  parked.mutable_envelope()->set_author("T-ana");
  EXPECT_FALSE(IsDamaged(parked));

  v1::GetVisitLogResponse log;
  v1::VisitLogItem& item = *log.add_items();
  *item.mutable_position() = MakePosition("d7", 1, 4);
  item.set_judgement("quarantined: the bytes are not a LogEntry");
  EXPECT_TRUE(DamageError(log).ok()) << "nobody could ever read it, and it is as it came";
  item.set_judgement("damaged on the server's disk: what it says cannot be read");
  EXPECT_FALSE(DamageError(log).ok());
}

TEST(DamagedEntriesTest, WhatIsCorrectedOrRetractedIsNotCalledCounted) {
  v1::Judgement judgement;
  EXPECT_EQ(JudgementWords(judgement), "counted");
  judgement.set_verdict(v1::VERDICT_COUNTED);
  EXPECT_EQ(JudgementWords(judgement), "counted");
  judgement.set_message("corrected by d7.1.9");
  EXPECT_EQ(JudgementWords(judgement), "corrected by d7.1.9");
  judgement.set_verdict(v1::VERDICT_QUARANTINED);
  judgement.set_message("visit_id: no visit \"V-9\" is known here");
  EXPECT_EQ(JudgementWords(judgement), "quarantined: no visit \"V-9\" is known here") << "fields are for programs";
}

}  // namespace
}  // namespace doorstep::cli
