#include "tests/support/field_phone.h"

#include <utility>

#include "client_core/rules/frame_codec.h"
#include "server/openssl_sha256.h"

namespace doorstep::testing {

FieldPhone::FieldPhone(std::string device, uint64_t epoch, std::string salt, std::string author)
    : device_(std::move(device)), epoch_(epoch), author_(std::move(author)) {
  OpensslSha256 hasher;
  hashes_.push_back(ChainStart(hasher, device_, epoch_, salt));
}

uint64_t FieldPhone::Record(v1::LogEntry entry, const std::string& visit, int64_t time_us) {
  entry.set_visit_id(visit);
  entry.mutable_time()->set_wall_time_us(time_us);
  entry.mutable_time()->set_monotonic_us(time_us);
  entry.mutable_time()->set_boot_id("boot");
  v1::EntryEnvelope envelope;
  envelope.set_entry(entry.SerializeAsString());
  return Append(std::move(envelope));
}

uint64_t FieldPhone::RecordBytes(std::string bytes) {
  v1::EntryEnvelope envelope;
  envelope.set_entry(std::move(bytes));
  return Append(std::move(envelope));
}

uint64_t FieldPhone::Rehome(const FieldPhone& from, uint64_t seq) {
  v1::EntryEnvelope envelope = from.envelopes_[seq - 1];
  if (envelope.from_seq() == 0) {
    envelope.set_from_epoch(from.epoch_);
    envelope.set_from_seq(seq);
  }
  return Append(std::move(envelope));
}

std::string FieldPhone::Frame(uint64_t first, uint64_t last, int64_t now_us, bool empties_queue,
                              int64_t clock_error_us) const {
  v1::FrameHeader header;
  header.set_device(device_);
  header.set_epoch(epoch_);
  header.set_first_seq(first);
  header.set_last_seq(last);
  header.set_prev_hash(std::string(AsBytes(hashes_[first - 1])));
  header.set_head_hash(std::string(AsBytes(hashes_[last])));
  header.set_empties_queue(empties_queue);
  v1::ClockSample* sample = header.add_clock();
  sample->set_boot_id("boot");
  sample->set_wall_time_us(now_us);
  sample->set_monotonic_us(now_us);
  sample->set_server_time_us(now_us + clock_error_us);
  v1::FrameBody body;
  for (uint64_t seq = first; seq <= last; ++seq) *body.add_entries() = envelopes_[seq - 1];
  return BuildFrame(std::move(header), body).value();
}

uint64_t FieldPhone::Append(v1::EntryEnvelope envelope) {
  envelope.set_author(author_);
  OpensslSha256 hasher;
  hashes_.push_back(ChainNext(hasher, hashes_.back(),
                              {device_, epoch_, envelopes_.size() + 1, envelope.author(), envelope.from_epoch(),
                               envelope.from_seq(), envelope.entry()}));
  envelopes_.push_back(std::move(envelope));
  return envelopes_.size();
}

v1::LogEntry Arrived() {
  v1::LogEntry entry;
  entry.mutable_arrived();
  return entry;
}

v1::LogEntry WorkStarted() {
  v1::LogEntry entry;
  entry.mutable_work_started();
  return entry;
}

v1::LogEntry Note(const std::string& text) {
  v1::LogEntry entry;
  entry.mutable_note()->set_text(text);
  return entry;
}

v1::LogEntry PartUsed(const std::string& part, int64_t quantity_milli) {
  v1::LogEntry entry;
  entry.mutable_part_used()->set_part_number(part);
  entry.mutable_part_used()->set_quantity_milli(quantity_milli);
  return entry;
}

v1::LogEntry Outcome(v1::OutcomeCode code, const std::string& fault) {
  v1::LogEntry entry;
  v1::OutcomeReported& reported = *entry.mutable_outcome_reported();
  reported.mutable_outcome()->set_code(code);
  if (!fault.empty()) reported.mutable_outcome()->mutable_fault()->set_code(fault);
  reported.set_finished(true);
  return entry;
}

v1::LogEntry Csat(uint32_t value) {
  v1::LogEntry entry;
  v1::Feedback& feedback = *entry.mutable_feedback_captured()->mutable_feedback();
  feedback.set_survey_id("after-visit");
  feedback.set_language("zh");
  feedback.set_mode(v1::FEEDBACK_MODE_TECHNICIAN_DEVICE_SEALED);
  feedback.set_origin(v1::FEEDBACK_ORIGIN_ASKED);
  v1::Answer& answer = *feedback.add_answers();
  answer.set_kind(v1::QUESTION_KIND_CSAT);
  answer.set_value(value);
  return entry;
}

v1::LogEntry Promise(const std::string& id, int64_t due_us) {
  v1::LogEntry entry;
  v1::Commitment& commitment = *entry.mutable_commitment_made()->mutable_commitment();
  commitment.set_id(id);
  commitment.set_text("bring the part");
  commitment.set_due_time_us(due_us);
  return entry;
}

v1::LogEntry Fulfilled(const std::string& id) {
  v1::LogEntry entry;
  entry.mutable_commitment_fulfilled()->set_commitment_id(id);
  entry.mutable_commitment_fulfilled()->set_state(v1::COMMITMENT_STATE_KEPT);
  return entry;
}

v1::LogEntry Retract(const v1::JournalPosition& target) {
  v1::LogEntry entry;
  *entry.mutable_retraction()->mutable_target() = target;
  return entry;
}

}  // namespace doorstep::testing
