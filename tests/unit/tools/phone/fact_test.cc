// What a technician types becomes the fact that was meant, or an error that says what to type.
#include "tools/phone/fact.h"

#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "tools/phone/errors.h"

namespace doorstep::phone {
namespace {

FactContext AtTheDoor() {
  FactContext context;
  context.visit.set_id("V-1");
  context.visit.set_account_id("A-1");
  context.visit.add_asset_ids("E-328");
  context.now_us = int64_t{1763888400} * 1000000;
  context.last.set_device("d1");
  context.last.set_epoch(1);
  context.last.set_seq(7);
  return context;
}

absl::StatusOr<v1::LogEntry> Type(const std::string& line) {
  absl::StatusOr<std::vector<std::string>> words = SplitLine(line);
  if (!words.ok()) return words.status();
  const Fact* fact = FindFact(words->front());
  if (fact == nullptr) return absl::NotFoundError(line);
  words->erase(words->begin());
  return BuildFact(*fact, *words, AtTheDoor());
}

TEST(FactTest, WordsBecomeTheFactThatWasMeant) {
  const struct {
    const char* line;
    const char* want;  // Without the visit's id, which is everywhere the same.
  } kCases[] = {
      {"travel", "travel_started {}"},
      {"arrive 48.2082 -16.3738", "arrived { position { latitude_e7: 482082000 longitude_e7: -163738000 } }"},
      {"safety unsafe gas smell in the cellar", "safety_assessed { hazards: 'gas smell in the cellar' }"},
      {"start", "work_started {}"},
      {"pause waiting for the crane", "paused { reason: 'waiting for the crane' }"},
      {"no-access nobody's there", "no_access { reason: \"nobody's there\" }"},
      {"note \"气门座  漏气\" --language zh", "note { text: '气门座  漏气' language: 'zh' }"},
      {"reading \"oil pressure\" -2.40 bar",
       "reading_taken { asset_id: 'E-328' quantity: 'oil pressure' value { mantissa: -240 scale: 2 } unit: 'bar' }"},
      {"part used VS-200 0.5 --serial S1",
       "part_used { part_number: 'VS-200' quantity_milli: 500 serial: 'S1' asset_id: 'E-328' }"},
      {"part requested CH-900 2 --asset E-9",
       "part_requested { part_number: 'CH-900' quantity_milli: 2000 asset_id: 'E-9' }"},
      {"time 90 repair", "time_spent { minutes: 90 activity: 'repair' }"},
      {"form test@3 before=1 \"result=all well\"",
       "form_submitted { form_id: 'test' form_version: 3 fields { name: 'before' value: '1' } "
       "fields { name: 'result' value: 'all well' } }"},
      {"observe burnt --status degraded --use 70",
       "asset_observed { asset_id: 'E-328' status: ASSET_STATUS_DEGRADED condition: 'burnt' use_share_millionths: "
       "700000 }"},
      {"observe fine", "asset_observed { asset_id: 'E-328' condition: 'fine' use_share_millionths: -1 }"},
      {"outcome not_resolved head is warped --fault VALVE-SEAT --follow-up",
       "outcome_reported { finished: true outcome { code: OUTCOME_CODE_NOT_RESOLVED fault { code: 'VALVE-SEAT' } "
       "asset_id: 'E-328' follow_up_wanted: true summary: 'head is warped' } }"},
      {"outcome resolved --interim", "outcome_reported { outcome { code: OUTCOME_CODE_RESOLVED asset_id: 'E-328' } }"},
      {"promise bring the part due +2d --size large --id P-1",
       "commitment_made { commitment { id: 'P-1' made_by: COMMITMENT_MAKER_TECHNICIAN text: 'bring the part' "
       "size: COMMITMENT_SIZE_LARGE due_time_us: 1764061200000000 } }"},
      {"promise-kept P-1", "commitment_fulfilled { commitment_id: 'P-1' state: COMMITMENT_STATE_KEPT }"},
      {"remedy half a month --value 62.5EUR",
       "remedy_offered { text: 'half a month' value { minor_units: 6250 currency: 'EUR' } }"},
      {"feedback zh csat=4 text=\"很好 谢谢\" mode=sealed",
       "feedback_captured { feedback { survey_id: 'after-visit' survey_version: 1 language: 'zh' "
       "origin: FEEDBACK_ORIGIN_ASKED mode: FEEDBACK_MODE_TECHNICIAN_DEVICE_SEALED technician_present: true "
       "answers { kind: QUESTION_KIND_CSAT value: 4 } answers { kind: QUESTION_KIND_TEXT text: '很好 谢谢' } } }"},
      {"retract last typed twice", "retraction { target { device: 'd1' epoch: 1 seq: 7 } reason: 'typed twice' }"},
      {"correct d1.1.3 \"part used VS-200 3 --serial S2\" --reason typo",
       "correction { target { device: 'd1' epoch: 1 seq: 3 } reason: 'typo' replacement { visit_id: 'V-1' "
       "part_used { part_number: 'VS-200' quantity_milli: 3000 serial: 'S2' asset_id: 'E-328' } } }"},
  };
  for (const auto& c : kCases) {
    const absl::StatusOr<v1::LogEntry> entry = Type(c.line);
    ASSERT_TRUE(entry.ok()) << c.line << ": " << entry.status();
    v1::LogEntry want;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(c.want, &want)) << c.want;
    want.set_visit_id("V-1");
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(*entry, want)) << c.line << "\n"
                                                                                  << entry->DebugString();
  }
}

