// Everything that is shown of a visit is in one zone.
#include "tools/doorstep/visit_words.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "tools/doorstep/civil_time.h"

namespace doorstep::cli {
namespace {

constexpr int64_t kEightInBerlinUs = int64_t{1795417200} * 1000000;  // 2026-11-23T07:00:00Z
constexpr int64_t kHourUs = int64_t{3600} * 1000000;

v1::Visit Planned(const std::string& planned_zone, const std::string& constraint_zone) {
  v1::Visit visit;
  visit.set_id("V-1");
  visit.mutable_planned()->set_start_time_us(kEightInBerlinUs);
  visit.mutable_planned()->set_end_time_us(kEightInBerlinUs + 2 * kHourUs);
  visit.mutable_planned()->set_zone(planned_zone);
  visit.mutable_constraint()->set_start_time_us(kEightInBerlinUs - 10 * kHourUs);
  visit.mutable_constraint()->set_end_time_us(kEightInBerlinUs + 10 * kHourUs);
  visit.mutable_constraint()->set_zone(constraint_zone);
  visit.set_arrived_time_us(kEightInBerlinUs + kHourUs);
  visit.set_utc_offset_s(5 * 3600);
  return visit;
}

std::string Shown(const v1::Visit& visit) {
  testing::internal::CaptureStdout();
  PrintVisit(visit);
  return testing::internal::GetCapturedStdout();
}

int Count(const std::string& text, const std::string& word) {
  int times = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++times;
  return times;
}

TEST(VisitWordsTest, OneZoneAScreen) {
  const std::string berlin = Shown(Planned("Europe/Berlin", "Asia/Shanghai"));
  EXPECT_EQ(Count(berlin, "Europe/Berlin"), 1) << berlin;
  EXPECT_EQ(Count(berlin, "+01:00"), 3) << "possible, planned and arrived, each with its offset\n" << berlin;
  EXPECT_EQ(Count(berlin, "+08:00") + Count(berlin, "+05:00"), 0) << berlin;

  const std::string phone = Shown(Planned("", ""));
  EXPECT_EQ(Count(phone, "+05:00"), 4) << "named once, and on three times\n" << phone;
}

TEST(VisitWordsTest, TheLogIsInTheZoneOfTheVisit) {
  v1::GetVisitLogResponse log;
  for (const int32_t offset_s : {3600, 7200}) {
    v1::VisitLogItem& item = *log.add_items();
    item.mutable_position()->set_device("d1");
    item.mutable_time()->set_time_us(kEightInBerlinUs);
    item.mutable_time()->set_utc_offset_s(offset_s);
    v1::Commitment& promise = *item.mutable_entry()->mutable_commitment_made()->mutable_commitment();
    promise.set_text("a new seat");
    promise.set_due_time_us(kEightInBerlinUs + kHourUs);
  }
  testing::internal::CaptureStdout();
  PrintVisitLog(log, Planned("Asia/Shanghai", ""));
  const std::string shanghai = testing::internal::GetCapturedStdout();
  EXPECT_EQ(Count(shanghai, "Asia/Shanghai"), 1) << shanghai;
  EXPECT_EQ(Count(shanghai, "15:00 +08:00"), 2) << shanghai;
  EXPECT_EQ(Count(shanghai, "due 2026-11-23 16:00 +08:00"), 2) << shanghai;

  testing::internal::CaptureStdout();
  PrintVisitLog(log, v1::Visit());
  const std::string phone = testing::internal::GetCapturedStdout();
  EXPECT_EQ(Count(phone, "08:00 +01:00"), 2) << "the first entry's offset\n" << phone;
}

}  // namespace
}  // namespace doorstep::cli
