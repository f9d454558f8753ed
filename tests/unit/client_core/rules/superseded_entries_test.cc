// What is said of an entry that a later one corrects or takes back: of that entry, and of no other.
#include "client_core/rules/superseded_entries.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

#include "client_core/base/ids.h"
#include "client_core/rules/fold_fact.h"
#include "client_core/rules/visit_fold.h"

namespace doorstep {
namespace {

void Add(v1::FoldInput& input, const v1::LogEntry& entry, const v1::JournalPosition& position, int64_t minute,
         const v1::JournalPosition* first_position = nullptr) {
  v1::CorrectedTime time;
  time.set_time_us(minute * 60000000);
  time.set_quality(v1::CLOCK_QUALITY_TRUSTED);
  v1::FoldFact fact = MakeFoldFact(entry, position, "ana", time);
  if (first_position != nullptr) *fact.mutable_first_position() = *first_position;
  AddFact(std::move(fact), /*late=*/false, input);
}

v1::LogEntry Arrived() {
  v1::LogEntry entry;
  entry.mutable_arrived();
  return entry;
}

v1::LogEntry CorrectionOf(const v1::JournalPosition& target) {
  v1::LogEntry entry;
  *entry.mutable_correction()->mutable_target() = target;
  entry.mutable_correction()->mutable_replacement()->mutable_work_started();
  return entry;
}

TEST(SupersededEntriesTest, WhatAClonedPhoneRecordedUnderTheSamePositionIsLeftAlone) {
  const v1::JournalPosition shared = MakePosition("d1", 1, 6);
  const v1::JournalPosition moved = MakePosition("d1", 2, 1);
  v1::FoldInput input;
  Add(input, Arrived(), shared, 10);  // The clone's.
  Add(input, Arrived(), moved, 20, &shared);
  Add(input, CorrectionOf(moved), MakePosition("d1", 2, 2), 30);
  std::map<std::string, SupersededBy> superseded = SupersededEntries(input);
  ASSERT_EQ(superseded.count("d1.2.1"), 1u);
  EXPECT_EQ(superseded["d1.2.1"].Words(), "corrected by d1.2.2");
  EXPECT_EQ(superseded.count("d1.1.6"), 0u);

  // What corrects the clone's is said of the clone's, whichever of the two comes first.
  Add(input, CorrectionOf(shared), MakePosition("d1", 1, 7), 5);
  superseded = SupersededEntries(input);
  EXPECT_EQ(superseded["d1.1.6"].Words(), "corrected by d1.1.7");
  EXPECT_EQ(superseded["d1.2.1"].Words(), "corrected by d1.2.2");
}

TEST(SupersededEntriesTest, ANoteUnderTheFirstPositionOfACorrectedEntryIsLeftAlone) {
  const v1::JournalPosition shared = MakePosition("d1", 1, 6);  // The clone's note, which no visit folds.
  const v1::JournalPosition moved = MakePosition("d1", 2, 1);
  v1::FoldInput input;
  Add(input, Arrived(), moved, 20, &shared);
  // It names the entry as it was called when the correction was recorded.
  Add(input, CorrectionOf(shared), MakePosition("d1", 2, 2), 30);
  std::map<std::string, SupersededBy> superseded = SupersededEntries(input);
  EXPECT_EQ(superseded["d1.2.1"].Words(), "corrected by d1.2.2");
  EXPECT_EQ(superseded.count("d1.1.6"), 0u);
}

}  // namespace
}  // namespace doorstep