TEST(FactTest, WordsThatDoNotFitAreRefusedWithWhatToType) {
  for (const char* line : {"note",
                           "reading pressure high bar",
                           "part lost VS-200 1",
                           "part used VS-200 0",
                           "part used VS-200 1 --colour red",
                           "part used VS-200 1 2",
                           "start now",
                           "accept it",
                           "reading pressure 3 bar more",
                           "promise-kept P-1 P-2",
                           "arrive 48.2 16.3 200",
                           "outcome resolved --fault A --fault B",
                           "correct d1.1.3 start now",
                           "time 0",
                           "time 1441",
                           "outcome fixed",
                           "promise bring the part",
                           "promise soon due tomorrowish",
                           "safety",
                           "feedback fr csat=4",
                           "feedback zh csat=6",
                           "feedback zh stars=6",
                           "arrive 48.2",
                           "arrive 91 0",
                           "correct d1.1.3 dance",
                           "retract d1.0.3",
                           "open-on-site A-1",
                           "photo /proc/version",
                           "photo /bin/sh",
                           "photo /dev/null --type text/plain",
                           "note \"not closed"}) {
    const absl::Status status = Type(line).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << line << ": " << status;
    EXPECT_FALSE(AdviceOf(status).empty()) << line;
  }
}

TEST(FactTest, ABadNumberNamesItsFieldAndBoundAndShowsOneThatIsGood) {
  const struct {
    const char* line;
    const char* error;
    const char* advice;
  } kCases[] = {
      {"part used VS-200 two", "quantity: \"two\" is not a number from 0.001 to 1000000", "part used VS-200 2"},
      {"part used VS-200 0.0001", "quantity: \"0.0001\" is not a number from 0.001", "part used VS-200 2"},
      {"part used VS-200 1000001", "quantity: \"1000001\" is not a number from 0.001 to 1000000", "part used VS-200 2"},
      {"feedback en csat=6", "csat: \"6\" is not a whole number from 1 to 5", "csat=5"},
      {"feedback en nps=eleven", "nps: \"eleven\" is not a whole number from 0 to 10", "nps=10"},
      {"part used VS-200 2 3 4", "part: \"3\" is more than it takes", "part used|returned|requested NUMBER QUANTITY"},
      {"arrive 91 0", "latitude: \"91\" is no number of degrees from -90 to 90", "two numbers"},
      {"arrive 48.2", "longitude: \"\" is no number of degrees from -180 to 180", "two numbers"},
      {"reading pressure high bar", "reading: value: \"high\" is no number of at most 18 digits", "a number such as"},
      {"remedy a month --value 1000000000000000EUR", "value: \"1000000000000000EUR\" is no amount of at most 14 digits",
       "--value 25.00EUR"},
      {"time 1441", "time: minutes: \"1441\" is not a whole number from 1 to 1440", "time 90 repair"},
      {"promise a call due soon", "due: \"soon\" is no time", "due +2d"},
  };
  for (const auto& c : kCases) {
    const absl::Status status = Type(c.line).status();
    EXPECT_EQ(std::string(status.message()).rfind(c.error, 0), 0u) << c.line << ": " << status;
    EXPECT_EQ(AdviceOf(status).rfind(c.advice, 0), 0u) << c.line << ": " << AdviceOf(status);
  }
}

TEST(FactTest, EveryKindOfFactCanBeRecorded) {
  std::set<int> kinds;
  for (const char* line : {"accept",
                           "reject ill",
                           "travel",
                           "arrive",
                           "no-access locked",
                           "safety ok",
                           "start",
                           "pause lunch",
                           "resume",
                           "end",
                           "hand-over see notes --to T-2",
                           "depart",
                           "note hi",
                           "reading a 1 b",
                           "part used P 1",
                           "part returned P 1",
                           "part requested P 1",
                           "time 5",
                           "form f a=b",
                           "observe ok",
                           "replace S-2",
                           "attachment /dev/null document",
                           "photo /dev/null",
                           "outcome resolved",
                           "signature Jo",
                           "waive away",
                           "feedback en csat=5",
                           "feedback-declined no",
                           "promise x due +1d",
                           "promise-kept P-1",
                           "remedy cake",
                           "follow-up billing wrong invoice",
                           "insight product likes it",
                           "bulletin B-1",
                           "open-on-site A-1 here anyway",
                           "register-asset S-9 Pump",
                           "correct last note ho",
                           "retract last"}) {
    const absl::StatusOr<v1::LogEntry> entry = Type(line);
    ASSERT_TRUE(entry.ok()) << line << ": " << entry.status();
    kinds.insert(entry->fact_case());
  }
  const auto* oneof = v1::LogEntry::descriptor()->FindOneofByName("fact");
  for (int i = 0; i < oneof->field_count(); ++i) {
    EXPECT_TRUE(kinds.count(oneof->field(i)->number())) << oneof->field(i)->name();
  }
}

TEST(FactTest, IdsMadeOnThePhoneAreNewEachTime) {
  const std::string one = NewId(1763888400000000);
  EXPECT_EQ(one.size(), 36u);
  EXPECT_EQ(one[14], '7');
  EXPECT_NE(one, NewId(1763888400000000));
}

}  // namespace
}  // namespace doorstep::phone
