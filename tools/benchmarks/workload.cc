#include "tools/benchmarks/workload.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "client_core/rules/entry_check.h"
#include "client_core/rules/frame_codec.h"
#include "tools/benchmarks/figures.h"

namespace doorstep::benchmarks {
namespace {

constexpr char kBootId[] = "7b0c2f1e-5a0d-4a52-9d56-1d3c6a1f0b11";
constexpr int64_t kMonotonicBaseUs = int64_t{90000} * 1000000;

const char* const kWords[] = {"replaced",    "valve",   "seat",   "checked", "pressure",  "pump",  "leaking",
                              "customer",    "asked",   "filter", "cleaned", "tightened", "cover", "noise",
                              "bearing",     "ordered", "photo",  "boiler",  "circuit",   "reset", "measured",
                              "temperature", "outlet",  "second", "floor"};
const char* const kChinese[] = {"更换", "阀座", "检查", "压力", "水泵", "漏水", "客户", "询问", "滤芯", "清洗",
                                "拧紧", "盖板", "噪音", "轴承", "订购", "照片", "锅炉", "线路", "复位", "测量"};

std::string NoteText(Random& random) { return Prose(40, 200, random); }

void FillReading(v1::LogEntry& entry, Random& random) {
  v1::ReadingTaken* reading = entry.mutable_reading_taken();
  reading->set_asset_id("boiler-" + std::to_string(random.Below(400)));
  reading->set_quantity("outlet pressure");
  reading->mutable_value()->set_mantissa(static_cast<int64_t>(random.Below(100000)));
  reading->mutable_value()->set_scale(3);
  reading->set_unit("bar");
}

void FillForm(v1::LogEntry& entry, Random& random) {
  v1::FormSubmitted* form = entry.mutable_form_submitted();
  form->set_form_id("annual-inspection");
  form->set_form_version(7);
  for (const char* name : {"flue gas", "burner", "expansion vessel", "safety valve", "thermostat", "condensate"}) {
    v1::FormSubmitted::Field* field = form->add_fields();
    field->set_name(name);
    field->set_value(std::string("as expected, ") + kWords[random.Below(std::size(kWords))] + " " +
                     std::to_string(random.Below(1000)));
  }
}

void FillPosition(v1::GeoFix* fix, Random& random) {
  fix->set_latitude_e7(515000000 + static_cast<int32_t>(random.Below(1000000)));
  fix->set_longitude_e7(-1200000 + static_cast<int32_t>(random.Below(1000000)));
  fix->set_accuracy_m(8);
}

void FillOutcome(v1::LogEntry& entry, Random& random) {
  v1::OutcomeReported* reported = entry.mutable_outcome_reported();
  reported->set_finished(true);
  v1::Outcome* outcome = reported->mutable_outcome();
  outcome->set_code(random.Below(8) == 0 ? v1::OUTCOME_CODE_PARTS_MISSING : v1::OUTCOME_CODE_RESOLVED);
  outcome->mutable_fault()->set_code("F-" + std::to_string(random.Below(20)));
  outcome->mutable_cause()->set_code("wear");
  outcome->mutable_remedy()->set_code("replaced");
  outcome->set_customer_confirms(true);
  outcome->set_summary(NoteText(random));
}

void FillFeedback(v1::LogEntry& entry, Random& random) {
  v1::Feedback* feedback = entry.mutable_feedback_captured()->mutable_feedback();
  feedback->set_survey_id("after-visit");
  feedback->set_survey_version(3);
  feedback->set_language(random.Below(3) == 0 ? "zh" : "en");
  feedback->set_origin(v1::FEEDBACK_ORIGIN_ASKED);
  feedback->set_mode(v1::FEEDBACK_MODE_TECHNICIAN_DEVICE_OPEN);
  const std::pair<v1::QuestionKind, uint32_t> kScales[] = {{v1::QUESTION_KIND_CSAT, 5}, {v1::QUESTION_KIND_CES, 7}};
  for (const auto& [kind, most] : kScales) {
    v1::Answer* answer = feedback->add_answers();
    answer->set_kind(kind);
    answer->set_value(1 + static_cast<uint32_t>(random.Below(most)));
  }
  v1::Answer* words = feedback->add_answers();
  words->set_kind(v1::QUESTION_KIND_TEXT);
  words->set_text(NoteText(random));
}

using Fill = std::function<void(v1::LogEntry&, Random&)>;

void FillNote(v1::LogEntry& entry, Random& random) { entry.mutable_note()->set_text(NoteText(random)); }

void FillPart(v1::LogEntry& entry, Random& random) {
  entry.mutable_part_used()->set_part_number("VS-" + std::to_string(1000 + random.Below(9000)));
  entry.mutable_part_used()->set_quantity_milli(1000);
  entry.mutable_part_used()->set_serial("SN" + std::to_string(random.Below(100000000)));
}

const Fill kVisit[kEntriesPerVisit] = {
    [](v1::LogEntry& e, Random& r) { FillPosition(e.mutable_travel_started()->mutable_position(), r); },
    [](v1::LogEntry& e, Random& r) { FillPosition(e.mutable_arrived()->mutable_position(), r); },
    [](v1::LogEntry& e, Random&) { e.mutable_safety_assessed()->set_safe(true); },
    [](v1::LogEntry& e, Random&) { e.mutable_work_started(); },
    FillNote,
    FillReading,
    FillReading,
    FillNote,
    FillForm,
    FillPart,
    FillNote,
    [](v1::LogEntry& e, Random&) { e.mutable_paused()->set_reason("fetching a part from the van"); },
    [](v1::LogEntry& e, Random&) { e.mutable_resumed(); },
    FillPart,
    FillReading,
    FillNote,
    [](v1::LogEntry& e, Random&) { e.mutable_time_spent()->set_minutes(45); },
    FillFeedback,
    [](v1::LogEntry& e, Random&) { e.mutable_signature_captured()->set_signer("A. Customer"); },
    FillOutcome,
    [](v1::LogEntry& e, Random& r) { FillPosition(e.mutable_departed()->mutable_position(), r); },
};

}  // namespace

std::string Prose(size_t least, size_t most, Random& random) {
  const bool chinese = random.Below(3) == 0;
  const size_t characters = least + random.Below(most - least + 1);
  std::string text;
  for (size_t n = 0; n < characters;) {
    if (chinese) {
      text += kChinese[random.Below(std::size(kChinese))];
      n += 2;
    } else {
      const std::string word = kWords[random.Below(std::size(kWords))];
      text += word + " ";
      n += word.size() + 1;
    }
  }
  return text;
}

std::vector<std::string> VisitEntries(const std::string& visit_id, int64_t start_us, Random& random) {
  std::vector<std::string> entries;
  int64_t at_us = start_us;
  for (const Fill& fill : kVisit) {
    v1::LogEntry entry;
    at_us += int64_t{60000000} + static_cast<int64_t>(random.Below(60000000));
    entry.mutable_time()->set_wall_time_us(at_us);
    entry.mutable_time()->set_utc_offset_s(3600);
    entry.mutable_time()->set_monotonic_us(kMonotonicBaseUs + (at_us - start_us));
    entry.mutable_time()->set_boot_id(kBootId);
    entry.set_visit_id(visit_id);
    fill(entry, random);
    if (HasPersonalText(entry)) entry.set_nonce(random.Bytes(16));
    entries.push_back(entry.SerializeAsString());
  }
  return entries;
}

FrameMaker::FrameMaker(std::string device, std::string technician, uint64_t epoch, const std::string& salt)
    : device_(std::move(device)), technician_(std::move(technician)), epoch_(epoch) {
  SodiumSha256 hasher;
  hash_ = ChainStart(hasher, device_, epoch_, salt);
}

std::vector<std::string> FrameMaker::Frames(const std::vector<std::string>& entries, size_t frame_entries,
                                            int64_t now_us) {
  SodiumSha256 hasher;
  std::vector<std::string> frames;
  for (size_t begin = 0; begin < entries.size(); begin += frame_entries) {
    const size_t end = std::min(entries.size(), begin + frame_entries);
    v1::FrameHeader header;
    header.set_device(device_);
    header.set_epoch(epoch_);
    header.set_first_seq(next_seq_);
    header.set_prev_hash(std::string(AsBytes(hash_)));
    v1::FrameBody body;
    for (size_t i = begin; i < end; ++i) {
      v1::EntryEnvelope* envelope = body.add_entries();
      envelope->set_author(technician_);
      envelope->set_entry(entries[i]);
      hash_ = ChainNext(hasher, hash_, {device_, epoch_, next_seq_++, technician_, 0, 0, entries[i]});
    }
    header.set_last_seq(next_seq_ - 1);
    header.set_head_hash(std::string(AsBytes(hash_)));
    header.set_empties_queue(end == entries.size());
    v1::ClockSample* sample = header.add_clock();
    sample->set_boot_id(kBootId);
    sample->set_wall_time_us(now_us);
    sample->set_monotonic_us(kMonotonicBaseUs + int64_t{40} * 60000000);
    sample->set_server_time_us(now_us);
    const absl::StatusOr<std::string> frame = BuildFrame(std::move(header), body);
    if (!frame.ok()) Fail(frame.status().ToString());
    frames.push_back(*frame);
  }
  return frames;
}

}  // namespace doorstep::benchmarks
