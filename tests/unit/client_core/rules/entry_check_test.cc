#include "client_core/rules/entry_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "client_core/base/limits.h"

namespace doorstep {
namespace {

using ::testing::HasSubstr;

TEST(EntryCheckTest, NamesFieldAndBound) {
  const struct {
    const char* want;
    void (*fill)(v1::LogEntry&);
  } kCases[] = {
      {"entry.visit_id: 65 bytes is outside 0 to 64 bytes",
       [](v1::LogEntry& e) { e.set_visit_id(std::string(65, 'v')); }},
      {"entry.time.utc_offset_s: 50401 is outside -50400 to 50400",
       [](v1::LogEntry& e) { e.mutable_time()->set_utc_offset_s(50401); }},
      {"note.text: 0 bytes is outside 1 to 16384 bytes", [](v1::LogEntry& e) { e.mutable_note(); }},
      {"part_used.quantity_milli: 0 is outside 1 to 1000000000",
       [](v1::LogEntry& e) { e.mutable_part_used()->set_part_number("P"); }},
      {"time_spent.minutes: 1441 is outside 1 to 1440",
       [](v1::LogEntry& e) { e.mutable_time_spent()->set_minutes(1441); }},
      {"outcome.code: 0 is outside 1 to 11", [](v1::LogEntry& e) { e.mutable_outcome_reported(); }},
      {"feedback.answers.value: 6 is outside 1 to 5",
       [](v1::LogEntry& e) {
         auto* feedback = e.mutable_feedback_captured()->mutable_feedback();
         feedback->set_mode(v1::FEEDBACK_MODE_CUSTOMER_DEVICE_LATER);
         auto* answer = feedback->add_answers();
         answer->set_kind(v1::QUESTION_KIND_CSAT);
         answer->set_value(6);
       }},
      {"retraction.target.device: 0 bytes is outside 1 to 32 bytes", [](v1::LogEntry& e) { e.mutable_retraction(); }},
      {"correction.replacement: missing",
       [](v1::LogEntry& e) {
         auto* target = e.mutable_correction()->mutable_target();
         target->set_device("d1");
         target->set_epoch(1);
         target->set_seq(1);
       }},
      {"correction.replacement: must be a fact",
       [](v1::LogEntry& e) { e.mutable_correction()->mutable_replacement()->mutable_correction(); }},
  };
  for (const auto& c : kCases) {
    v1::LogEntry entry;
    c.fill(entry);
    EXPECT_THAT(std::string(CheckEntry(entry).message()), HasSubstr(c.want));
  }
}

TEST(EntryCheckTest, LargestAllowedPasses) {
  v1::LogEntry entry;
  entry.mutable_note()->set_text(std::string(limits::kNoteBytesMax, 'n'));
  EXPECT_TRUE(CheckEntry(entry).ok());
}

}  // namespace
}  // namespace doorstep
